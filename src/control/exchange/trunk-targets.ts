import type { TrunkTarget } from "./trunk.ts";

export interface TargetHealthOptions {
  /** Probes in a row without an answer after which a target is down. */
  readonly failuresToDown: number;
  /** Answered probes in a row after which a target that was down is up. */
  readonly successesToUp: number;
  /** How long a target that failed is tried last, unless it is heard again before. */
  readonly holdDownMs: number;
}

export const defaultTargetHealth = {
  failuresToDown: 2,
  successesToUp: 1,
  holdDownMs: 30_000,
} as const satisfies TargetHealthOptions;

/** What became of one try of a target: of a probe, or of a call. */
export interface TargetReport {
  readonly by: "probe" | "call";
  readonly ok: boolean;
}

/** How one target does: up, down or unknown, by probes and calls. Time is monotonic ms. */
export class TargetHealth {
  readonly #options: TargetHealthOptions;
  #state: "unknown" | "up" | "down" = "unknown";
  /** Probes of one outcome in a row. */
  #failures = 0;
  #successes = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(options: TargetHealthOptions = defaultTargetHealth) {
    this.#options = options;
  }

  /** `down` only while it is tried last: when the time is over nobody knows. */
  stateAt(now: number): "unknown" | "up" | "down" {
    return this.#state === "down" && !this.isHeldDown(now) ? "unknown" : this.#state;
  }

  /** Whether it is tried only when all others have failed. */
  isHeldDown(now: number): boolean {
    return now < this.#heldUntil;
  }

  /** `nextProbeMs`: when a probe will tell again; a target that does not answer stays held until after that. */
  report({ by, ok }: TargetReport, now: number, nextProbeMs = 0): void {
    const { failuresToDown, successesToUp, holdDownMs } = this.#options;
    this.#failures = ok ? 0 : this.#failures + 1;
    this.#successes = ok ? this.#successes + 1 : 0;
    if (ok) {
      // A call that got through is proof; a probe may be luck.
      if (this.#state === "down" && by === "probe" && this.#successes < successesToUp) return;
      this.#state = "up";
      this.#heldUntil = Number.NEGATIVE_INFINITY;
    } else if (by === "call" || this.#state === "down" || this.#failures >= failuresToDown) {
      this.#state = "down";
      this.#heldUntil = now + Math.max(holdDownMs, 2 * nextProbeMs);
    }
  }
}

/**
 * Targets in the order to try: by priority, and within one by chance in the proportion of the weights, as RFC 2782 has it;
 * then, in the same order, those held down. `random` gives 0 to below 1.
 */
export function orderTargets(
  targets: readonly TrunkTarget[],
  isHeldDown: (target: TrunkTarget) => boolean,
  random: () => number,
): readonly TrunkTarget[] {
  const held = targets.filter(isHeldDown);
  const good = targets.filter((target) => !held.includes(target));
  return [...byPriority(good, random), ...byPriority(held, random)];
}

function byPriority(targets: readonly TrunkTarget[], random: () => number): TrunkTarget[] {
  const left = [...targets].sort((a, b) => a.priority - b.priority);
  const ordered: TrunkTarget[] = [];
  while (left.length > 0) {
    const end = left.findIndex(({ priority }) => priority !== left[0]!.priority);
    const group = end < 0 ? left : left.slice(0, end);
    const picked = pick(group, random());
    ordered.push(picked);
    left.splice(left.indexOf(picked), 1);
  }
  return ordered;
}

/** One of the group, in the proportion of the weights; `chance` is 0 to below 1. */
function pick(group: readonly TrunkTarget[], chance: number): TrunkTarget {
  let rest = chance * group.reduce((sum, { weight }) => sum + weight, 0);
  for (const target of group) {
    rest -= target.weight;
    if (rest < 0) return target;
  }
  return group[0]!;
}

/** Whether a call goes on to the next target after this final status: the far end failed, rather than said no. */
export function failsOver(status: number): boolean {
  return status === 408 || (status >= 500 && status <= 599);
}

/** Statuses of OPTIONS by which a far end, or the proxy before it, says that it cannot work. */
const unwell: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

/** Whether an answer to OPTIONS shows a far end that works; a refusal shows it as well as a 200 (RFC 3261 §11.2). */
export function answersProbe(status: number): boolean {
  return !unwell.has(status);
}

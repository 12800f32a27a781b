/** What is to be done about a probe: send one, or give one up. */
export type ProbeOrder =
  | { readonly type: "probe"; readonly key: string; readonly serial: number }
  | { readonly type: "unanswered"; readonly key: string };

interface Probe {
  everyMs: number;
  nextAt: number;
  /** The probe that is under way; a later answer to an earlier one does not count. */
  serial: number;
  /** Until when its answer counts; undefined: none is awaited. */
  answerBy: number | undefined;
}

/** How long the answer to a probe is waited for; shorter than a transaction, so that the dead are known soon. */
export const probeAnswerMs = 5000;

/** When each of many far ends is to be probed. Time is monotonic ms; `random` gives 0 to below 1. */
export class ProbeSchedule {
  readonly #probes = new Map<string, Probe>();
  readonly #random: () => number;
  #serial = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** When `due` wants to be called next; undefined: never. */
  get deadline(): number | undefined {
    let next: number | undefined;
    for (const { nextAt, answerBy } of this.#probes.values()) {
      const at = Math.min(nextAt, answerBy ?? nextAt);
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  /** Makes these the far ends that are probed; those known keep their time, new ones come within a second. */
  replace(wanted: ReadonlyMap<string, { readonly everyMs: number }>, now: number): void {
    for (const key of [...this.#probes.keys()]) if (!wanted.has(key)) this.#probes.delete(key);
    for (const [key, { everyMs }] of wanted) {
      const probe = this.#probes.get(key);
      // At random, so that not all go out at once.
      const soon = now + Math.min(everyMs, 1000) * this.#random();
      if (probe === undefined) this.#probes.set(key, { everyMs, nextAt: soon, serial: 0, answerBy: undefined });
      else {
        probe.nextAt = Math.min(probe.nextAt, now + everyMs);
        probe.everyMs = everyMs;
      }
    }
  }

  /** What is due now. */
  due(now: number): readonly ProbeOrder[] {
    const orders: ProbeOrder[] = [];
    for (const [key, probe] of this.#probes) {
      if (probe.answerBy !== undefined && probe.answerBy <= now) {
        probe.answerBy = undefined;
        orders.push({ type: "unanswered", key });
      }
      if (probe.nextAt > now || probe.answerBy !== undefined) continue;
      probe.serial = ++this.#serial;
      probe.answerBy = now + probeAnswerMs;
      probe.nextAt = now + Math.max(probe.everyMs, probeAnswerMs);
      orders.push({ type: "probe", key, serial: probe.serial });
    }
    return orders;
  }

  /** Notes an answer; false when it comes too late, or to nobody's question. */
  answered(key: string, serial: number): boolean {
    const probe = this.#probes.get(key);
    if (probe === undefined || probe.serial !== serial || probe.answerBy === undefined) return false;
    probe.answerBy = undefined;
    return true;
  }
}

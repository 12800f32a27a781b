import { performance } from "node:perf_hooks";
import type { CallResult } from "../../bench/sim/twilio-phone.ts";
import type { Json, TestGateway } from "./gateway.ts";

/** A process that stood still for so long may be why sound has a gap: less is bridged by what is sent ahead. */
const stallMs = 100;
const lookEveryMs = 10;
const askEveryMs = 250;

/** A call as its telephone measured it and as the gateway wrote it down. */
interface JudgedCall {
  readonly result: Pick<CallResult, "underruns">;
  readonly record: Json;
}

/**
 * Notices when a process of the test stands still: this one, in which telephones and providers are simulated, and the
 * gateway's media processes, by what they tell of their ticks. A busy machine does that, and what it does to the sound is
 * not the gateway's doing. On a machine that has time for us no gap is forgiven.
 */
export class StallWatch {
  readonly #gateway: TestGateway;
  readonly #looking: NodeJS.Timeout;
  readonly #asking: NodeJS.Timeout;
  #answer: Promise<void> | undefined;
  #lookedAt = performance.now();
  #stalls = 0;
  #longestMs = 0;
  /** Late ticks each media process told of last. */
  #lateTicks = new Map<string, number>();

  private constructor(gateway: TestGateway) {
    this.#gateway = gateway;
    this.#looking = setInterval(() => this.#look(), lookEveryMs);
    // From time to time, since a process that dies takes its counts along.
    this.#asking = setInterval(() => void this.#ask().catch(() => {}), askEveryMs);
  }

  /** Begins to watch, when everything has started and before the first call. */
  static async begin(gateway: TestGateway): Promise<StallWatch> {
    const watch = new StallWatch(gateway);
    await watch.#ask();
    watch.#stalls = 0;
    watch.#longestMs = 0;
    return watch;
  }

  /** What was seen so far: how often a process stood still, and the longest this one did, in ms. */
  async seen(): Promise<{ readonly stalls: number; readonly longestMs: number }> {
    // Twice, since an answer on its way may be older than the calls' end. One that was stopped has told what it had to.
    for (let times = 0; times < 2; times++) await this.#ask().catch(() => {});
    this.#look();
    return { stalls: this.#stalls, longestMs: this.#longestMs };
  }

  /** Calls whose telephone heard gaps, or whose record tells of underruns, that no stall explains. */
  async unexplained(calls: readonly JudgedCall[]): Promise<readonly string[]> {
    const { stalls } = await this.seen();
    return calls.flatMap(({ result, record }) => {
      const gaps = result.underruns.length;
      const underruns = Number(record.stats.underruns);
      if (Math.max(gaps, underruns) <= stalls) return [];
      return [`${gaps} gaps at the telephone, ${underruns} underruns at the gateway, ${stalls} stalls`];
    });
  }

  close(): void {
    clearInterval(this.#looking);
    clearInterval(this.#asking);
  }

  #look(): void {
    const now = performance.now();
    const stoodMs = now - this.#lookedAt - lookEveryMs;
    this.#lookedAt = now;
    if (stoodMs < stallMs) return;
    this.#stalls++;
    this.#longestMs = Math.max(this.#longestMs, stoodMs);
  }

  #ask(): Promise<void> {
    this.#answer ??= this.#read().finally(() => {
      this.#answer = undefined;
    });
    return this.#answer;
  }

  async #read(): Promise<void> {
    const text = await (await fetch(`${this.#gateway.httpUrl}/metrics`)).text();
    const late = new Map<string, number>();
    const add = (process: string, ticks: number) => late.set(process, (late.get(process) ?? 0) + ticks);
    for (const [, labels = "", ticks] of text.matchAll(/^tandem_tick_late_seconds_count\{(.*)\} (\d+)$/gm)) {
      add(processIn(labels), Number(ticks));
    }
    for (const [, labels = "", ticks] of text.matchAll(/^tandem_tick_late_seconds_bucket\{(.*)\} (\d+)$/gm)) {
      if (labels.includes(`le="${stallMs / 1000}"`)) add(processIn(labels), -Number(ticks));
    }
    for (const [process, ticks] of late) {
      const before = this.#lateTicks.get(process) ?? 0;
      this.#stalls += ticks < before ? ticks : ticks - before;
      this.#lateTicks.set(process, ticks);
    }
  }
}

function processIn(labels: string): string {
  return /process="([^"]*)"/.exec(labels)?.[1] ?? "";
}

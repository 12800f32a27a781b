import { type ProbabilityListener, SileroStream, sileroInputSamples } from "../silero-stream.ts";
import { defaultSileroThreadOptions, SileroThread, type SileroThreadOptions } from "./silero-thread.ts";
import { maxSileroRows } from "./silero-worker.ts";

/** What a batcher did so far. */
export interface SileroStats {
  readonly runs: number;
  readonly windows: number;
  /** Windows that came faster than they could be judged. */
  readonly droppedWindows: number;
  readonly failedRuns: number;
  /** Threads that died and were replaced. */
  readonly restarts: number;
}

export interface SileroOptions extends SileroThreadOptions {
  /** A run that takes longer leaves the calls to their cheap tier until it is done. */
  readonly overdueMs: number;
}

export const defaultSileroOptions = {
  ...defaultSileroThreadOptions,
  overdueMs: 1_000,
} as const satisfies SileroOptions;

/** What a batcher tells. */
export interface SileroEvents {
  /** A run failed, or the thread died. */
  fault(error: Error): void;
  restarted(): void;
}

const nobody: SileroEvents = { fault: () => {}, restarted: () => {} };

/**
 * The Silero VAD, batched over all calls of the process: one run judges one window of every call that has one, in a
 * thread of its own. At most one run is under way; meanwhile windows wait in their streams.
 */
export class SileroBatcher {
  readonly #events: SileroEvents;
  readonly #overdueMs: number;
  readonly #thread: SileroThread;
  readonly #streams: SileroStream[] = [];
  /** Rows of the run under way, and each stream's epoch when it was gathered. */
  readonly #rows: (SileroStream | undefined)[] = new Array(maxSileroRows).fill(undefined);
  readonly #epochs = new Int32Array(maxSileroRows);
  readonly #stats = { runs: 0, windows: 0, droppedWindows: 0, failedRuns: 0, restarts: 0 };
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #nextStream = 0;
  #rowCount = 0;
  #runningSince: number | undefined;
  #down = false;
  #closed = false;

  private constructor(events: SileroEvents, options: SileroOptions) {
    this.#events = events;
    this.#overdueMs = options.overdueMs;
    this.#thread = new SileroThread(
      {
        judged: () => this.#finish(),
        failed: (error) => this.#fail(error),
        died: (error) => this.#died(error),
        restarted: () => this.#restarted(),
      },
      options,
    );
  }

  /** Starts the thread with model and runtime. Rejects with what to do about it. */
  static async load(events: SileroEvents = nobody, options: Partial<SileroOptions> = {}): Promise<SileroBatcher> {
    const batcher = new SileroBatcher(events, { ...defaultSileroOptions, ...options });
    try {
      await batcher.#thread.start();
      return batcher;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `the neural VAD cannot be loaded (${reason}); run "npm ci" again with optional and native packages allowed`,
        { cause },
      );
    }
  }

  get stats(): SileroStats {
    return this.#stats;
  }

  /** A run is under way. */
  get busy(): boolean {
    return this.#runningSince !== undefined;
  }

  /** Nobody judges at present: the thread has died, or does not answer. */
  get down(): boolean {
    return this.#down;
  }

  /** A stream for one call's caller. */
  open(onProbability: ProbabilityListener): SileroStream {
    if (this.#closed) throw new Error("the Silero batcher is closed");
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    const stream: SileroStream = new SileroStream({
      onProbability,
      slot,
      down: () => this.#down,
      dropped: () => {
        this.#stats.droppedWindows += 1;
      },
      closed: () => {
        this.#streams.splice(this.#streams.indexOf(stream), 1);
        this.#freeSlots.push(slot);
      },
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Has the full windows of all streams judged; results come a moment later. Nothing happens while a run is under way. */
  tick(): void {
    if (this.#closed) return;
    if (this.#runningSince !== undefined) {
      if (performance.now() - this.#runningSince > this.#overdueMs) this.#goDown();
      return;
    }
    if (this.#down) return;
    let full = 0;
    for (const stream of this.#streams) if (stream.full) full += 1;
    if (full === 0) return;
    this.#rowCount = this.#gather(rowsOfRun(full));
    this.#runningSince = performance.now();
    this.#thread.judge(this.#rowCount);
  }

  /** Closes all streams and ends the thread. Twice is fine. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.close();
    await this.#thread.close();
  }

  /** Moves one window of each full stream into the shared memory, up to `limit`; the count of them. */
  #gather(limit: number): number {
    const { slots, fresh, input } = this.#thread.memory;
    let row = 0;
    const count = this.#streams.length;
    // Begins where the last run ended, so that a full house is served in turn.
    for (let i = 0; i < count && row < limit; i += 1) {
      const stream = this.#streams[(this.#nextStream + i) % count]!;
      if (!stream.full) continue;
      fresh[row] = stream.take(input, row * sileroInputSamples) ? 1 : 0;
      slots[row] = stream.slot;
      this.#rows[row] = stream;
      this.#epochs[row] = stream.epoch;
      row += 1;
      if (row === limit) this.#nextStream = (this.#nextStream + i + 1) % count;
    }
    return row;
  }

  #finish(): void {
    this.#runningSince = undefined;
    this.#stats.runs += 1;
    this.#stats.windows += this.#rowCount;
    const { output } = this.#thread.memory;
    for (let row = 0; row < this.#rowCount; row += 1) {
      const stream = this.#rows[row];
      this.#rows[row] = undefined;
      // Reset or closed meanwhile: nobody wants to know.
      if (stream?.epoch === this.#epochs[row]) stream?.judged(output[row]!);
    }
    // An answer that was overdue: here we are again.
    this.#down = false;
    this.tick();
  }

  #fail(error: Error): void {
    this.#runningSince = undefined;
    this.#down = false;
    this.#rows.fill(undefined);
    this.#stats.failedRuns += 1;
    this.#events.fault(error);
  }

  #died(error: Error): void {
    this.#runningSince = undefined;
    this.#rows.fill(undefined);
    this.#goDown();
    this.#events.fault(error);
  }

  #restarted(): void {
    this.#down = false;
    this.#stats.restarts += 1;
    this.#events.restarted();
  }

  /** What the streams had is of no use any more: the calls go on with their cheap tier. */
  #goDown(): void {
    if (this.#down) return;
    this.#down = true;
    for (const stream of this.#streams) stream.reset();
  }
}

/** How many of that many windows go in one run: the power of two below when that is nearly all, else all of them. */
function rowsOfRun(full: number): number {
  let size = 1;
  while (size < full && size < maxSileroRows) size *= 2;
  // A run is as long as the next power of two: 33 windows go as 32 and 1.
  if (size > full && full <= size * 0.75) size /= 2;
  return Math.min(full, size);
}

/** How the far end's clock is read. */
export interface PlayoutClockOptions {
  readonly bytesPerMs: number;
  readonly sampleBytes: 1 | 2;
  /** The far end echoes marks. False: what was sent counts as heard. */
  readonly marks: boolean;
  /** A mark this late after it was due will not come: wall time alone is the estimate from then on. */
  readonly markTimeoutMs: number;
}

/** What an echoed mark was worth. `flushed`: of a generation that was cleared; it was not played. */
export type MarkEcho = "played" | "flushed" | "unknown";

/** Marks remembered while their echo is out; the oldest is forgotten first. */
const maxMarksOut = 256;
const markName = /^g(\d{1,9}):(\d{1,9})$/;

/**
 * Where the far end is in what we sent it, as far as that can be known. It plays at real speed from the moment bytes
 * arrive, so nothing is heard before its time (`playable`); an echoed mark proves what was; between marks wall time
 * fills in, never past the next mark that is still out.
 *
 * Positions are bytes since the last clear. Each clear begins a new generation, because carriers echo flushed marks like
 * played ones; a mark is named `g<generation>:<seq>`.
 */
export class PlayoutClock {
  readonly #options: PlayoutClockOptions;
  #generation = 1;
  #sentBytes = 0;
  #heardBytes = 0;
  /** Runs of gapless play: position of each one's first byte, and monotonic ms when it began. */
  readonly #runBytes: number[] = [];
  readonly #runAt: number[] = [];
  /** Positions of the marks that are out, at `seq % maxMarksOut`. */
  readonly #markBytes = new Float64Array(maxMarksOut);
  #nextSeq = 0;
  #nextEchoSeq = 0;
  #lastMarkBytes = 0;
  #echoedBytes = 0;
  #echoedAt = Number.NEGATIVE_INFINITY;
  #blind = false;
  #markTimeouts = 0;

  constructor(options: PlayoutClockOptions) {
    this.#options = options;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Bytes sent after the last mark. */
  get unmarkedBytes(): number {
    return this.#sentBytes - this.#lastMarkBytes;
  }

  /** True while the far end may hold audio that it has not proven to have played. */
  get inFlight(): boolean {
    return this.#options.marks && this.#echoedBytes < this.#sentBytes;
  }

  /** How often echoes stopped coming. */
  get markTimeouts(): number {
    return this.#markTimeouts;
  }

  /** Monotonic ms at which the far end has nothing left to play; undefined before the first byte. */
  get dryAt(): number | undefined {
    const last = this.#runAt.length - 1;
    if (last < 0) return undefined;
    return (this.#runAt[last] ?? 0) + this.#toMs(this.#sentBytes - (this.#runBytes[last] ?? 0));
  }

  /** Notes bytes that go out now. */
  sent(bytes: number, now: number): void {
    const { dryAt } = this;
    if (dryAt === undefined || now > dryAt) {
      this.#runBytes.push(this.#sentBytes);
      this.#runAt.push(now);
    }
    this.#sentBytes += bytes;
  }

  /** The name of a mark for the position sent so far. */
  mark(): string {
    this.#markBytes[this.#nextSeq % maxMarksOut] = this.#sentBytes;
    this.#lastMarkBytes = this.#sentBytes;
    const name = `g${this.#generation}:${this.#nextSeq}`;
    this.#nextSeq += 1;
    if (this.#nextSeq - this.#nextEchoSeq > maxMarksOut) this.#nextEchoSeq += 1;
    return name;
  }

  /** A mark came back. Of one generation they come in order, so a later one stands for those before it. */
  echo(name: string, now: number): MarkEcho {
    const parts = markName.exec(name);
    if (!parts) return "unknown";
    const generation = Number(parts[1]);
    const seq = Number(parts[2]);
    if (generation < this.#generation) return "flushed";
    if (generation > this.#generation || seq >= this.#nextSeq || seq < this.#nextEchoSeq) return "unknown";
    this.#nextEchoSeq = seq + 1;
    this.#echoedBytes = this.#markBytes[seq % maxMarksOut] ?? 0;
    this.#echoedAt = now;
    this.#blind = false;
    return "played";
  }

  /** Bytes a far end without any delay would have played by now: the upper bound of what can have been heard. */
  playable(now: number): number {
    const last = this.#runAt.length - 1;
    if (last < 0) return 0;
    const elapsed = this.#toBytes(now - (this.#runAt[last] ?? now));
    return Math.min(this.#sentBytes, (this.#runBytes[last] ?? 0) + elapsed);
  }

  /** Bytes heard by now: whole samples, never fewer than before. */
  heard(now: number): number {
    const { marks } = this.#options;
    this.#heardBytes = Math.max(this.#heardBytes, marks ? this.#estimate(now) : this.#sentBytes);
    return this.#heardBytes;
  }

  /** Monotonic ms at which the byte at a position began to play, at the earliest. */
  startMs(position: number): number {
    const run = this.#runOf(position);
    return (this.#runAt[run] ?? 0) + this.#toMs(position - (this.#runBytes[run] ?? 0));
  }

  /** First position after the run of gapless play that holds `position`. */
  runEnd(position: number): number {
    return this.#runBytes[this.#runOf(position) + 1] ?? this.#sentBytes;
  }

  /** Nothing before this position will be asked for any more. */
  forget(position: number): void {
    while (this.#runBytes.length > 1 && (this.#runBytes[1] ?? 0) <= position) {
      this.#runBytes.shift();
      this.#runAt.shift();
    }
  }

  /** The far end was cleared: nothing is on its way, echoes of before mean nothing. One that does not echo stays so. */
  restart(): void {
    this.#generation += 1;
    this.#sentBytes = 0;
    this.#heardBytes = 0;
    this.#runBytes.length = 0;
    this.#runAt.length = 0;
    this.#nextSeq = 0;
    this.#nextEchoSeq = 0;
    this.#lastMarkBytes = 0;
    this.#echoedBytes = 0;
    this.#echoedAt = Number.NEGATIVE_INFINITY;
  }

  #estimate(now: number): number {
    const playable = this.playable(now);
    if (this.#blind || this.#goesBlind(now)) return playable;
    const nextMark = this.#nextMarkBytes() ?? this.#sentBytes;
    const sinceEcho = this.#echoedBytes + this.#toBytes(now - this.#echoedAt);
    return Math.min(playable, nextMark, sinceEcho);
  }

  #goesBlind(now: number): boolean {
    const next = this.#nextMarkBytes();
    if (next === undefined) return false;
    const dueAt = this.startMs(next - 1);
    if (now - Math.max(dueAt, this.#echoedAt) <= this.#options.markTimeoutMs) return false;
    this.#blind = true;
    this.#markTimeouts += 1;
    return true;
  }

  #nextMarkBytes(): number | undefined {
    return this.#nextEchoSeq < this.#nextSeq ? this.#markBytes[this.#nextEchoSeq % maxMarksOut] : undefined;
  }

  #runOf(position: number): number {
    let run = this.#runBytes.length - 1;
    while (run > 0 && (this.#runBytes[run] ?? 0) > position) run -= 1;
    return run;
  }

  /** Whole samples; the small addend keeps 19.999… ms from losing one. */
  #toBytes(ms: number): number {
    const { bytesPerMs, sampleBytes } = this.#options;
    return Math.floor((ms * bytesPerMs) / sampleBytes + 1e-6) * sampleBytes;
  }

  #toMs(bytes: number): number {
    return bytes / this.#options.bytesPerMs;
  }
}

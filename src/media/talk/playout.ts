import { bytesPerMs, frameMs, silenceByte } from "../../codecs/format.ts";
import type { TimedWord } from "../ai/session.ts";
import { type MarkEcho, PlayoutClock } from "./playout-clock.ts";
import { PlayoutGaps } from "./playout-gaps.ts";
import type { PlayoutItem } from "./playout-item.ts";
import { PlayoutItems } from "./playout-items.ts";
import {
  defaultPlayoutOptions,
  type InterruptedItem,
  type ItemPosition,
  type PlayoutCounts,
  type PlayoutNews,
  type PlayoutOptions,
  type PlayoutSink,
  type RestoredItem,
} from "./playout-news.ts";
import { PlayoutQueue } from "./playout-queue.ts";

export * from "./playout-news.ts";

/** Frames of the longest message, sent while catching up. */
const maxMessageFrames = 5;

/**
 * The playout ledger: the truth about what was heard. Agent audio enters with its response and item, leaves for the leg a
 * little ahead of the ear, and is heard when the far end proves it (`playout-clock.ts`).
 *
 * What it promises, and to what precision, on a leg with marks:
 * - A byte counts as heard at most one mark interval before the far end played it, and never before its time.
 * - On a clear, up to one network round trip of audio may have been played that does not count as heard, because neither
 *   the echo nor the clear had arrived. It is said again on resume. With no delay the position is exact to the sample.
 * - Each byte is reported to `PlayoutSink.heard` once, in order; nothing is reported that was cleared.
 *
 * Constant-rate encodings only. One per call; `tick` and `push` allocate nothing in the steady state but mark names.
 */
export class Playout {
  readonly #options: PlayoutOptions;
  readonly #bytesPerMs: number;
  readonly #frameBytes: number;
  readonly #clock: PlayoutClock;
  readonly #items: PlayoutItems;
  readonly #gaps: PlayoutGaps;
  readonly #queue: PlayoutQueue;
  /** What an interruption left unheard, until it is known whether it will be said. */
  readonly #kept: PlayoutQueue;
  /** Uint8Array of 1, 2, … `maxMessageFrames` frames: the payload of a message, and what was heard. */
  readonly #payloads: readonly Uint8Array[];
  /** Bytes reported as heard since the last clear. */
  #reportedBytes = 0;
  #paused = false;
  #lastSentAt = 0;
  #unknownMarks = 0;
  #stalePushes = 0;
  #overflows = 0;

  constructor(options: Pick<PlayoutOptions, "format" | "marks"> & Partial<PlayoutOptions>) {
    this.#options = { ...defaultPlayoutOptions, ...options };
    const { format, marks, markTimeoutMs } = this.#options;
    this.#bytesPerMs = bytesPerMs(format);
    this.#frameBytes = this.#bytesPerMs * frameMs;
    const sampleBytes = format.encoding === "l16" ? 2 : 1;
    this.#clock = new PlayoutClock({ bytesPerMs: this.#bytesPerMs, sampleBytes, marks, markTimeoutMs });
    this.#items = new PlayoutItems(this.#bytesPerMs, sampleBytes);
    this.#gaps = new PlayoutGaps(marks);
    const listener = {
      itemSent: (item: PlayoutItem, now: number) => this.#items.started(item, now),
      itemHeard: (item: PlayoutItem) => this.#items.settle(item),
    };
    this.#queue = new PlayoutQueue(silenceByte(format), listener);
    this.#kept = new PlayoutQueue(silenceByte(format), listener);
    this.#payloads = Array.from({ length: maxMessageFrames }, (_, n) => new Uint8Array((n + 1) * this.#frameBytes));
  }

  /** Nothing unheard, no rest kept, and no item that may still bring audio. */
  get idle(): boolean {
    return this.#queue.unheardBytes === 0 && this.#kept.unheardBytes === 0 && !this.#items.anyOpen;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get counts(): PlayoutCounts {
    return {
      markTimeouts: this.#clock.markTimeouts,
      unknownMarks: this.#unknownMarks,
      stalePushes: this.#stalePushes,
      overflows: this.#overflows,
    };
  }

  /**
   * Takes agent audio in the leg's encoding, any length; the bytes are copied. `stale`: its response was interrupted for
   * good, or its item is over. `overflow`: no room, and all of it was refused.
   */
  push(responseId: string, itemId: string, audio: Uint8Array, now: number): "queued" | "stale" | "overflow" {
    const response = this.#items.response(responseId);
    const known = this.#items.item(itemId);
    if (response.state === "stale" || response.closed || known?.done) {
      this.#stalePushes += 1;
      return "stale";
    }
    const unheardBytes = this.#queue.unheardBytes + this.#kept.unheardBytes + audio.length;
    const fits = unheardBytes <= this.#options.maxBufferedMs * this.#bytesPerMs;
    const item = fits ? (known ?? this.#items.create(response, itemId)) : undefined;
    if (!item) {
      this.#overflows += 1;
      return "overflow";
    }
    const queue = response.state === "kept" ? this.#kept : this.#queue;
    queue.add(item, item.append(audio));
    if (queue === this.#queue && this.#frameWaits) this.#gaps.waits(true, now);
    return "queued";
  }

  /** Words of an item, in order; they may come before its audio. */
  addText(itemId: string, delta: string, words?: readonly TimedWord[]): void {
    this.#items.addText(itemId, delta, words);
  }

  /** No more audio will come for this item. */
  endItem(itemId: string): void {
    this.#items.endItem(itemId);
  }

  /** No more will come of this response. `complete` false: it was cut short, and its text may say more than its audio. */
  endResponse(responseId: string, complete = true): void {
    this.#items.endResponse(responseId, complete);
  }

  /** Nothing more of this response is wanted: what comes from now on is stale. What is queued plays. */
  discardResponse(responseId: string): void {
    this.#items.response(responseId).closed = true;
    this.endResponse(responseId, false);
  }

  /** To be called every 20 ms: reports what was heard, and sends what is due. */
  tick(now: number, sink: PlayoutSink): void {
    this.#hear(now, sink, false);
    if (this.#paused) return;
    const dueBytes = this.#dueBytes(now);
    // Nothing due: we wait for a far end that has stalled itself.
    const gap = dueBytes >= this.#frameBytes && this.#gaps.check(this.#clock.dryAt, this.#queue.nextItem, now);
    if (gap) this.#items.tell(gap);
    this.#send(dueBytes, now, sink);
    if (!this.#options.marks) this.#hear(now, sink, false);
  }

  /** A mark came back from the far end. */
  onMark(name: string, now: number): MarkEcho {
    const echo = this.#clock.echo(name, now);
    if (echo === "unknown") this.#unknownMarks += 1;
    return echo;
  }

  /** Silence at once: the far end is cleared, and what it had not played is sent again on resume. */
  pause(now: number, sink: PlayoutSink): void {
    if (this.#paused) return;
    this.#flush(now, sink);
    this.#paused = true;
  }

  /** Goes on from the exact sample. */
  resume(now: number): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#gaps.restart();
    this.#gaps.waits(this.#frameWaits, now);
  }

  /**
   * The agent lost the floor: the far end is cleared, and everything unheard is kept aside until `restore` or
   * `discardKept`. Returns the items that were not heard to their end, in order. Ends a pause.
   */
  interrupt(now: number, sink: PlayoutSink): InterruptedItem[] {
    this.discardKept();
    this.#flush(now, sink);
    this.#paused = false;
    this.#kept.putNext(this.#queue.takeRest());
    return this.#items.keep();
  }

  /**
   * The interruption was none: what was kept is next to be sent. The replies it belongs to were called off, so what is
   * here is all there will be. Returns the words that will be heard after all.
   */
  restore(now: number): RestoredItem[] {
    this.#queue.putNext(this.#kept.takeRest());
    if (this.#frameWaits) this.#gaps.waits(true, now);
    return this.#items.restoreKept();
  }

  /** The interruption was real: what was kept is forgotten, and its responses are stale. */
  discardKept(): void {
    this.#kept.takeRest();
    this.#items.discardKept();
  }

  /** How far an item got; undefined when it had no audio or was long ago. */
  item(itemId: string): ItemPosition | undefined {
    const item = this.#items.item(itemId);
    if (!item) return undefined;
    const { heardMs, receivedMs, heardText, startedAtMs, done } = item;
    return { heardMs, receivedMs, heardText, startedAtMs, done };
  }

  /** Audio that waits or is on its way to the ear; what is kept aside does not count. */
  unheardMs(now: number): number {
    const unreported = this.#clock.heard(now) - this.#reportedBytes;
    return (this.#queue.unheardBytes - unreported) / this.#bytesPerMs;
  }

  /** What happened since the last call. */
  takeNews(): readonly PlayoutNews[] {
    return this.#items.takeNews();
  }

  /** A whole frame waits to be sent. */
  get #frameWaits(): boolean {
    return this.#queue.unsentBytes >= this.#frameBytes;
  }

  /** How much may be sent now without being too far ahead of the ear. */
  #dueBytes(now: number): number {
    const { marks, leadMs, maxUnprovenMs } = this.#options;
    // Without a buffer at the far end a burst would only be thrown away: one frame a tick, whatever was missed.
    if (!marks) return this.#frameBytes;
    const { sentBytes } = this.#clock;
    const lead = this.#clock.playable(now) + leadMs * this.#bytesPerMs - sentBytes;
    const proof = this.#clock.heard(now) + (leadMs + maxUnprovenMs) * this.#bytesPerMs - sentBytes;
    return Math.min(lead, proof);
  }

  #send(dueBytes: number, now: number, sink: PlayoutSink): void {
    const { marks, markEveryMs } = this.#options;
    const markEveryBytes = markEveryMs * this.#bytesPerMs;
    let frames = Math.floor(dueBytes / this.#frameBytes);
    while (frames > 0 && (this.#frameWaits || this.#fillLastFrame())) {
      const whole = Math.floor(this.#queue.unsentBytes / this.#frameBytes);
      const toMark = Math.max(1, Math.ceil((markEveryBytes - this.#clock.unmarkedBytes) / this.#frameBytes));
      const count = Math.min(frames, whole, toMark, maxMessageFrames);
      const payload = this.#payloads[count - 1] as Uint8Array;
      const itemEnded = this.#queue.send(payload, now);
      sink.audio(payload);
      this.#clock.sent(payload.length, now);
      this.#lastSentAt = now;
      this.#gaps.sent();
      frames -= count;
      if (marks && (itemEnded || this.#clock.unmarkedBytes >= markEveryBytes)) sink.mark(this.#clock.mark());
    }
    if (!this.#frameWaits) this.#gaps.waits(false, now);
    if (marks && this.#clock.unmarkedBytes > 0 && this.#isLastForNow(now)) sink.mark(this.#clock.mark());
  }

  /** Silence for the rest of a frame, only after the last item that is here has ended. */
  #fillLastFrame(): boolean {
    const { unsentBytes, lastItem } = this.#queue;
    if (unsentBytes === 0 || !lastItem?.ended) return false;
    this.#queue.addSilence(this.#frameBytes - unsentBytes);
    return true;
  }

  /** No mark will follow what was sent: its item has ended, or nothing came for a mark's time. */
  #isLastForNow(now: number): boolean {
    if (this.#queue.unsentBytes > 0) return false;
    return this.#queue.lastItem?.ended === true || now - this.#lastSentAt >= this.#options.markEveryMs;
  }

  /** Reports what was heard since: in whole frames, or, before a clear, to the sample. */
  #hear(now: number, sink: PlayoutSink, toTheSample: boolean): void {
    const heard = this.#clock.heard(now);
    for (;;) {
      const bytes = Math.min(heard, this.#clock.runEnd(this.#reportedBytes)) - this.#reportedBytes;
      const frames = Math.min(Math.floor(bytes / this.#frameBytes), maxMessageFrames);
      if (frames > 0) this.#report(this.#payloads[frames - 1] as Uint8Array, sink);
      else if (toTheSample && bytes > 0) this.#report((this.#payloads[0] as Uint8Array).subarray(0, bytes), sink);
      else break;
    }
    this.#clock.forget(this.#reportedBytes);
  }

  #report(payload: Uint8Array, sink: PlayoutSink): void {
    const { marks, farBufferMs } = this.#options;
    const atMs = this.#clock.startMs(this.#reportedBytes) + (marks ? 0 : farBufferMs);
    this.#queue.hear(payload, atMs + payload.length / this.#bytesPerMs);
    this.#reportedBytes += payload.length;
    sink.heard(payload, atMs);
  }

  /** Takes back what is on its way, after what was heard of it was reported to the sample. */
  #flush(now: number, sink: PlayoutSink): void {
    this.#hear(now, sink, true);
    if (this.#clock.inFlight) sink.clear();
    this.#clock.restart();
    this.#reportedBytes = 0;
    this.#gaps.restart();
    this.#queue.rewind();
  }
}

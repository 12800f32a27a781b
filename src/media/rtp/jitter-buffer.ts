import { DelayEstimate, type DelayOptions, defaultDelayOptions } from "./delay-estimate.ts";
import { JitterSlot } from "./jitter-slot.ts";
import type { RtpPacket } from "./packet.ts";
import { SeqExtender, TimestampExtender } from "./wrap.ts";

/** Packets held at most: 640 ms of 10 ms packets. */
const capacity = 64;
/** Made up in a row while nothing comes, before it counts as a pause. */
const maxUnderrunMs = 100;
/** A hole in the time line longer than this is not filled but jumped over. */
const maxHoleMs = 1000;
/** A talk spurt may begin this much before its wanted time: half a tick. */
const startSlackMs = 10;
/** Delay may be this far off before audio is stretched or shrunk. */
const stretchSlackMs = 10;
const shrinkSlackMs = 15;
/** Pause between two changes of length; less when far off. */
const scalePauseMs = 200;
const hastyScalePauseMs = 40;
const hastyMs = 40;
/** Beyond the largest delay by this much, audio is left out rather than shrunk. */
const excessMs = 60;
/** Two packets in a row this far behind or ahead are a source that began anew (RFC 3550 §A.1). */
const maxMisorder = 100;
const maxDropout = 3000;

/** What became of a pushed packet. */
export type JitterPush = "buffered" | "duplicate" | "late" | "misplaced";
/** What a pull gives: `unit` has a payload; a packet is missing; nothing is to be played. */
export type JitterPull = "frame" | "lost" | "empty";
/** Asked for with a frame: make it longer or shorter by a little, or leave it. */
export type JitterScale = "stretch" | "shrink" | "none";

/** Totals since the start. */
export interface JitterCounters {
  received: number;
  played: number;
  /** Never came, or came too late. */
  lost: number;
  late: number;
  duplicate: number;
  /** Left out to catch up after a stall or a burst. */
  dropped: number;
  /** Times nothing was there in the middle of audio. */
  underruns: number;
  /** The time line began anew: new SSRC, restarted source or jump of the timestamps. */
  resyncs: number;
}

/**
 * Puts packets in order and plays them at an even pace, behind the fastest packet by a delay that follows the jitter.
 * `push` each packet; `pull` as often as a tick needs more audio. The sender's clock is followed by `scale`: the caller
 * makes a frame a little longer or shorter, so that it needs the next one later or sooner, and says so with `scaled`.
 * Times in monotonic ms.
 */
export class JitterBuffer {
  /** The packet the last `frame` is made of; valid until the next push. */
  unit: JitterSlot;
  /** Length of what the last pull gave, in clock-rate units; 0 for `empty`. */
  durationTicks = 0;
  /** Wish that goes with the last `frame`. */
  scale: JitterScale = "none";
  readonly counters: JitterCounters = {
    received: 0,
    played: 0,
    lost: 0,
    late: 0,
    duplicate: 0,
    dropped: 0,
    underruns: 0,
    resyncs: 0,
  };
  readonly #maxDelayMs: number;
  readonly #slots = Array.from({ length: capacity }, () => new JitterSlot());
  readonly #seqs = new SeqExtender();
  readonly #timestamps = new TimestampExtender();
  readonly #estimate: DelayEstimate;
  #ticksPerMs: number;
  #ssrc: number | undefined;
  #waiting = 0;
  /** Unwrapped numbers of waiting packets lie in between, both included. */
  #lowest = 0;
  #highest = -1;
  #restartSeq = -1;
  #playing = false;
  /** Everything below was played or given up. */
  #nextSeq = Number.NEGATIVE_INFINITY;
  #nextTimestamp = 0;
  #unitTicks: number;
  #underrunTicks = 0;
  #scaledAt = Number.NEGATIVE_INFINITY;
  #delayMs = 0;

  constructor(clockRateHz: number, options: DelayOptions = defaultDelayOptions) {
    this.#ticksPerMs = clockRateHz / 1000;
    this.#unitTicks = 20 * this.#ticksPerMs;
    this.#maxDelayMs = options.maxMs;
    this.#estimate = new DelayEstimate(options);
    this.unit = this.#slots[0]!;
  }

  /** Delay of what was pulled last, above the fastest packet. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** Delay wanted by the measured jitter. */
  get targetMs(): number {
    return this.#estimate.targetMs;
  }

  /** Another codec's clock: what waits is given up. */
  setClockRate(clockRateHz: number): void {
    if (clockRateHz / 1000 === this.#ticksPerMs) return;
    this.#ticksPerMs = clockRateHz / 1000;
    this.#unitTicks = 20 * this.#ticksPerMs;
    this.#restart();
  }

  /**
   * Takes a packet in; `durationTicks` is its length in clock-rate units, 0 when it holds no audio. `pauses`: it is
   * comfort noise, after which silence is no loss.
   */
  push(packet: RtpPacket, durationTicks: number, now: number, pauses = false): JitterPush {
    this.counters.received++;
    if (packet.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.#restart();
      this.#ssrc = packet.ssrc;
    }
    let seq = this.#seqs.extend(packet.seq);
    if (this.#highest >= 0 && (this.#highest - seq > maxMisorder || seq - this.#highest > maxDropout)) {
      if (packet.seq !== this.#restartSeq) {
        this.#restartSeq = (packet.seq + 1) & 0xffff;
        this.counters.late++;
        return "misplaced";
      }
      this.#restart();
      seq = this.#seqs.extend(packet.seq);
    }
    this.#restartSeq = -1;
    const slot = this.#slots[mod(seq)]!;
    if (slot.seq === seq) {
      this.counters.duplicate++;
      return "duplicate";
    }
    const timestamp = durationTicks === 0 ? 0 : this.#timestamps.extend(packet.timestamp);
    if (durationTicks > 0 && this.#estimate.add(now - timestamp / this.#ticksPerMs, now)) this.#leaveTimeLine();
    if (seq < this.#nextSeq) {
      this.counters.late++;
      return "late";
    }
    if (this.#waiting === 0) this.#lowest = seq;
    this.#makeRoom(seq);
    if (this.#highest - seq >= capacity) {
      this.counters.late++;
      return "late";
    }
    if (seq < this.#lowest) this.#lowest = seq;
    if (seq > this.#highest) this.#highest = seq;
    slot.seq = seq;
    // A packet without audio only fills its number, so that nobody misses it.
    if (durationTicks === 0) return "buffered";
    slot.fill(packet.bytes, packet.payloadStart, packet.payloadEnd);
    slot.waiting = true;
    slot.timestamp = timestamp;
    slot.durationTicks = durationTicks;
    slot.payloadType = packet.payloadType;
    slot.pauses = pauses;
    this.#waiting++;
    return "buffered";
  }

  /** The timestamps jumped: what waits has no place on the new time line. */
  #leaveTimeLine(): void {
    this.counters.resyncs++;
    for (let head = this.#head(); head !== undefined; head = this.#head()) this.#drop(head);
    this.#playing = false;
  }

  /** Drops the oldest until `seq` fits the ring. */
  #makeRoom(seq: number): void {
    while (this.#waiting > 0 && seq - this.#lowest >= capacity) {
      const slot = this.#slots[mod(this.#lowest)]!;
      if (slot.waiting && slot.seq === this.#lowest) this.#drop(slot);
      this.#lowest = this.#waiting > 0 ? this.#lowest + 1 : seq;
    }
  }

  #drop(slot: JitterSlot): void {
    slot.waiting = false;
    this.#waiting--;
    this.#nextSeq = slot.seq + 1;
    this.counters.dropped++;
  }

  /** Gives what is to be heard next. */
  pull(now: number): JitterPull {
    this.scale = "none";
    this.durationTicks = 0;
    const head = this.#head();
    if (!this.#playing) return this.#tryStart(head, now);
    if (head === undefined) return this.#underrun();
    const hole = head.timestamp - this.#nextTimestamp;
    if (hole > maxHoleMs * this.#ticksPerMs || -hole > maxHoleMs * this.#ticksPerMs) {
      return this.#pause(head, now);
    }
    // What was made up while nothing came is no reason to leave out what was only slow.
    if (hole <= 0) return this.#playOrSkip(head, now);
    const missing = this.#missingBefore(head);
    if (missing === 0) return this.#pause(head, now);
    this.#nextSeq = this.#firstMissing() + 1;
    this.counters.lost++;
    this.durationTicks = Math.min(hole, this.#unitTicks);
    this.#nextTimestamp += this.durationTicks;
    return "lost";
  }

  /** The caller has changed the frame's length as `scale` asked. */
  scaled(now: number): void {
    this.#scaledAt = now;
  }

  #tryStart(head: JitterSlot | undefined, now: number): JitterPull {
    if (head === undefined) return "empty";
    const delayMs = now - head.timestamp / this.#ticksPerMs - this.#estimate.baseMs;
    if (delayMs < this.#estimate.targetMs - startSlackMs) return "empty";
    this.#playing = true;
    if (this.#nextSeq === Number.NEGATIVE_INFINITY) this.#nextSeq = head.seq;
    return this.#playOrSkip(head, now);
  }

  #pause(head: JitterSlot, now: number): JitterPull {
    this.#playing = false;
    return this.#tryStart(head, now);
  }

  #underrun(): JitterPull {
    if (this.unit.pauses || this.#underrunTicks >= maxUnderrunMs * this.#ticksPerMs) {
      this.#playing = false;
      this.#underrunTicks = 0;
      return "empty";
    }
    const expected = this.#nextSeq;
    this.#nextSeq = this.#firstMissing();
    const first = this.#underrunTicks === 0;
    this.#underrunTicks += this.#unitTicks;
    this.#nextTimestamp += this.#unitTicks;
    // An event came in place of audio: none is missing.
    if (this.#nextSeq > expected) return "empty";
    if (first) this.counters.underruns++;
    this.durationTicks = this.#unitTicks;
    return "lost";
  }

  #playOrSkip(first: JitterSlot, now: number): JitterPull {
    let head = first;
    for (;;) {
      this.#delayMs = now - head.timestamp / this.#ticksPerMs - this.#estimate.baseMs;
      if (this.#delayMs <= this.#maxDelayMs + excessMs) break;
      const after = this.#waitingFrom(head.seq + 1);
      if (after === undefined) break;
      this.#drop(head);
      this.#lowest = after.seq;
      head = after;
    }
    this.counters.lost += this.#missingBefore(head);
    this.#consume(head);
    this.#underrunTicks = 0;
    this.#unitTicks = head.durationTicks;
    this.#nextTimestamp = head.timestamp + head.durationTicks;
    this.counters.played++;
    this.unit = head;
    this.durationTicks = head.durationTicks;
    this.#adviseScale(now);
    return "frame";
  }

  #adviseScale(now: number): void {
    const shortMs = this.#estimate.targetMs - this.#delayMs;
    const pauseMs = Math.abs(shortMs) > hastyMs ? hastyScalePauseMs : scalePauseMs;
    if (now - this.#scaledAt < pauseMs) return;
    if (shortMs > stretchSlackMs) this.scale = "stretch";
    else if (shortMs < -shrinkSlackMs) this.scale = "shrink";
  }

  #consume(slot: JitterSlot): void {
    slot.waiting = false;
    this.#waiting--;
    this.#nextSeq = slot.seq + 1;
    this.#lowest = slot.seq + 1;
  }

  #head(): JitterSlot | undefined {
    return this.#waiting === 0 ? undefined : this.#waitingFrom(this.#lowest);
  }

  #waitingFrom(from: number): JitterSlot | undefined {
    for (let seq = from; seq <= this.#highest; seq++) {
      const slot = this.#slots[mod(seq)]!;
      if (slot.waiting && slot.seq === seq) return slot;
    }
    return undefined;
  }

  /** Numbers between the next one and the head that never came. */
  #missingBefore(head: JitterSlot): number {
    let missing = 0;
    for (let seq = Math.max(this.#nextSeq, head.seq - capacity); seq < head.seq; seq++) {
      if (this.#slots[mod(seq)]!.seq !== seq) missing++;
    }
    return missing;
  }

  #firstMissing(): number {
    let seq = this.#nextSeq;
    while (this.#slots[mod(seq)]!.seq === seq) seq++;
    return seq;
  }

  #restart(): void {
    for (const slot of this.#slots) {
      slot.seq = Number.NaN;
      slot.waiting = false;
    }
    this.counters.dropped += this.#waiting;
    this.counters.resyncs++;
    this.#waiting = 0;
    this.#lowest = 0;
    this.#highest = -1;
    this.#restartSeq = -1;
    this.#playing = false;
    this.#nextSeq = Number.NEGATIVE_INFINITY;
    this.#underrunTicks = 0;
    this.#seqs.reset();
    this.#timestamps.reset();
    this.#estimate.rebase();
  }
}

function mod(seq: number): number {
  return ((seq % capacity) + capacity) % capacity;
}

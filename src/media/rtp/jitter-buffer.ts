import { DelayEstimate, type DelayOptions, defaultDelayOptions } from "./delay-estimate.ts";
import { JitterRing } from "./jitter-ring.ts";
import type { JitterSlot } from "./jitter-slot.ts";
import type { RtpPacket } from "./packet.ts";
import { SeqExtender, TimestampExtender } from "./wrap.ts";

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
/**
 * Every so many ticks it is a stream's turn to wish for another length, less when far off. Making one costs more than all
 * else that is done with a frame, and after a stall of ours every stream is too long: each has its turn in another tick.
 */
const wishEveryTicks = 5;
const hastyWishEveryTicks = 3;
const tickMs = 20;
const hastyMs = 40;
/** Beyond the largest delay by this much, audio is left out rather than shrunk, down to the wanted delay. */
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
  readonly #turn: number;
  readonly #ring = new JitterRing();
  readonly #seqs = new SeqExtender();
  readonly #timestamps = new TimestampExtender();
  readonly #estimate: DelayEstimate;
  #ticksPerMs: number;
  #ssrc: number | undefined;
  #restartSeq = -1;
  #playing = false;
  /** Everything below was played or given up. */
  #nextSeq = Number.NEGATIVE_INFINITY;
  #nextTimestamp = 0;
  #unitTicks: number;
  #underrunTicks = 0;
  #scaledAt = Number.NEGATIVE_INFINITY;
  #delayMs = 0;

  /** `turn`: any whole number, another one for each stream of a process. */
  constructor(clockRateHz: number, options: DelayOptions = defaultDelayOptions, turn = 0) {
    this.#turn = turn % (wishEveryTicks * hastyWishEveryTicks);
    this.#ticksPerMs = clockRateHz / 1000;
    this.#unitTicks = 20 * this.#ticksPerMs;
    this.#maxDelayMs = options.maxMs;
    this.#estimate = new DelayEstimate(options);
    this.unit = this.#ring.slot(0);
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
   * comfort noise, after which silence is no loss. `readyAt`: nobody looked for packets from then to `now`, so it may have
   * come any time between.
   */
  push(packet: RtpPacket, durationTicks: number, now: number, pauses = false, readyAt = now): JitterPush {
    this.counters.received++;
    if (packet.ssrc !== this.#ssrc) {
      if (this.#ssrc !== undefined) this.#restart();
      this.#ssrc = packet.ssrc;
    }
    const ring = this.#ring;
    let seq = this.#seqs.extend(packet.seq);
    if (ring.highest >= 0 && (ring.highest - seq > maxMisorder || seq - ring.highest > maxDropout)) {
      if (packet.seq !== this.#restartSeq) {
        this.#restartSeq = (packet.seq + 1) & 0xffff;
        this.counters.late++;
        return "misplaced";
      }
      this.#restart();
      seq = this.#seqs.extend(packet.seq);
    }
    this.#restartSeq = -1;
    if (ring.came(seq)) {
      this.counters.duplicate++;
      return "duplicate";
    }
    const timestamp = durationTicks === 0 ? 0 : this.#timestamps.extend(packet.timestamp);
    if (durationTicks > 0 && this.#estimate.add(this.#transitMs(timestamp, now, readyAt), now)) this.#leaveTimeLine();
    if (seq < this.#nextSeq || ring.tooOld(seq)) {
      this.counters.late++;
      return "late";
    }
    for (let old = ring.inTheWayOf(seq); old !== undefined; old = ring.inTheWayOf(seq)) this.#drop(old);
    // A packet without audio only fills its number, so that nobody misses it.
    const slot = ring.place(seq, durationTicks > 0);
    if (durationTicks === 0) return "buffered";
    slot.fill(packet.bytes, packet.payloadStart, packet.payloadEnd);
    slot.timestamp = timestamp;
    slot.durationTicks = durationTicks;
    slot.payloadType = packet.payloadType;
    slot.pauses = pauses;
    return "buffered";
  }

  /** Our own slowness is no jitter of the network: what could have come in time did. */
  #transitMs(timestamp: number, now: number, readyAt: number): number {
    const mediaMs = timestamp / this.#ticksPerMs;
    return Math.max(readyAt, Math.min(now, mediaMs + this.#estimate.baseMs)) - mediaMs;
  }

  /** The timestamps jumped: what waits has no place on the new time line. */
  #leaveTimeLine(): void {
    this.counters.resyncs++;
    for (let head = this.#ring.head(); head !== undefined; head = this.#ring.head()) this.#drop(head);
    this.#playing = false;
  }

  #drop(slot: JitterSlot): void {
    this.#release(slot);
    this.counters.dropped++;
  }

  #release(slot: JitterSlot): void {
    this.#ring.release(slot);
    this.#nextSeq = slot.seq + 1;
  }

  /** Gives what is to be heard next. */
  pull(now: number): JitterPull {
    this.scale = "none";
    this.durationTicks = 0;
    const head = this.#ring.head();
    if (!this.#playing) return this.#tryStart(head, now);
    if (head === undefined) return this.#underrun();
    const hole = head.timestamp - this.#nextTimestamp;
    if (hole > maxHoleMs * this.#ticksPerMs || -hole > maxHoleMs * this.#ticksPerMs) {
      return this.#pause(head, now);
    }
    // What was made up while nothing came is no reason to leave out what was only slow.
    if (hole <= 0) return this.#playOrSkip(head, now);
    const missing = this.#ring.missing(this.#nextSeq, head.seq);
    if (missing === 0) return this.#pause(head, now);
    this.#nextSeq = this.#ring.firstMissing(this.#nextSeq) + 1;
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
    this.#nextSeq = this.#ring.firstMissing(this.#nextSeq);
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
    let mostMs = this.#maxDelayMs + excessMs;
    for (;;) {
      this.#delayMs = now - head.timestamp / this.#ticksPerMs - this.#estimate.baseMs;
      if (this.#delayMs <= mostMs) break;
      const after = this.#ring.after(head);
      if (after === undefined) break;
      // One cut is heard less than many. And it ends the work of shrinking, which may be why we are so late.
      mostMs = this.#estimate.targetMs + shrinkSlackMs;
      this.#drop(head);
      head = after;
    }
    this.counters.lost += this.#ring.missing(this.#nextSeq, head.seq);
    this.#release(head);
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
    if (shortMs <= stretchSlackMs && shortMs >= -shrinkSlackMs) return;
    const isHasty = Math.abs(shortMs) > hastyMs;
    if (now - this.#scaledAt < (isHasty ? hastyScalePauseMs : scalePauseMs)) return;
    if ((Math.floor(now / tickMs) + this.#turn) % (isHasty ? hastyWishEveryTicks : wishEveryTicks) !== 0) return;
    this.scale = shortMs > 0 ? "stretch" : "shrink";
  }

  #restart(): void {
    this.counters.dropped += this.#ring.waiting;
    this.counters.resyncs++;
    this.#ring.clear();
    this.#restartSeq = -1;
    this.#playing = false;
    this.#nextSeq = Number.NEGATIVE_INFINITY;
    this.#underrunTicks = 0;
    this.#seqs.reset();
    this.#timestamps.reset();
    this.#estimate.rebase();
  }
}

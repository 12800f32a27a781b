import type { ReportBlock } from "./rtcp.ts";
import { type RtpTimestamp, type SeqNo, seqDifference, seqNo } from "./wrap.ts";

/** A jump ahead of this much, or back by more than `maxMisorder`, is a restarted source (RFC 3550 §A.1). */
const maxDropout = 3000;
const maxMisorder = 100;

/** What was received of one source: counts, loss and jitter (RFC 3550 §A.1, §A.3, §A.8). Times in monotonic ms. */
export class Reception {
  readonly ssrc: number;
  readonly #clockRateHz: number;
  #started = false;
  #baseSeq = 0;
  #maxSeq: SeqNo = seqNo(0);
  #cycles = 0;
  /** After a large jump: the sequence number that would prove a restart. */
  #restartSeq = -1;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  /** NaN before the first packet: a number throughout needs no memory of its own for each packet. */
  #lastTransit = Number.NaN;
  #jitter = 0;

  constructor(ssrc: number, clockRateHz: number) {
    this.ssrc = ssrc;
    this.#clockRateHz = clockRateHz;
  }

  /**
   * Counts a packet; false: a lone packet far from the others, not counted. `timed` is false for packets whose
   * timestamp is not their moment of sampling (RFC 4733 §2.2.1), which say nothing of jitter.
   */
  packet(seq: SeqNo, timestamp: RtpTimestamp, now: number, timed = true): boolean {
    if (!this.#started) this.#begin(seq);
    const ahead = seqDifference(seq, this.#maxSeq);
    if (ahead >= maxDropout || ahead < -maxMisorder) {
      // Two in a row from there: the source began anew.
      if (seq !== this.#restartSeq) {
        this.#restartSeq = seqNo(seq + 1);
        return false;
      }
      this.#begin(seq);
    } else if (ahead > 0) {
      if (seq < this.#maxSeq) this.#cycles += 0x10000;
      this.#maxSeq = seq;
    }
    this.#restartSeq = -1;
    this.#received++;
    if (timed) this.#measureJitter(timestamp, now);
    return true;
  }

  #begin(seq: SeqNo): void {
    this.#started = true;
    this.#baseSeq = seq;
    this.#maxSeq = seq;
    this.#cycles = 0;
    this.#received = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#lastTransit = Number.NaN;
  }

  #measureJitter(timestamp: RtpTimestamp, now: number): void {
    const transit = (now * this.#clockRateHz) / 1000 - timestamp;
    let difference = Math.abs(transit - this.#lastTransit);
    // Where the timestamps wrap, transit jumps by 2^32.
    if (difference > 0x80000000) difference = Math.abs(0x100000000 - difference);
    if (!Number.isNaN(difference)) this.#jitter += (difference - this.#jitter) / 16;
    this.#lastTransit = transit;
  }

  /** Interarrival jitter in ms (RFC 3550 §6.4.1). */
  get jitterMs(): number {
    return (this.#jitter * 1000) / this.#clockRateHz;
  }

  get received(): number {
    return this.#received;
  }

  get extendedHighestSeq(): number {
    return this.#cycles + this.#maxSeq;
  }

  /** Packets expected by their numbers. */
  get expected(): number {
    return this.#started ? this.extendedHighestSeq - this.#baseSeq + 1 : 0;
  }

  /** Expected less received; duplicates can make it negative. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** The block of the next report; a new interval of the loss fraction begins. */
  takeBlock(lastSr: number, delaySinceLastSr: number): ReportBlock {
    const expected = this.expected - this.#expectedPrior;
    const lost = expected - (this.#received - this.#receivedPrior);
    this.#expectedPrior = this.expected;
    this.#receivedPrior = this.#received;
    return {
      ssrc: this.ssrc,
      fractionLost: expected === 0 || lost <= 0 ? 0 : Math.min(255, Math.floor((lost * 256) / expected)),
      cumulativeLost: Math.max(-0x800000, Math.min(0x7fffff, this.lost)),
      extendedHighestSeq: this.extendedHighestSeq % 0x100000000,
      jitter: Math.floor(this.#jitter),
      lastSr,
      delaySinceLastSr,
    };
  }
}

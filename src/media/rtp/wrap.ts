/** Numbers that wrap, and how to compare them (RFC 1982 style, RFC 3550 §5.1). */
declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** RTP sequence number: unsigned 16-bit, one more for each packet (RFC 3550 §5.1). */
export type SeqNo = Branded<number, "SeqNo">;
/** RTP timestamp: unsigned 32-bit, counts in clock-rate units (RFC 3550 §5.1). */
export type RtpTimestamp = Branded<number, "RtpTimestamp">;

/** The sequence number a count falls on; wraps at 65536. */
export function seqNo(count: number): SeqNo {
  return (count & 0xffff) as SeqNo;
}

/** The timestamp a count falls on; wraps at 2^32. */
export function rtpTimestamp(count: number): RtpTimestamp {
  return ((count % 0x100000000) >>> 0) as RtpTimestamp;
}

/** How far `a` is ahead of `b`, −32768 … 32767. */
export function seqDifference(a: SeqNo, b: SeqNo): number {
  return ((a - b) << 16) >> 16;
}

/** How far `a` is ahead of `b` in clock-rate units, −2^31 … 2^31 − 1. */
export function timestampDifference(a: RtpTimestamp, b: RtpTimestamp): number {
  return (a - b) | 0;
}

/** Unwraps a series of sequence numbers to counts that only grow; the first value stands for itself. */
export class SeqExtender {
  #last: number | undefined;

  /** The count whose low 16 bits are `seq` and that is nearest to the highest seen. May be negative just after the start. */
  extend(seq: SeqNo): number {
    if (this.#last === undefined) {
      this.#last = seq;
      return seq;
    }
    const extended = this.#last + seqDifference(seq, seqNo(this.#last));
    if (extended > this.#last) this.#last = extended;
    return extended;
  }

  reset(): void {
    this.#last = undefined;
  }
}

/** Unwraps a series of timestamps; jumps of up to 2^31 units both ways are followed. */
export class TimestampExtender {
  #last: number | undefined;

  /** The count whose low 32 bits are `timestamp` and that is nearest to the one before. */
  extend(timestamp: RtpTimestamp): number {
    if (this.#last === undefined) {
      this.#last = timestamp;
      return timestamp;
    }
    this.#last += timestampDifference(timestamp, rtpTimestamp(this.#last));
    return this.#last;
  }

  reset(): void {
    this.#last = undefined;
  }
}

/** An address packets come from or go to: IP as text, port. */
export interface RtpAddress {
  readonly address: string;
  readonly port: number;
}

/** When a leg may follow packets to another address. */
export interface LatchOptions {
  /** Silence of the latched address after which another one may take its place. */
  readonly silenceMs: number;
  /** Once another address was signalled, what still comes from the one before decides nothing for so long. */
  readonly strayMs: number;
}

/** Longer than any phone's pause without comfort noise that is not a hold, shorter than a caller's patience. */
export const defaultLatchOptions = { silenceMs: 5000, strayMs: 1000 } as const satisfies LatchOptions;

/**
 * Decides whose packets a leg takes and where it sends (symmetric RTP, RFC 4961). Until the first packet that fits what
 * was negotiated, we send to the SDP's address; then to that packet's source and nobody else's. An address that merely
 * sends many packets (RTP bleed) never takes over. Times in monotonic ms.
 */
export class Latch {
  /** Packets refused by their source; times the address changed. */
  readonly counters = { refused: 0, relatched: 0 };
  readonly #options: LatchOptions;
  #signalled: RtpAddress | undefined;
  #target: RtpAddress | undefined;
  /** The far end, or its address, became another by signalling: its packets may be on the way still. */
  #isMoving = false;
  /** When the first of those came. */
  #strayFrom: number | undefined;
  /** Whose packets are taken; undefined until the first one. */
  #source: RtpAddress | undefined;
  /** A re-INVITE came: the next packet that fits may come from elsewhere. */
  #open = false;
  #heardAt = 0;

  constructor(signalled: RtpAddress | undefined, options: LatchOptions = defaultLatchOptions) {
    this.#options = options;
    this.#signalled = signalled;
    this.#target = signalled;
  }

  /** A re-INVITE was agreed on: we send to its address until a packet that fits says better. */
  resignal(signalled: RtpAddress | undefined): void {
    const before = this.#signalled;
    this.#isMoving = before?.address !== signalled?.address || before?.port !== signalled?.port;
    this.#strayFrom = undefined;
    this.#signalled = signalled;
    this.#target = signalled;
    this.#open = true;
  }

  /** Where to send; undefined: nowhere yet. */
  get target(): RtpAddress | undefined {
    return this.#target;
  }

  /** Whether a packet from there is worth looking into; refused ones are counted. */
  admits(address: string, port: number, now: number): boolean {
    const admitted = this.#isSource(address, port) || this.#open || this.#silent(now);
    if (!admitted) this.counters.refused++;
    return admitted;
  }

  /**
   * A packet from an admitted address fits: version, payload type and, with SRTP, its tag are as negotiated. True: it is
   * another address than before.
   */
  fits(address: string, port: number, now: number): boolean {
    this.#heardAt = now;
    if (this.#isSource(address, port)) {
      if (this.#isStray(now)) return false;
      if (this.#open) this.#target = this.#source;
      this.#open = false;
      return false;
    }
    if (this.#source !== undefined) this.counters.relatched++;
    this.#open = false;
    this.#source = { address, port };
    this.#target = this.#source;
    return true;
  }

  /** A packet of the address before: a last one on the way, or one that goes on sending from there whatever it signals. */
  #isStray(now: number): boolean {
    if (!this.#open || !this.#isMoving) return false;
    this.#strayFrom ??= now;
    return now - this.#strayFrom < this.#options.strayMs;
  }

  #isSource(address: string, port: number): boolean {
    const source = this.#source;
    return source !== undefined && source.port === port && source.address === address;
  }

  #silent(now: number): boolean {
    return this.#source === undefined || now - this.#heardAt > this.#options.silenceMs;
  }
}

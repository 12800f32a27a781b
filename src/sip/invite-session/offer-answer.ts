/** Who owes an answer (RFC 3264 §4): nobody, the far end, or we. */
export type OfferState = "stable" | "local-offer" | "remote-offer";

/** The offer/answer state of a dialog; the SDP itself is opaque bytes here. */
export class OfferAnswer {
  #state: OfferState = "stable";
  #local: Uint8Array | undefined;
  #offered: Uint8Array | undefined;

  get state(): OfferState {
    return this.#state;
  }

  /** Our description in force: what a session refresh repeats. */
  get local(): Uint8Array | undefined {
    return this.#local;
  }

  localOffer(sdp: Uint8Array): void {
    this.#state = "local-offer";
    this.#offered = sdp;
  }

  remoteOffer(): void {
    this.#state = "remote-offer";
  }

  localAnswer(sdp: Uint8Array): void {
    this.#state = "stable";
    this.#local = sdp;
  }

  remoteAnswer(): void {
    this.#state = "stable";
    this.#local = this.#offered ?? this.#local;
    this.#offered = undefined;
  }

  /** The offer came to nothing; what was in force stays. */
  rollback(): void {
    this.#state = "stable";
    this.#offered = undefined;
  }
}

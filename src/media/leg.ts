import type { AudioFormat, SampleRateHz } from "../codecs/format.ts";

/** What a leg can do, so that nobody needs to ask which carrier it is. */
export interface LegCapabilities {
  /** The far end buffers what we send and can be told to drop it. */
  readonly clear: boolean;
  /** The far end tells when a marked position was played (or flushed: see the generation in the mark's name). */
  readonly marks: boolean;
  /** Keys can be sent on the leg itself. */
  readonly dtmfOut: boolean;
}

/** The telephone's side of a call, as the conversation sees it: one method an order, none of them blocks. */
export interface CallLeg {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly capabilities: LegCapabilities;
  /** Sends audio bytes in `outbound`; the bytes are copied or written before it returns. False: the leg is gone or its buffer is full. */
  sendAudio(payload: Uint8Array): boolean;
  /** Asks to be told, through `LegEvents.mark`, when everything sent so far was played. */
  sendMark(name: string): void;
  /** Drops what the far end has buffered. */
  clear(): void;
  /**
   * True: after a stall of ours all that came meanwhile is brought at once, for a listener who needs no even pace. A leg
   * that has this brings one frame a tick until then, for one who plays it on.
   */
  bringAll?(wanted: boolean): void;
  /**
   * Speaks linear audio at another rate with the inside from now on, where the leg can; `inbound` and `outbound` say so
   * then. What waits is dropped. For who would only resample.
   */
  setRate?(rateHz: SampleRateHz): void;
  /** Sends keys (0–9, *, #, A–D); false when the leg has no way to. */
  sendDtmf(digits: string): boolean;
  /** Ends the leg. Twice is fine. */
  close(): void;
}

/** What a leg tells the conversation. Payload views are valid only during the call. */
export interface LegEvents {
  /** Caller audio in `CallLeg.inbound`, any length. */
  audio(payload: Uint8Array): void;
  /** One key pressed by the caller. */
  dtmf(digit: string): void;
  /** The name given to `sendMark` came back. */
  mark(name: string): void;
  /** The leg ended; nothing follows. */
  ended(reason: LegEndReason): void;
}

/** Why a leg ended by itself: the far end said so, the socket closed, it stopped reading, or it broke the protocol. */
export type LegEndReason = "hung-up" | "connection-lost" | "not-reading" | "protocol-error";

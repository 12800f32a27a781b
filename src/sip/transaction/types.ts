import type { SipRequest, SipResponse } from "../message.ts";

/** The timers all others are made from (RFC 3261 §17.1.1.1, table 4). */
export interface SipTimers {
  /** Estimate of the round trip. */
  readonly t1Ms: number;
  /** Longest interval between two sendings of anything but an INVITE. */
  readonly t2Ms: number;
  /** How long a packet may live in the network. */
  readonly t4Ms: number;
  /** An INVITE nobody has answered for this long gets a 100 (RFC 3261 §17.2.1). */
  readonly tryingMs: number;
}

/** The values of RFC 3261. */
export const defaultSipTimers = {
  t1Ms: 500,
  t2Ms: 4000,
  t4Ms: 5000,
  tryingMs: 200,
} as const satisfies SipTimers;

/** How long a transaction tries, or waits for the far end to stop trying: 64 × T1 (timers B, D, F, H, J, L, M). */
export function patienceMs(timers: SipTimers): number {
  return 64 * timers.t1Ms;
}

/** Why a transaction came to nothing: nobody answered, the message could not be sent, or our table is full. */
export type TransactionFault = "timeout" | "transport" | "overload";

export type ClientInput =
  | { readonly type: "start" }
  | { readonly type: "response"; readonly response: SipResponse }
  | { readonly type: "transport-error" }
  /** INVITE only: give up; sends a CANCEL once that is allowed (RFC 3261 §9.1). */
  | { readonly type: "cancel" };

export type ClientOrder =
  | { readonly type: "send"; readonly request: SipRequest }
  /** For the transaction user. */
  | { readonly type: "response"; readonly response: SipResponse }
  | { readonly type: "failed"; readonly fault: TransactionFault }
  /** The CANCEL is due now, as a transaction of its own. */
  | { readonly type: "cancel-now" };

export type ServerInput =
  /** The request came again. */
  | { readonly type: "repeated" }
  /** The transaction user answers. */
  | { readonly type: "respond"; readonly response: SipResponse }
  /** INVITE only: an ACK for a final response that is not 2xx. */
  | { readonly type: "ack" }
  | { readonly type: "transport-error" };

export type ServerOrder =
  | { readonly type: "send"; readonly response: SipResponse }
  /** No ACK came, or the response could not be sent. */
  | { readonly type: "failed"; readonly fault: TransactionFault };

import type { RandomBytes } from "../../kit/ids.ts";
import type { NameAddress, Reason, Replaces } from "../headers/fields.ts";
import type { HeaderLine, SipHeaders } from "../headers/headers.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import type { ServerKey } from "../transaction/key.ts";
import { defaultSipTimers, type SipTimers, type TransactionFault } from "../transaction/types.ts";
import type { SipUri, Uri } from "../uri.ts";

export interface SessionOptions {
  readonly timers: SipTimers;
  /** Ringing longer than this ends the call: we cancel, or refuse with 480. */
  readonly maxRingMs: number;
  /** The user's time to answer an offer of the far end, or a REFER. */
  readonly answerOfferMs: number;
  /** Session interval we ask for; 0: no session timer (RFC 4028 §4). */
  readonly sessionExpiresS: number;
  /** Least session interval we take (RFC 4028 §5); 90 is the least allowed. */
  readonly minSessionExpiresS: number;
  /** Whether provisional responses are reliable (RFC 3262): never, where the far end can, or else refuse. */
  readonly reliableProvisional: "off" | "supported" | "required";
  /** Most 3xx that are followed (RFC 3261 §8.1.3.4). */
  readonly maxRedirects: number;
  /** How long a transfer may stay without a result. */
  readonly maxReferMs: number;
  /** Value of Server and User-Agent; empty: none. */
  readonly product: string;
}

export const defaultSessionOptions = {
  timers: defaultSipTimers,
  maxRingMs: 180_000,
  answerOfferMs: 10_000,
  sessionExpiresS: 1800,
  minSessionExpiresS: 90,
  reliableProvisional: "supported",
  maxRedirects: 3,
  maxReferMs: 180_000,
  product: "Tandem",
} as const satisfies SessionOptions;

/** What a challenged request is sent again with (RFC 3261 §22); undefined: give up. */
export type Authorize = (request: SipRequest, challenge: SipResponse) => readonly HeaderLine[] | undefined;

/** An INVITE to be sent. */
export interface OutgoingCall {
  /** Request-URI. */
  readonly uri: Uri;
  /** Who calls, without a tag. */
  readonly from: NameAddress;
  /** Who is called, without a tag. */
  readonly to: NameAddress;
  /** Proxies to pass first, outermost first (RFC 3261 §8.1.2). */
  readonly routes?: readonly NameAddress[];
  /** Further header lines: P-Asserted-Identity, Replaces, X-… */
  readonly headers?: SipHeaders;
  /** SDP offer; undefined: the far end is to offer. */
  readonly sdp?: Uint8Array;
  readonly authorize?: Authorize;
  /** Whether a 3xx may send it there; undefined: anywhere (RFC 3261 §8.1.3.4). */
  readonly mayRedirectTo?: (uri: SipUri) => boolean;
}

/** What a session begins with: a call to make, or one that came. */
export type SessionOrigin =
  | { readonly type: "outgoing"; readonly call: OutgoingCall; readonly sipCallId: string }
  | {
      readonly type: "incoming";
      readonly key: ServerKey;
      readonly request: SipRequest;
      readonly authorize?: Authorize;
    };

export interface SessionParts {
  readonly origin: SessionOrigin;
  /** Our tag: random, ours alone. */
  readonly localTag: string;
  readonly options: SessionOptions;
  readonly random: RandomBytes;
}

/** How a session ended, once. */
export interface SessionEnd {
  /** `network`: neither said so. */
  readonly by: "local" | "remote" | "network";
  readonly cause: SessionEndCause;
  /** Final status of the INVITE, where one ended it. */
  readonly status?: number;
  /** Reason headers of the message that ended it (RFC 3326). */
  readonly reasons: readonly Reason[];
  /** Seconds of a Retry-After. */
  readonly retryAfterS?: number;
}

export type SessionEndCause =
  /** One hung up. */
  | "bye"
  /** The caller gave up before an answer. */
  | "cancelled"
  /** The callee refused, or its proxies did. */
  | "rejected"
  /** Nobody answered the telephone in time. */
  | "no-answer"
  /** No message came back. */
  | "timeout"
  /** Our 2xx was never acknowledged (RFC 3261 §13.3.1.4). */
  | "no-ack"
  /** The session timer ran out (RFC 4028 §10). */
  | "expired"
  | "transport"
  | "overload"
  /** The far end broke the rules of offer and answer. */
  | "protocol"
  /** Another call took its place (RFC 3891). */
  | "replaced";

/** What the user of a session may ask for. A command that does not fit the state is without effect. */
export type SessionCommand =
  /** Callee: tells the caller how it goes. `reliable`: as the options say unless given. */
  | {
      readonly type: "progress";
      readonly status: number;
      readonly sdp?: Uint8Array;
      readonly reliable?: boolean;
      readonly headers?: SipHeaders;
    }
  /** Callee: takes the call. `sdp`: the answer, or the offer if there was none; undefined: as sent in `progress`. */
  | { readonly type: "answer"; readonly sdp?: Uint8Array; readonly headers?: SipHeaders }
  /** Callee: refuses, 300–699. */
  | { readonly type: "reject"; readonly status: number; readonly reason?: string; readonly headers?: SipHeaders }
  /** Ends the call in whatever state it is: CANCEL, refusal or BYE. */
  | { readonly type: "hang-up"; readonly headers?: SipHeaders }
  /** Changes the media: hold, resume, new codec or address. No `sdp`: the far end is to offer. */
  | { readonly type: "offer"; readonly sdp?: Uint8Array; readonly method?: "INVITE" | "UPDATE" }
  /** Answers `remote-offer`, or offers after `offer-wanted`. */
  | { readonly type: "answer-offer"; readonly sdp: Uint8Array }
  | { readonly type: "refuse-offer"; readonly status?: number }
  /** Transfers the far end. For an attended transfer `replaces` names the other call as its far end sees it. */
  | {
      readonly type: "refer";
      readonly refer: string;
      readonly to: Uri;
      readonly replaces?: Replaces;
      readonly headers?: SipHeaders;
    }
  | { readonly type: "accept-refer"; readonly refer: string }
  | { readonly type: "refuse-refer"; readonly refer: string; readonly status: number }
  /** Tells the far end how the transfer it asked for goes; 200 and above is its end. */
  | { readonly type: "refer-progress"; readonly refer: string; readonly status: number; readonly reason?: string }
  /** Sends INFO, MESSAGE or OPTIONS within the call; `token` comes back in `sent`. */
  | {
      readonly type: "send";
      readonly method: "INFO" | "MESSAGE" | "OPTIONS";
      readonly token: string;
      readonly contentType?: string;
      readonly body?: Uint8Array;
      readonly headers?: SipHeaders;
    };

export type SessionInput =
  | { readonly type: "start" }
  | { readonly type: "command"; readonly command: SessionCommand }
  /** A request of the far end within the call; also the CANCEL of its INVITE. */
  | { readonly type: "request"; readonly key: ServerKey; readonly request: SipRequest; readonly cancels?: ServerKey }
  | { readonly type: "ack"; readonly request: SipRequest }
  | { readonly type: "response"; readonly ref: number; readonly response: SipResponse }
  | { readonly type: "failed"; readonly ref: number; readonly fault: TransactionFault }
  /** A final response of ours to an INVITE found no way to the far end. */
  | { readonly type: "response-lost"; readonly key: ServerKey }
  /** Another call takes this one's place (RFC 3891 §3). */
  | { readonly type: "replace" };

export type SessionOrder =
  /** Sends a request as a new transaction; answers come back under `ref`. Via and Contact are still missing. */
  | { readonly type: "request"; readonly ref: number; readonly request: SipRequest }
  /** Sends the ACK of a 2xx. */
  | { readonly type: "ack"; readonly request: SipRequest }
  | { readonly type: "cancel"; readonly ref: number; readonly headers?: SipHeaders }
  /** Answers a request. Contact is still missing. */
  | { readonly type: "respond"; readonly key: ServerKey; readonly response: SipResponse }
  | { readonly type: "event"; readonly event: SessionEvent }
  /** The session has nothing more to do and can be forgotten. */
  | { readonly type: "closed" };

/** News for the user of a session. */
export type SessionEvent =
  /** Caller: whoever was sent the INVITE has it (100), so that it need not be sent elsewhere. */
  | { readonly type: "trying" }
  /** Caller: how it goes. `fork` tells several callees apart. `sdp`: early media. */
  | {
      readonly type: "progress";
      readonly status: number;
      readonly reason: string;
      readonly fork: string;
      readonly sdp?: Uint8Array;
      readonly headers: SipHeaders;
    }
  /** Caller: a 3xx is being followed. */
  | { readonly type: "redirected"; readonly to: Uri }
  /** Caller: the callee took the call. `sdp`: its answer; undefined when it offers (`remote-offer` follows). */
  | { readonly type: "answered"; readonly fork: string; readonly sdp?: Uint8Array; readonly headers: SipHeaders }
  /** Callee: the caller acknowledged. `sdp`: its answer to our offer. */
  | { readonly type: "confirmed"; readonly sdp?: Uint8Array }
  /** The far end offers; to be answered by `answer-offer` or `refuse-offer`. */
  | { readonly type: "remote-offer"; readonly sdp: Uint8Array }
  /** The far end wants our offer; to be given by `answer-offer`. */
  | { readonly type: "offer-wanted" }
  /** `remote-offer` or `offer-wanted` needs no answer any more. */
  | { readonly type: "offer-withdrawn" }
  /** The far end's answer to an offer of ours. */
  | { readonly type: "remote-answer"; readonly sdp: Uint8Array }
  /** An offer of ours came to nothing; the media stay as they were. */
  | { readonly type: "offer-failed"; readonly status: number }
  /** The far end wants us to call somebody else. */
  | {
      readonly type: "refer-requested";
      readonly refer: string;
      readonly to: NameAddress;
      /** Attended: the call to take the place of. */
      readonly replaces?: Replaces;
      readonly referredBy?: NameAddress;
    }
  /** How the transfer we asked for goes. */
  | {
      readonly type: "refer-progress";
      readonly refer: string;
      readonly status: number;
      readonly reason: string;
      readonly isFinal: boolean;
    }
  /** INFO or MESSAGE within the call. Answered already. */
  | {
      readonly type: "message";
      readonly method: "INFO" | "MESSAGE";
      /** Lower case, without parameters. */
      readonly contentType: string;
      readonly body: Uint8Array;
      readonly headers: SipHeaders;
    }
  /** The result of `send`; 408 when no answer came. */
  | { readonly type: "sent"; readonly token: string; readonly status: number }
  | { readonly type: "ended"; readonly end: SessionEnd };

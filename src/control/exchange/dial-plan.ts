import type { EndCause } from "../../media/protocol.ts";
import type { NameAddress } from "../../sip/headers/fields.ts";
import type { SipHeaders } from "../../sip/headers/headers.ts";
import type { Hop } from "../../sip/hop.ts";
import type { Authorize, SessionEnd } from "../../sip/invite-session/types.ts";
import type { SdpOptions } from "../../sip/sdp/media.ts";
import type { SipUri, Uri } from "../../sip/uri.ts";
import type { Trunk } from "./trunk.ts";
import { failsOver } from "./trunk-targets.ts";

/** How a trunk takes keys. */
export type DtmfMode = Trunk["media"]["dtmf"];

/** One place an outgoing call may go to. */
export interface DialTarget {
  /** Request-URI. */
  readonly uri: Uri;
  /** This next hop, whatever the URI says: the way back to a phone behind a NAT. */
  readonly to?: Hop;
  readonly routes?: readonly NameAddress[];
  readonly authorize?: Authorize;
  /** Told once: true when somebody answered the telephone or said no to it, false when nobody was there. */
  readonly reached?: (isReached: boolean) => void;
}

/** How an outgoing call is made. */
export interface DialPlan {
  /** Tried one group after the other; the targets of one group ring together. */
  readonly groups: readonly (readonly DialTarget[])[];
  /** Why there is nowhere to call, where there are no groups: one sentence for people. */
  readonly nowhere?: string;
  readonly from: NameAddress;
  readonly to: NameAddress;
  readonly headers: SipHeaders;
  readonly sdp: SdpOptions;
  readonly dtmf: DtmfMode;
  readonly sessionExpiresS: number;
  readonly ringTimeoutMs: number;
  /** Whether a 3xx may send the call there; undefined: anywhere. */
  readonly mayRedirectTo?: (uri: SipUri) => boolean;
}

/** What became of a call of ours that nobody took. */
export interface DialFailure {
  readonly cause: Extract<EndCause, "busy" | "no-answer" | "call-refused" | "call-unreachable" | "connection-lost">;
  /** Final status of the INVITE; undefined: none came. */
  readonly sipStatus: number | undefined;
  /** One sentence for people. */
  readonly detail: string;
  /** Another target may do better (RFC 3261 §16.7, RFC 3263 §4.3). */
  readonly mayRetry: boolean;
}

/** Reads the end of an INVITE that was never answered. */
export function dialFailure({ cause, status }: SessionEnd): DialFailure {
  if (cause === "no-answer") {
    return { cause: "no-answer", sipStatus: status, detail: "nobody answered in time", mayRetry: false };
  }
  if (status === undefined) {
    const isSilent = cause === "timeout" || cause === "transport" || cause === "overload";
    const detail = isSilent ? "the far end cannot be reached" : "the far end broke off before it answered";
    return {
      cause: isSilent ? "call-unreachable" : "connection-lost",
      sipStatus: undefined,
      detail,
      mayRetry: isSilent,
    };
  }
  const what = status < 400 ? "sent the call elsewhere with" : "answered with";
  const detail = `the far end ${what} SIP status ${status}`;
  if (status === 486 || status === 600) return { cause: "busy", sipStatus: status, detail, mayRetry: false };
  if (status === 480) return { cause: "no-answer", sipStatus: status, detail, mayRetry: false };
  return { cause: "call-refused", sipStatus: status, detail, mayRetry: failsOver(status) };
}

/** Why a transfer that a far end was asked to make came to nothing. */
export function referFailure(status: number): EndCause {
  if (status === 486 || status === 600) return "busy";
  return status === 408 || status === 480 || status === 487 ? "no-answer" : "call-refused";
}

/** The status that tells a caller of ours why the one it called did not answer. */
export function statusForCaller(cause: EndCause, sipStatus: number | undefined): number {
  if (sipStatus !== undefined && sipStatus >= 400) return sipStatus === 401 || sipStatus === 407 ? 403 : sipStatus;
  if (cause === "busy") return 486;
  // Also a telephone that is not registered (RFC 3261 §21.4.18).
  return cause === "no-answer" || cause === "call-unreachable" ? 480 : 500;
}

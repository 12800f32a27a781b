import type { RandomBytes } from "../kit/ids.ts";
import type { Hop, SipTransport } from "./hop.ts";
import type { Authorize, OutgoingCall, SessionCommand, SessionEvent, SessionOptions } from "./invite-session/types.ts";
import type { SipFault, SipMessage, SipRequest, SipResponse } from "./message.ts";
import type { ClientKey, ServerKey } from "./transaction/key.ts";
import type { TransactionFault } from "./transaction/types.ts";
import type { Uri } from "./uri.ts";

/** Where we are reached over a transport: sent-by of our Vias and host of our Contacts. */
export interface LocalAddress {
  /** Name or address, IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
}

export interface UserAgentOptions {
  readonly session: SessionOptions;
  /** Most client and most server transactions at a time. */
  readonly maxTransactions: number;
  /** Most calls at a time; beyond it INVITEs get 503. */
  readonly maxSessions: number;
  /** Transports that requests can be sent with. */
  readonly transports: readonly SipTransport[];
  /** How the far end of a hop reaches us. */
  readonly localAddress: (hop: Hop) => LocalAddress;
  readonly random: RandomBytes;
}

/** Names a session within a user agent: its local tag. */
export type SessionId = string;

export type UserAgentInput =
  | { readonly type: "receive"; readonly message: SipMessage; readonly from: Hop }
  /** What came could not be read. */
  | { readonly type: "fault"; readonly fault: SipFault; readonly from: Hop }
  /** Makes a call; `session` is a new tag. `to`: this next hop, whatever the URI says. */
  | {
      readonly type: "call";
      readonly session: SessionId;
      readonly call: OutgoingCall;
      readonly to?: Hop;
      readonly options?: SessionOptions;
    }
  | { readonly type: "command"; readonly session: SessionId; readonly command: SessionCommand }
  /** Sends a request outside a dialog (REGISTER, OPTIONS, MESSAGE), Via and Contact still missing. */
  | {
      readonly type: "send-request";
      readonly token: string;
      readonly request: SipRequest;
      readonly to?: Hop;
      /** User of the Contact it gets; undefined: that of From. */
      readonly contactUser?: string;
    }
  /** Answers a request that was handed up by `request`. */
  | { readonly type: "respond"; readonly key: ServerKey; readonly response: SipResponse }
  /** The places a `resolve` found; none: nobody can be reached. */
  | { readonly type: "resolved"; readonly query: number; readonly hops: readonly Hop[] }
  | { readonly type: "transport-error"; readonly key: ClientKey | ServerKey };

export type UserAgentOrder =
  /** `key`: to be named in `transport-error` when it fails. */
  | { readonly type: "send"; readonly message: SipMessage; readonly to: Hop; readonly key?: ClientKey | ServerKey }
  /** Asks where a URI leads (RFC 3263). */
  | { readonly type: "resolve"; readonly query: number; readonly uri: Uri }
  /** Somebody calls. To be answered by commands to the session. */
  | {
      readonly type: "incoming-call";
      readonly session: SessionId;
      readonly request: SipRequest;
      readonly from: Hop;
      /** The call this one is to take the place of (RFC 3891); it is hung up once this one is answered. */
      readonly replaces?: SessionId;
    }
  /** A request outside a dialog; to be answered by `respond`. */
  | { readonly type: "request"; readonly key: ServerKey; readonly request: SipRequest; readonly from: Hop }
  | { readonly type: "event"; readonly session: SessionId; readonly event: SessionEvent }
  /** What became of a `send-request`: provisional responses too. */
  | { readonly type: "response"; readonly token: string; readonly response: SipResponse; readonly from: Hop }
  | { readonly type: "request-failed"; readonly token: string; readonly fault: TransactionFault }
  /** The session is forgotten. */
  | { readonly type: "closed"; readonly session: SessionId };

export type { Authorize };

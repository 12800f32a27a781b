/** What call control offers to the services and APIs, and what it wants from them in return. Types only. */
import type { CallId, E164, OrgId } from "../../kit/ids.ts";
import type {
  AgentSpec,
  AnsweringMachinePlan,
  CallDirection,
  CallSource,
  CarrierName,
  EndCause,
  MediaEvent,
} from "../../media/protocol.ts";
import type { TransferState } from "./transfer-machine.ts";

/** A call that is about to bring its media to us over a carrier's WebSocket. */
export interface OpenStreamRequest {
  /** Whose the number must be; undefined: anybody's. */
  readonly orgId?: OrgId;
  readonly carrier: CarrierName;
  readonly to: E164;
  /** Caller as the carrier wrote it: E.164, a SIP address or "" when withheld. */
  readonly from: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The carrier's own id. Said again while its call rings, it gives the same call with a new token. */
  readonly carrierCallId?: string;
}

/** The way in for one stream: single use, for 60 s. */
export interface StreamTicket {
  readonly callId: CallId;
  readonly token: string;
  /** wss:// or ws:// URL without a query. */
  readonly url: string;
  /** Wall ms. */
  readonly expiresAt: number;
}

/** A call of ours to be made. */
export interface PlaceCallRequest {
  readonly orgId: OrgId;
  /** Shown to the callee: E.164, or what a phone of ours is known by. */
  readonly from: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** Who talks; undefined: a person will be joined to it. */
  readonly agent: AgentSpec | undefined;
  readonly record: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: the exchange chooses. */
  readonly trunkId?: string;
  /** How long it may ring. */
  readonly ringTimeoutMs?: number;
  readonly answeringMachine?: AnsweringMachinePlan;
  /** Longest it may last; undefined: as long as its agent says. */
  readonly maxDurationMs?: number;
  /** The request's own name: said again, it places no second call. */
  readonly idempotency?: IdempotencyKey;
  /** Whom it is joined with once it is answered, E.164 or the extension of a phone: rung then, while the callee waits. */
  readonly bridgeTo?: string;
  /** Its finished utterances are told to webhooks while it lasts. */
  readonly liveTranscript?: boolean;
}

/** How a call is passed to somebody else. */
export interface TransferRequest {
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** Blind: the caller hears it ring. Attended: the caller hears music while the agent talks with the callee. */
  readonly mode: "blind" | "attended";
  /** Shown to the callee; undefined: our number in the call. */
  readonly from?: string;
  readonly trunkId?: string;
  /** What the agent tells the callee. Private, as words are. */
  readonly briefing?: string;
  /** Attended: join the two when the briefing was said, or when the callee has pressed 1. */
  readonly confirm?: "none" | "key";
  readonly agentAfter?: "leaves" | "listens";
  readonly ringTimeoutMs?: number;
  readonly briefingTimeoutMs?: number;
}

/** What a call's record is told of its transfer. */
export interface TransferNews {
  readonly state: TransferState;
  readonly to: string;
  /** The call to whom it is passed; undefined: there is none of ours. */
  readonly calleeId: CallId | undefined;
  /** Why it failed. */
  readonly cause: EndCause | undefined;
}

/** A member of a conference. */
export interface ConferenceMember {
  readonly callId: CallId;
  readonly agent: "speaks" | "listens" | "leaves" | "none";
}

/** Calls that talk together. */
export interface Conference {
  readonly id: string;
  readonly members: readonly ConferenceMember[];
}

/** Passes calls to other people. */
export interface TransferControl {
  /**
   * Begins a transfer, of one of two calls that talk with each other too; conflict when the call does not talk, is in a
   * conference or being transferred already, or has no agent for an attended one.
   */
  start(callId: CallId, request: TransferRequest): void;
  /** Joins caller and callee of an attended transfer now, or calls a transfer off; conflict when there is none under way. */
  decide(callId: CallId, decision: "complete" | "cancel"): void;
}

/** Addresses that SIP takes nothing from for a while. */
export interface SourceControl {
  /** Every banned address and until when, in wall ms. */
  bans(): readonly { readonly address: string; readonly until: number }[];
  /** Lifts a ban, if there is one. */
  forgive(address: string): void;
}

/** Lets calls talk together. */
export interface ConferenceControl {
  /** Makes a conference of calls that talk, and of those they talk with; conflict when one does not, or is in another. */
  open(members: readonly ConferenceMember[]): Conference;
  get(id: string): Conference;
  list(): readonly Conference[];
  /** Adds a call, or changes what its agent does. */
  join(id: string, member: ConferenceMember): Conference;
  /** The call is by itself again; its agent, if it has one, goes on. */
  leave(id: string, callId: CallId): Conference;
}

/** Names a request for good in its organisation; `requestHash` tells whether it is the same request. */
export interface IdempotencyKey {
  /** What the key is unique in: "" the organisation, or a part of it such as a number. */
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of the request's body, hex. */
  readonly requestHash: string;
}

/** Commands to calls. Refusals are `GatewayError`: not-found, or conflict when the call is not in progress. */
export interface CallControl {
  /**
   * Makes the call's record (status ringing) with a single-use token bound to it; the stream must come within 60 s.
   * not-found with field `to` when no number or agent answers there, unavailable when no media process does.
   */
  openStream(request: OpenStreamRequest): Promise<StreamTicket>;
  /**
   * Makes a call's record (status queued) and dials; resolves before anybody rings. Refusals: invalid-request with field
   * `to` when nothing leads there, not-found for a trunk, rate-limited or unavailable when the trunk or the gateway is
   * full, conflict when the idempotency key names a call that is there, payment-required or forbidden when money or plan
   * do not allow it.
   */
  placeCall(request: PlaceCallRequest): Promise<CallId>;
  /** Has the agent speak a text. */
  say(callId: CallId, text: string): Promise<void>;
  /** Sends keys (0–9, *, #, A–D) to the far end. */
  sendDtmf(callId: CallId, digits: string): Promise<void>;
  readonly transfers: TransferControl;
  readonly conferences: ConferenceControl;
  readonly sources: SourceControl;
  /** Ends a call that rings or is in progress. */
  hangUp(callId: CallId, cause: EndCause): Promise<void>;
  /** prom-client's `getMetricsAsJSON()` of every media process, one array a process. */
  collectMetrics(): Promise<readonly (readonly unknown[])[]>;
  /** Whether calls can be taken now; `detail` has one line a part. */
  readiness(): Readiness;
}

/** Whether calls can be taken now. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail: Readonly<Record<string, string>>;
}

/** What is known of a call when it is made. */
export interface NewCall {
  readonly callId: CallId;
  readonly orgId: OrgId;
  readonly carrier: CallSource;
  readonly carrierCallId?: string;
  readonly direction: CallDirection;
  readonly from: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** Undefined: people talk to each other. */
  readonly agent: AgentSpec | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly record: boolean;
  readonly trunkId?: string;
  readonly phoneId?: string;
  /** Sends back what it hears: nobody pays for that. */
  readonly echo?: true;
  /** The call it is joined to. */
  readonly peerCallId?: string;
  readonly idempotency?: IdempotencyKey;
  /** Longest it may last; undefined: as long as its agent says. */
  readonly maxDurationMs?: number;
  readonly liveTranscript?: boolean;
}

/** How long there is something to pay a call with, where that is shorter than it was to last. */
export interface CallCredit {
  readonly maxDurationMs: number;
}

/** What the signalling of a call came to know of it. */
export interface SignallingFacts {
  /** Call-ID of its dialog. */
  readonly carrierCallId?: string;
  /** Final status of its INVITE. */
  readonly sipStatus?: number;
  /** The far end rings. */
  readonly isRinging?: true;
  readonly peerCallId?: string;
}

/** Who answers a number, whose it is, and whether the call is recorded. */
export interface ResolvedAgent extends AgentSpec {
  readonly orgId: OrgId;
  readonly record: boolean;
  /** Its calls' finished utterances are told to webhooks while they last. */
  readonly liveTranscript?: boolean;
}

/** The durable record as call control needs it; implemented by `service/calls/call-records.ts`, given at start. */
export interface CallRecords {
  /**
   * Writes the call, an inbound one as ringing, one of ours as queued, and sets aside what it may cost; undefined: that
   * is no limit to it. Conflict: its carrier's id or idempotency key is taken. Payment-required, forbidden: it cannot be
   * paid, or the plan does not allow it; an inbound one has its record then, and has ended.
   */
  createCall(call: NewCall): Promise<CallCredit | undefined>;
  /** Tells how a call's transfer goes. */
  noteTransfer(callId: CallId, news: TransferNews): Promise<void>;
  /** Adds what the signalling tells of a call that has not ended. */
  noteSignalling(callId: CallId, facts: SignallingFacts): Promise<void>;
  /** Persists what a media process reports of a call; events without a call are ignored. Resolves when committed. */
  applyMediaEvent(event: MediaEvent): Promise<void>;
  /** Ends a call; the first ending wins, later ones do nothing. False: it had ended already, or never was. */
  endCall(callId: CallId, cause: EndCause, detail: string): Promise<boolean>;
  /** Ends every call that a former run left open, or one gateway of several that is gone; the number of them. */
  failCallsLeftOver(cause: EndCause, nodeId?: string): Promise<number>;
  /**
   * The agent that answers a call; undefined when the number is unknown or nobody answers it. May take seconds: a
   * customer is asked what the agent should know. `from`: who calls, "" when withheld.
   */
  resolveAgent(to: E164, from: string): Promise<ResolvedAgent | undefined>;
  /** The call that rings or talks under the carrier's own id. */
  findOpenCall(carrier: CallSource, carrierCallId: string): Promise<CallId | undefined>;
  /** Absolute path of the WAV a call's recording goes to. */
  recordingPath(callId: CallId): string;
}

/** What call control offers to the services and APIs, and what it wants from them in return. Types only. */
import type { CallId, E164 } from "../../kit/ids.ts";
import type { AgentSpec, CallSource, CarrierName, EndCause, MediaEvent } from "../../media/protocol.ts";

/** A call that is about to bring its media to us over a carrier's WebSocket. */
export interface OpenStreamRequest {
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

/** Commands to calls. Refusals are `GatewayError`: not-found, or conflict when the call is not in progress. */
export interface CallControl {
  /**
   * Makes the call's record (status ringing) with a single-use token bound to it; the stream must come within 60 s.
   * not-found with field `to` when no number or agent answers there, unavailable when no media process does.
   */
  openStream(request: OpenStreamRequest): Promise<StreamTicket>;
  /** Has the agent speak a text. */
  say(callId: CallId, text: string): Promise<void>;
  /** Sends keys (0–9, *, #, A–D) to the far end. */
  sendDtmf(callId: CallId, digits: string): Promise<void>;
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
  readonly carrier: CallSource;
  readonly carrierCallId: string | undefined;
  readonly direction: "inbound";
  readonly from: string;
  readonly to: E164;
  readonly agent: AgentSpec;
  readonly metadata: Readonly<Record<string, string>>;
  readonly record: boolean;
}

/** Who answers a number, and whether the call is recorded. */
export interface ResolvedAgent extends AgentSpec {
  readonly record: boolean;
}

/** The durable record as call control needs it; implemented by `service/calls.ts`, given at start. */
export interface CallRecords {
  /** Writes the call as ringing. */
  createCall(call: NewCall): Promise<void>;
  /** Persists what a media process reports of a call; events without a call are ignored. Resolves when committed. */
  applyMediaEvent(event: MediaEvent): Promise<void>;
  /** Ends a call; the first ending wins, later ones do nothing. False: it had ended already, or never was. */
  endCall(callId: CallId, cause: EndCause, detail: string): Promise<boolean>;
  /** Ends every call that a former run left open; the number of them. */
  failCallsLeftOver(cause: EndCause): Promise<number>;
  /** The agent that answers a number; undefined when the number is unknown or has no inbound agent. */
  resolveAgent(to: E164): Promise<ResolvedAgent | undefined>;
  /** The call that rings or talks under the carrier's own id. */
  findOpenCall(carrier: CallSource, carrierCallId: string): Promise<CallId | undefined>;
  /** Absolute path of the WAV a call's recording goes to. */
  recordingPath(callId: CallId): string;
}

/**
 * What crosses between the control plane and a media process: two unions of plain data, sent as Node IPC messages.
 * Audio never crosses. Instants named `atMs` count from the start of the call's media; `wallMs` is milliseconds since 1970.
 */

import type { AiUsage, ToolDeclaration } from "./ai/session.ts";
import type { MediaPlan } from "./rtp/media-plan.ts";

export type ProviderName = "local" | "openai-realtime" | "pipeline" | "chat-webhook";
export type CarrierName = "twilio";
/** How a call's media reach us: a carrier's media stream, our own telephone exchange, or another call of ours. */
export type CallSource = CarrierName | "sip" | "internal";
/** Whether the telephone called us or we called it. */
export type CallDirection = "inbound" | "outbound";

/** Why a call ended, once, for good. */
export type EndCause =
  | "caller-hung-up"
  | "agent-hung-up"
  | "api-hung-up"
  | "max-duration"
  /** What was there to pay it with (credits, the spending cap, the plan's minutes) was enough for so long. */
  | "out-of-credit"
  | "setup-timeout"
  | "caller-silent"
  | "connection-lost"
  | "peer-not-reading"
  | "protocol-error"
  | "provider-failed"
  | "media-process-died"
  | "gateway-restarted"
  | "gateway-stopped"
  | "rejected"
  /** The far end of a call of ours hung up. */
  | "callee-hung-up"
  | "busy"
  | "no-answer"
  /** The far end of a call of ours, or its network, said no. */
  | "call-refused"
  /** No place a call of ours could go to answered. */
  | "call-unreachable"
  /** We gave a call of ours up before it was answered. */
  | "cancelled"
  /** The telephone talks to somebody else now, without us. */
  | "transferred"
  | "machine-answered"
  | "internal-error";

/** Why a call ends that has lasted as long as it may. */
export type DurationCause = Extract<EndCause, "max-duration" | "out-of-credit">;

export type { MediaPlan };

/** How turns are taken; every length in ms. Defaults and meaning in `talk/turn-options.ts`. */
export interface TurnSettings {
  readonly detection?: "local" | "provider";
  readonly endpointingMs?: number;
  readonly maxEndpointingMs?: number;
  readonly bargeInConfirmMs?: number;
  readonly falseInterruptionMs?: number;
  readonly interruptible?: boolean;
  readonly greetingInterruptible?: boolean;
  readonly nudgeAfterMs?: number;
  readonly maxNudges?: number;
  readonly nudgeText?: string;
  readonly dtmfTimeoutMs?: number;
  readonly dtmfMaxDigits?: number;
}

/** A tool run by an HTTPS request to the customer. */
export interface ToolSpec extends ToolDeclaration {
  readonly url: string;
  /** Key of the HMAC on the request. */
  readonly secret: string;
  readonly timeoutMs: number;
  /** HTTP headers to send along, by their names. */
  readonly headers: Readonly<Record<string, string>>;
  /** In whose words the request is written and signed; undefined: our own. */
  readonly style?: "native" | "agentcall";
}

/** Somebody an agent may put its caller through to. */
export interface TransferTarget {
  /** What the model calls it by; no other target of the agent has it. */
  readonly name: string;
  /** For the model: who this is, and which callers belong there. */
  readonly description: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** Blind: the caller hears it ring. Attended: the caller hears music while the agent talks with the other side. */
  readonly mode: "blind" | "attended";
  /** Attended: join the two when the briefing was said, or when the other side has pressed 1. */
  readonly confirm: "none" | "key";
}

/** The persona of a call, frozen when the call begins. */
export interface AgentSpec {
  readonly agentId: string;
  readonly name: string;
  readonly provider: ProviderName;
  readonly model: string | undefined;
  readonly voice: string | undefined;
  readonly language: string;
  readonly instructions: string;
  readonly firstMessage: string | undefined;
  readonly tools: readonly ToolSpec[];
  /** Whom it may put its caller through to; none: it cannot. */
  readonly transfers: readonly TransferTarget[];
  readonly turn: TurnSettings;
  readonly maxDurationMs: number;
  /** The customer's endpoint in the LLM's place (`chat-webhook`). */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
  /** The customer's own key of the provider, in place of the gateway's; a secret. */
  readonly providerKey?: string;
}

/** Everything a media process needs to hold one call. */
export interface CallPlan {
  readonly callId: string;
  readonly carrier: CallSource;
  readonly from: string;
  readonly to: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: nobody of ours is on the call, it is there to be joined with others (or to hear itself). */
  readonly agent: AgentSpec | undefined;
  /** Absolute path of the WAV to write, or undefined for no recording. */
  readonly recordingPath: string | undefined;
  /** Who is at the far end: without it, somebody who called us. */
  readonly direction?: CallDirection;
  /** A call without an agent sends back what it hears. */
  readonly echo?: boolean;
  /** Longest the call may last; without it, its agent's, or four hours. */
  readonly maxDurationMs?: number;
  /** Why it ends then. */
  readonly durationCause?: DurationCause;
  /** Its agent waits to be told who answered; without it, whoever answers is a person. */
  readonly answeringMachine?: AnsweringMachinePlan | undefined;
}

/** Who answered an outgoing call; `unknown` while, and when, it cannot be told. */
export type AnsweredBy = "human" | "machine" | "unknown";

/** What is done about answering machines on an outgoing call. */
export interface AnsweringMachinePlan {
  readonly onMachine: "hang-up" | "leave-message" | "continue";
  /** Spoken after the beep; undefined: what the agent says first. Private, as words are. */
  readonly message: string | undefined;
  /** By when it is decided who answered, from the answer on. */
  readonly decideWithinMs: number;
}

/** What the telephone of a call in a room hears; only those who hear the room are heard in it. */
export type RoomHearing = "room" | "music" | "ringback" | "nothing";

/**
 * What the call's agent does in a room: takes part, only listens (and writes the transcript), waits without hearing
 * anything, or leaves for good. `none`: the call has no agent, or it stays as it is.
 */
export type RoomAgent = "speaks" | "listens" | "suspended" | "leaves" | "none";

/** What the carrier said when the stream began; the token decides which call it is. */
export interface StreamOffer {
  readonly carrier: CarrierName;
  readonly token: string;
  readonly carrierCallId: string;
  readonly carrierStreamId: string;
  readonly remoteAddress: string;
}

export type MediaCommand =
  | { readonly type: "accept-stream"; readonly connectionId: string; readonly plan: CallPlan }
  | { readonly type: "refuse-stream"; readonly connectionId: string; readonly reason: string }
  /** Takes ports for a call's RTP: `rtp-opened` follows, or the call's ending. `address`: local IP to bind. */
  | { readonly type: "open-rtp"; readonly plan: CallPlan; readonly address: string }
  /**
   * The call was answered and its media agreed on. `early`: it was not answered yet, `answer-rtp` tells when it is; until then
   * it has not started. Only for calls without an agent, who would speak at once.
   */
  | { readonly type: "begin-rtp"; readonly callId: string; readonly media: MediaPlan; readonly early?: true }
  /** The call whose media began early was answered: it starts. */
  | { readonly type: "answer-rtp"; readonly callId: string }
  /** A re-INVITE was agreed on. */
  | { readonly type: "change-rtp"; readonly callId: string; readonly media: MediaPlan }
  /** A key that came by SIP INFO. */
  | { readonly type: "info-key"; readonly callId: string; readonly key: string }
  | { readonly type: "say"; readonly callId: string; readonly text: string }
  | { readonly type: "send-dtmf"; readonly callId: string; readonly digits: string }
  /** `afterPlayout`: only when what is being said was played. */
  | { readonly type: "hang-up"; readonly callId: string; readonly cause: EndCause; readonly afterPlayout: boolean }
  /** A call joins a room, or changes its place in it. Where a room's calls are in several media processes, links join these. */
  | {
      readonly type: "join-room";
      readonly callId: string;
      readonly roomId: string;
      readonly hears: RoomHearing;
      readonly agent: RoomAgent;
      /** What the agent is told, with the request to speak now; private, as words are. */
      readonly instruct?: string;
    }
  /** The call and its agent are by themselves again; `note`: what the agent is told before it goes on. */
  | { readonly type: "leave-room"; readonly callId: string; readonly note?: string }
  /** Answers `transfer-wanted`. `refusal`: why it is not done, in words for the model; without it, it is under way. */
  | {
      readonly type: "answer-transfer";
      readonly callId: string;
      readonly toolCallId: string;
      readonly refusal?: string;
    }
  /**
   * Links a room with the room of the same name in another media process, over UDP on loopback: `link-opened` tells the
   * port. `token`: 32 hex digits that every packet bears, a secret of the two.
   */
  | { readonly type: "open-link"; readonly linkId: string; readonly roomId: string; readonly token: string }
  /** The other side's port; audio flows. */
  | { readonly type: "connect-link"; readonly linkId: string; readonly port: number }
  | { readonly type: "close-link"; readonly linkId: string }
  /** Two numbers of ours talk to each other: the first one's call is to the second. */
  | { readonly type: "open-pair"; readonly plans: readonly [CallPlan, CallPlan] }
  /** Take no new streams; exit when the last call ended. */
  | { readonly type: "drain" }
  | { readonly type: "report-metrics"; readonly requestId: number };

/** One thing said, as heard. Private: never in a log line. */
export interface Utterance {
  readonly utteranceId: string;
  readonly role: "agent" | "caller";
  readonly text: string;
  readonly startMs: number;
  readonly endMs: number;
  /** The agent was cut off: `text` ends where the caller stopped hearing. */
  readonly interrupted: boolean;
  /** `speech`, or `dtmf` when the caller pressed keys. */
  readonly via: "speech" | "dtmf";
}

/** Parts of one turn's latency, all in ms since the call's media began. Undefined: did not happen. */
export interface TurnTiming {
  readonly turnId: string;
  readonly reason: string;
  readonly callerLastVoicedAtMs: number | undefined;
  readonly decidedAtMs: number;
  readonly providerFirstByteAtMs: number | undefined;
  readonly firstFrameOnWireAtMs: number | undefined;
}

/** The caller spoke over the agent. */
export interface Interruption {
  readonly onsetAtMs: number;
  /** When the agent's voice was stopped (paused) and the order to clear went out. */
  readonly silencedAtMs: number;
  readonly decidedAtMs: number | undefined;
  /** `backchannel` and `false-alarm` went on where they stopped; `yielded` lost the floor. */
  readonly outcome: "backchannel" | "yielded" | "false-alarm";
  readonly heardMs: number | undefined;
}

export interface CallStats {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly underruns: number;
  readonly ignoredMessages: number;
  readonly faults: number;
}

export type MediaEvent =
  | { readonly type: "ready"; readonly pid: number; readonly wsPort: number; readonly wsEngine: string }
  | { readonly type: "stream-offered"; readonly connectionId: string; readonly offer: StreamOffer }
  /** The socket went away before it was accepted. */
  | { readonly type: "stream-withdrawn"; readonly connectionId: string }
  /** The even port of a call's RTP, for its SDP. */
  | { readonly type: "rtp-opened"; readonly callId: string; readonly port: number }
  /** No RTP has come for so long; told again each time as long has gone by. */
  | { readonly type: "rtp-silent"; readonly callId: string; readonly silentMs: number }
  /** Keys that the far end takes by the signalling alone (SIP INFO). */
  | { readonly type: "keys-wanted"; readonly callId: string; readonly digits: string }
  | { readonly type: "call-started"; readonly callId: string; readonly wallMs: number }
  | {
      readonly type: "call-ended";
      readonly callId: string;
      readonly wallMs: number;
      readonly durationMs: number;
      readonly cause: EndCause;
      readonly detail: string;
      readonly stats: CallStats;
      readonly recording:
        | { readonly path: string; readonly durationMs: number; readonly sizeBytes: number }
        | undefined;
    }
  | { readonly type: "utterance"; readonly callId: string; readonly utterance: Utterance }
  | {
      readonly type: "transcript-partial";
      readonly callId: string;
      readonly role: "agent" | "caller";
      readonly utteranceId: string;
      readonly text: string;
      readonly atMs: number;
    }
  | { readonly type: "dtmf"; readonly callId: string; readonly digit: string; readonly atMs: number }
  /** Who answered, as far as known at `atMs`; corrected until it is final. `confidence`: 0 to 1. */
  | {
      readonly type: "answered-by";
      readonly callId: string;
      readonly kind: AnsweredBy;
      readonly confidence: number;
      readonly atMs: number;
      readonly isFinal: boolean;
    }
  /** Null: the call and its agent are by themselves again. */
  | { readonly type: "room-changed"; readonly callId: string; readonly roomId: string | null; readonly atMs: number }
  /** A link's port on loopback. */
  | { readonly type: "link-opened"; readonly linkId: string; readonly port: number }
  /** A link is over and nobody asked for it. `empty`: its room has no telephone left here. */
  | { readonly type: "link-closed"; readonly linkId: string; readonly reason: "empty" | "failed" }
  | {
      readonly type: "tool-started";
      readonly callId: string;
      readonly toolCallId: string;
      readonly name: string;
      readonly argumentsJson: string;
      readonly atMs: number;
    }
  | {
      readonly type: "tool-ended";
      readonly callId: string;
      readonly toolCallId: string;
      readonly name: string;
      readonly ok: boolean;
      readonly output: string;
      readonly durationMs: number;
      readonly atMs: number;
    }
  /** The agent puts its caller through to a target of its own, and what it said before was played. */
  | {
      readonly type: "transfer-wanted";
      readonly callId: string;
      readonly toolCallId: string;
      /** The target's name. */
      readonly target: string;
      /** What the other side is told; private, as words are. */
      readonly briefing: string | undefined;
    }
  | { readonly type: "turn"; readonly callId: string; readonly turn: TurnTiming }
  | { readonly type: "interruption"; readonly callId: string; readonly interruption: Interruption }
  | { readonly type: "usage"; readonly callId: string; readonly usage: Partial<AiUsage> }
  | {
      readonly type: "call-error";
      readonly callId: string;
      readonly kind: string;
      readonly message: string;
      readonly fatal: boolean;
      readonly atMs: number;
    }
  /** `metrics` is prom-client's `getMetricsAsJSON()`. */
  | { readonly type: "metrics"; readonly requestId: number; readonly metrics: readonly unknown[] }
  | { readonly type: "drained" };

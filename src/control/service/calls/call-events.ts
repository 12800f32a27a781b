/** What happens in a call, as told to those who follow it: plain data, in inner words. */
import type { AnsweredBy, EndCause, Interruption, MediaEvent, TurnTiming, Utterance } from "../../../media/protocol.ts";
import type { TransferState } from "../../calls/transfer-machine.ts";

/** What a call used, by kind; the numbers only grow. */
export type Usage = Required<Extract<MediaEvent, { type: "usage" }>["usage"]>;

/** What each kind of event carries. Instants named `atMs` count from the start of the call's media. */
export interface CallEventData {
  /** A call of ours was placed. */
  "call.queued": { carrier: string; direction: string; from: string; to: string; agentId: string | null };
  "call.ringing": { carrier: string; direction: string; from: string; to: string; agentId: string | null };
  /** The call is being passed to somebody else, or was, or could not be. */
  "call.transfer": { state: TransferState; to: string; cause: EndCause | null; calleeId: string | null };
  "call.started": { startedAt: number };
  /** Corrected until `isFinal`; `confidence` is 0 to 1. */
  "call.answered-by": { kind: AnsweredBy; confidence: number; atMs: number; isFinal: boolean };
  "call.ended": { cause: EndCause; detail: string; durationMs: number | null; recorded: boolean };
  "transcript.partial": { utteranceId: string; role: "agent" | "caller"; text: string; atMs: number };
  "transcript.final": Utterance;
  "tool.started": { toolCallId: string; name: string; argumentsJson: string; atMs: number };
  "tool.ended": {
    toolCallId: string;
    name: string;
    ok: boolean;
    output: string;
    durationMs: number;
    atMs: number;
  };
  "turn.completed": TurnTiming;
  interruption: Interruption;
  dtmf: { digit: string; atMs: number };
  usage: Partial<Usage>;
  "call.error": { kind: string; message: string; fatal: boolean; atMs: number };
}

export type CallEventType = keyof CallEventData;

/** A change's event before it has its numbers. */
export type NewCallEvent = {
  [Type in CallEventType]: { readonly callId: string; readonly type: Type; readonly data: CallEventData[Type] };
}[CallEventType];

/** An event as committed: `id` grows over all calls (what `Last-Event-ID` names), `sequence` over one call. */
export type CallEvent = NewCallEvent & {
  readonly orgId: string;
  readonly id: number;
  readonly sequence: number;
  readonly wallMs: number;
};

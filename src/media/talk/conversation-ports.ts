import type { IdKind } from "../../kit/ids.ts";
import type { AiSession } from "../ai/session.ts";
import type { CallLeg } from "../leg.ts";
import type { EndCause, MediaEvent } from "../protocol.ts";
import type { Playout, PlayoutSink } from "./playout.ts";

/** What the agent does now: talks, listens without a word, or neither hears nor speaks. */
export type AgentPresence = "talks" | "listens" | "away";

/** A call event without its call: the shell adds whose it is. */
export type ConversationNews = MediaEvent extends infer Event
  ? Event extends { readonly callId: string }
    ? Omit<Event, "callId">
    : never
  : never;

/**
 * What a conversation has done for it. None of these may call back into the conversation before they return, but for two:
 * `ai.order` may bring events, and `end` brings `closed`.
 */
export interface ConversationPorts {
  readonly leg: CallLeg;
  readonly ai: AiSession;
  readonly playout: Playout;
  /** Where the playout's bytes, marks and clears go, and what was heard of them. */
  readonly playoutSink: PlayoutSink;
  report(news: ConversationNews): void;
  /** Runs a customer's tool; the answer comes back through `toolFinished`. */
  runTool(toolCallId: string, name: string, argumentsJson: string): void;
  /** The call is over for this reason; `closed` follows. */
  end(cause: EndCause, detail: string): void;
  count(kind: string): void;
  /** The AI sent something nobody knows. */
  ignored(): void;
  makeId(kind: IdKind): string;
}

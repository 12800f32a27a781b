/** Statuses in AgentCall's words: one table for each kind, total over the inner ones. */
import type { CallDirection, EndCause, Utterance } from "../../../media/protocol.ts";
import type { Call } from "../../service/calls/kept-call.ts";
import type { ContextSource } from "../../service/numbers/extras.ts";
import type { TextStatus } from "../../service/texts/texts.ts";
import { type CallState, stateOf } from "../call-states.ts";

/** What a call's status is called, in REST and webhooks alike. */
export const callStatuses = [
  "initiated",
  "ringing",
  "in-progress",
  "completed",
  "busy",
  "no_answer",
  "failed",
  "trial_exhausted",
] as const;
export type CallStatusWord = (typeof callStatuses)[number];

const byState: Readonly<Record<CallState, CallStatusWord>> = {
  queued: "initiated",
  ringing: "ringing",
  "in-progress": "in-progress",
  completed: "completed",
  busy: "busy",
  "no-answer": "no_answer",
  failed: "failed",
  canceled: "failed",
};

/** Endings that have a word of their own here when the call never connected. */
const byCause: Readonly<Partial<Record<EndCause, CallStatusWord>>> = { "out-of-credit": "trial_exhausted" };

export function statusOfCall(call: Pick<Call, "status" | "cause" | "startedAt">): CallStatusWord {
  const ending = call.startedAt === null && call.cause !== null ? byCause[call.cause] : undefined;
  return ending ?? byState[stateOf(call)];
}

/** What a text's status is called. */
export const textStatuses = {
  queued: "queued",
  sent: "sent",
  delivered: "delivered",
  failed: "failed",
  received: "received",
} as const satisfies Record<TextStatus, string>;

export const directions = { inbound: "inbound", outbound: "outbound" } as const satisfies Record<CallDirection, string>;

/** Who said something. */
export const roles = { agent: "ai", caller: "human" } as const satisfies Record<Utterance["role"], string>;

/** Where an agent's knowledge before a call comes from. */
export const contextSources = {
  none: "none",
  memory: "agentcall_memory",
  webhook: "webhook",
  merge: "merge",
} as const satisfies Record<ContextSource, string>;
export type ContextSourceWord = (typeof contextSources)[ContextSource];

/** The way back: a word's inner name. */
export const contextSourceOf = {
  none: "none",
  agentcall_memory: "memory",
  webhook: "webhook",
  merge: "merge",
} as const satisfies Record<ContextSourceWord, ContextSource>;

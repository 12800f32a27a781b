/** Statuses and roles in JagCall's words: one table for each kind, total over the inner ones. */
import type { Utterance } from "../../../media/protocol.ts";
import type { TextStatus } from "../../service/texts/texts.ts";
import type { CallState } from "../call-states.ts";

/** What a call's state is called. `queued` and `completed` are documented, the others are ours. */
export const callStatuses = {
  queued: "queued",
  ringing: "ringing",
  "in-progress": "in_progress",
  completed: "completed",
  busy: "busy",
  "no-answer": "no_answer",
  failed: "failed",
  canceled: "canceled",
} as const satisfies Record<CallState, string>;
export type CallStatusWord = (typeof callStatuses)[CallState];

/** The way back: a word's state. */
export const stateOfWord = Object.fromEntries(
  Object.entries(callStatuses).map(([state, word]) => [word, state]),
) as Readonly<Record<CallStatusWord, CallState>>;

/** What a text's status is called. Whoever sends one reads `sent` at once, as documented: it is on its way. */
export const textStatuses = {
  queued: "sent",
  sent: "sent",
  delivered: "delivered",
  failed: "failed",
  received: "received",
} as const satisfies Record<TextStatus, string>;

/** Who said something. */
export const roles = { agent: "agent", caller: "user" } as const satisfies Record<Utterance["role"], string>;

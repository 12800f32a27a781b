/** Statuses in AgentCall's words: one table for each kind, total over the inner ones. */
import type { CallDirection, EndCause, Utterance } from "../../../media/protocol.ts";
import type { Call, CallStatus } from "../../service/kept-call.ts";
import type { ContextSource } from "../../service/numbers/extras.ts";
import type { TextStatus } from "../../service/texts.ts";

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

const beforeTheEnd: Readonly<Record<Exclude<CallStatus, "ended">, CallStatusWord>> = {
  queued: "initiated",
  ringing: "ringing",
  "in-progress": "in-progress",
};

/** How a call ended that never connected; one that did is `completed`, whatever ended it. */
const unconnected: Readonly<Record<EndCause, CallStatusWord>> = {
  "caller-hung-up": "no_answer",
  "agent-hung-up": "failed",
  "api-hung-up": "failed",
  "max-duration": "failed",
  // Refused at the carrier, before anybody answered.
  "out-of-credit": "trial_exhausted",
  "setup-timeout": "failed",
  "caller-silent": "failed",
  "connection-lost": "failed",
  "peer-not-reading": "failed",
  "protocol-error": "failed",
  "provider-failed": "failed",
  "media-process-died": "failed",
  "gateway-restarted": "failed",
  "gateway-stopped": "failed",
  rejected: "failed",
  "callee-hung-up": "no_answer",
  busy: "busy",
  "no-answer": "no_answer",
  "call-refused": "failed",
  "call-unreachable": "failed",
  cancelled: "no_answer",
  transferred: "completed",
  "machine-answered": "completed",
  "internal-error": "failed",
};

export function statusOfCall({
  status,
  cause,
  startedAt,
}: Pick<Call, "status" | "cause" | "startedAt">): CallStatusWord {
  if (status !== "ended") return beforeTheEnd[status];
  return startedAt === null && cause !== null ? unconnected[cause] : "completed";
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

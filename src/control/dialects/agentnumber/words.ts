/** Statuses, roles, modes and events in AgentNumber's words: one table for each kind, total over the inner ones. */
import type { Utterance } from "../../../media/protocol.ts";
import type { InboundConfig } from "../../service/numbers/numbers.ts";
import type { TextStatus } from "../../service/texts/texts.ts";
import type { NoticeType } from "../../service/webhooks/notices.ts";
import type { CallState } from "../call-states.ts";

/** What a call's state is called. */
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

/** What a text's status is called. */
export const textStatuses = {
  queued: "queued",
  sent: "sent",
  delivered: "delivered",
  failed: "failed",
  received: "received",
} as const satisfies Record<TextStatus, string>;

/** Who said something, as chat completions call them. */
export const roles = { agent: "assistant", caller: "user" } as const satisfies Record<Utterance["role"], string>;

/** What becomes of calls that come in: the agent takes them all, or nobody does. */
export const inboundModes = { ai: "autopilot", off: "off" } as const satisfies Record<InboundConfig["mode"], string>;
export type InboundModeWord = (typeof inboundModes)[InboundConfig["mode"]];

/** The way back: whether anybody answers. */
export const answersIn = { autopilot: true, off: false } as const satisfies Record<InboundModeWord, boolean>;

/** The events a webhook may ask for. */
export const eventNames = [
  "call.started",
  "call.ended",
  "call.transcript.ready",
  "call.recording.ready",
  "sms.sent",
  "sms.received",
] as const;
export type EventName = (typeof eventNames)[number];

/** What each notice is called; undefined: this API does not speak of it. */
export const eventOf: Readonly<Record<NoticeType, EventName | undefined>> = {
  "call.initiated": undefined,
  "call.inbound": undefined,
  "call.ringing": undefined,
  "call.answered": "call.started",
  "call.ended": "call.ended",
  "call.recording-ready": "call.recording.ready",
  "call.transcript-ready": "call.transcript.ready",
  "call.transcript-line": undefined,
  "text.sent": "sms.sent",
  "text.delivered": undefined,
  "text.failed": undefined,
  "text.received": "sms.received",
  "text.otp": undefined,
  "number.released": undefined,
};

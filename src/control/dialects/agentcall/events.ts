/** The names of AgentCall's events: one table, total over what the service tells. */
import type { NoticeType } from "../../service/webhooks/notices.ts";

/** Every event a webhook may ask for. */
export const eventNames = [
  "sms.inbound",
  "sms.otp",
  "sms.ai_reply",
  "call.inbound",
  "call.ringing",
  "call.status",
  "call.recording",
  "call.transcript",
  "call.report.ready",
  "transcript.partial",
  "number.released",
] as const;
export type EventName = (typeof eventNames)[number];

/** What each notice is called; null: this API does not speak of it. */
export const eventOf = {
  "call.initiated": "call.status",
  "call.inbound": "call.inbound",
  "call.ringing": "call.ringing",
  "call.answered": "call.status",
  "call.ended": "call.status",
  "call.recording-ready": "call.recording",
  "call.transcript-ready": "call.transcript",
  "call.transcript-line": "transcript.partial",
  "text.sent": null,
  "text.delivered": null,
  "text.failed": null,
  "text.received": "sms.inbound",
  "text.otp": "sms.otp",
  "number.released": "number.released",
} as const satisfies Record<NoticeType, EventName | null>;

import { type DialectVoice, type Notice, type NoticeType, signatureHeaders } from "../../service/webhooks/notices.ts";
import { renderCall, renderUtterance } from "./render-call.ts";
import { instant } from "./shapes.ts";
import { renderText } from "./texts.ts";

/** The events of this API are the notices themselves. */
const events: Readonly<Record<NoticeType, true>> = {
  "call.initiated": true,
  "call.inbound": true,
  "call.ringing": true,
  "call.answered": true,
  "call.ended": true,
  "call.recording-ready": true,
  "call.transcript-ready": true,
  "call.transcript-line": true,
  "text.sent": true,
  "text.delivered": true,
  "text.failed": true,
  "text.received": true,
  "text.otp": true,
  "number.released": true,
};

/** Names of the events a native webhook may ask for. */
export const nativeEvents: readonly string[] = Object.keys(events);

/** How the native API tells of events: `{id, type, sequence, created_at, data}`. */
export const nativeVoice: DialectVoice = {
  events: nativeEvents,
  eventOf: (notice) => notice.type,
  payloadOf: (notice, event) => ({
    id: event.id,
    type: event.name,
    sequence: event.sequence,
    created_at: instant(event.createdAt),
    data: renderNotice(notice),
  }),
  headers: (_event, signatures) => signatureHeaders("X-Tandem-Body-Signature", signatures),
};

function renderNotice(notice: Notice): unknown {
  switch (notice.type) {
    case "call.initiated":
    case "call.inbound":
    case "call.ringing":
    case "call.answered":
    case "call.ended":
    case "call.recording-ready":
      return { call: renderCall(notice.call) };
    case "call.transcript-ready":
      return {
        call: renderCall(notice.call),
        transcript: notice.transcript.map(renderUtterance),
        summary: notice.summary && {
          summary: notice.summary.summary,
          caller_name: notice.summary.callerName,
          intent: notice.summary.intent,
          urgency: notice.summary.urgency,
          callback_by: notice.summary.callbackBy,
          spam: notice.summary.spam,
        },
      };
    case "call.transcript-line":
      return {
        call_id: notice.call.id,
        sequence: notice.sequence,
        utterance: renderUtterance(notice.utterance),
      };
    case "text.sent":
    case "text.delivered":
    case "text.failed":
    case "text.received":
      return { text: renderText(notice.text) };
    case "text.otp":
      return { text: renderText(notice.text), otp: notice.otp };
    case "number.released":
      return { number: { id: notice.number.id, number: notice.number.number } };
  }
}

import { type DialectVoice, type Notice, signatureHeaders } from "../../service/webhooks/notices.ts";
import { instant } from "../shapes.ts";
import { renderCall, renderText, renderTranscript } from "./render.ts";
import { eventNames, eventOf } from "./words.ts";

/** How AgentNumber tells of events: `{id, event, sequence, created_at, data}`, `data` as the API itself answers. */
export const agentnumberVoice: DialectVoice = {
  events: eventNames,
  eventOf: ({ type }) => eventOf[type],
  payloadOf: (notice, event) => ({
    id: event.id,
    event: event.name,
    sequence: event.sequence,
    created_at: instant(event.createdAt),
    data: renderNotice(notice),
  }),
  headers: (event, signatures) => ({
    "X-AgentNumber-Event": event.name,
    ...signatureHeaders("X-AgentNumber-Signature", signatures),
  }),
};

function renderNotice(notice: Notice): unknown {
  switch (notice.type) {
    case "call.transcript-ready":
      return renderTranscript(notice.call.id, notice.transcript, notice.summary);
    case "call.initiated":
    case "call.inbound":
    case "call.ringing":
    case "call.answered":
    case "call.ended":
    case "call.recording-ready":
    case "call.transcript-line":
      return renderCall(notice.call);
    case "text.sent":
    case "text.delivered":
    case "text.failed":
    case "text.received":
    case "text.otp":
      return renderText(notice.text);
    case "number.released":
      return { id: notice.number.id };
  }
}

import type { Call } from "../../service/calls/kept-call.ts";
import { type DialectVoice, type Notice, signatureHeaders } from "../../service/webhooks/notices.ts";
import { instant } from "../shapes.ts";
import { eventNames, eventOf } from "./events.ts";
import { durationOf, metadataOf, renderUtterance } from "./render-call.ts";
import { renderMessage } from "./render-text.ts";
import { directions, statusOfCall } from "./words.ts";

/** How AgentCall tells of events: flat bodies as documented, with the event's name in front; its id is in a header. */
export const agentcallVoice: DialectVoice = {
  events: eventNames,
  eventOf: (notice) => eventOf[notice.type] ?? undefined,
  payloadOf: (notice, event) => ({ event: event.name, ...renderNotice(notice, event.createdAt) }),
  headers: (event, signatures) => ({
    "X-AgentCall-Event": event.name,
    "X-AgentCall-Event-Id": event.id,
    ...signatureHeaders("X-AgentCall-Signature", signatures),
  }),
};

/** `toldAt`: when it happened, wall ms. */
function renderNotice(notice: Notice, toldAt: number): object {
  switch (notice.type) {
    case "call.initiated":
    case "call.inbound":
    case "call.ringing":
    case "call.answered":
    case "call.ended":
      return { ...renderStatus(notice.call), timestamp: instant(toldAt) };
    case "call.recording-ready":
      return { ...aboutCall(notice.call), duration: durationOf(notice.call), timestamp: instant(toldAt) };
    case "call.transcript-ready":
      return {
        ...aboutCall(notice.call),
        duration: durationOf(notice.call),
        transcript: notice.transcript.map((line) => renderUtterance(notice.call, line)),
        summary: notice.summary,
      };
    case "call.transcript-line":
      return {
        ...aboutCall(notice.call),
        sequence: notice.sequence,
        ...renderUtterance(notice.call, notice.utterance),
      };
    case "text.sent":
    case "text.delivered":
    case "text.failed":
    case "text.received":
      return { message: renderMessage(notice.text) };
    case "text.otp":
      return { otp: notice.otp, message: renderMessage(notice.text) };
    case "number.released":
      return { numberId: notice.number.id, number: notice.number.number, timestamp: instant(toldAt) };
  }
}

/** What every event of a call carries. */
function aboutCall(call: Call) {
  const metadata = metadataOf(call);
  return { callId: call.id, peerCallId: call.peerCallId, ...(metadata && { metadata }) };
}

function renderStatus(call: Call) {
  return {
    ...aboutCall(call),
    status: statusOfCall(call),
    direction: directions[call.direction],
    from: call.from,
    to: call.to,
    duration: durationOf(call),
  };
}

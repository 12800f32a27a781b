/** Numbers, calls and texts in AgentNumber's words: the same in answers and in webhooks. */
import type { Utterance } from "../../../media/protocol.ts";
import type { Call } from "../../service/calls/kept-call.ts";
import type { TelephoneNumber } from "../../service/numbers/numbers.ts";
import { sideOf, type Text } from "../../service/texts/texts.ts";
import type { CallSummary } from "../../service/webhooks/notices.ts";
import { stateOf } from "../call-states.ts";
import { instant, instantOrNull } from "../shapes.ts";
import { cents, textIds } from "./shapes.ts";
import { callStatuses, inboundModes, roles, textStatuses } from "./words.ts";

export function renderNumber(number: TelephoneNumber) {
  const agent = number.inbound?.agent ?? number.outbound?.agent;
  const webhookUrl = agent?.webhookUrl ?? null;
  return {
    id: number.id,
    phone_number: number.number,
    status: "active",
    mode: webhookUrl === null ? "managed" : "webhook",
    system_prompt: agent?.instructions ?? null,
    webhook_url: webhookUrl,
    first_message: agent?.firstMessage ?? null,
    voice_id: agent?.voice ?? null,
    inbound_mode: inboundModes[number.inbound?.mode ?? "off"],
    record: agent?.record ?? false,
    area_code: number.areaCode,
    country: number.country,
    capabilities: number.capabilities,
    metadata: number.metadata,
    created_at: instant(number.createdAt),
    updated_at: instant(number.updatedAt),
  };
}

export function renderCall(call: Call) {
  return {
    id: call.id,
    direction: call.direction,
    from: call.from,
    to: call.to,
    status: callStatuses[stateOf(call)],
    duration_seconds: call.durationMs === null ? null : Math.round(call.durationMs / 1000),
    cost_cents: cents(call.costMicros),
    has_recording: call.recording !== null,
    metadata: call.metadata,
    created_at: instant(call.createdAt),
    started_at: instantOrNull(call.startedAt),
    ended_at: instantOrNull(call.endedAt),
  };
}

export function renderTranscript(callId: string, lines: readonly Utterance[], summary: CallSummary | null) {
  return {
    call_id: callId,
    summary: summary?.summary ?? null,
    transcript: lines.map(({ role, text, startMs }) => ({
      role: roles[role],
      content: text,
      timestamp: Math.round(startMs) / 1000,
    })),
  };
}

export function renderText(text: Text) {
  return {
    id: textIds.show(text.id),
    direction: sideOf(text),
    from: text.from,
    to: text.to,
    body: text.body,
    status: textStatuses[text.status],
    segments: text.segments,
    metadata: text.metadata,
    created_at: instant(text.createdAt),
    updated_at: instant(text.updatedAt),
  };
}

import { type Static, Type } from "@fastify/type-provider-typebox";
import type { CallDirection, CallSource, CarrierName, EndCause } from "../../../media/protocol.ts";
import { spokenLanguages } from "../../service/agents/spoken-language.ts";
import type { CallStatus } from "../../service/calls/kept-call.ts";
import { metadataLimits } from "../../service/calls/metadata.ts";
import { InlineAgentBody } from "./agent-schemas.ts";
import { pageQuery } from "./paging.ts";
import { e164Pattern, Instant, NumberOrExtension, nullable, strict, textMap, words } from "./shapes.ts";

const carriers = Object.keys({ twilio: true } satisfies Record<CarrierName, true>) as CarrierName[];
const sources = Object.keys({ twilio: true, sip: true, internal: true } satisfies Record<
  CallSource,
  true
>) as CallSource[];

const directions: readonly CallDirection[] = ["inbound", "outbound"];

const statuses = Object.keys({
  queued: true,
  ringing: true,
  "in-progress": true,
  ended: true,
} satisfies Record<CallStatus, true>) as CallStatus[];

/** Who ended a call, by its cause. */
export const endedBy = {
  "caller-hung-up": "caller",
  "agent-hung-up": "agent",
  "api-hung-up": "api",
  "max-duration": "gateway",
  "out-of-credit": "gateway",
  "setup-timeout": "carrier",
  "caller-silent": "gateway",
  "connection-lost": "carrier",
  "peer-not-reading": "carrier",
  "protocol-error": "carrier",
  "provider-failed": "provider",
  "media-process-died": "gateway",
  "gateway-restarted": "gateway",
  "gateway-stopped": "gateway",
  rejected: "gateway",
  "callee-hung-up": "callee",
  busy: "callee",
  "no-answer": "callee",
  "call-refused": "callee",
  "call-unreachable": "carrier",
  cancelled: "api",
  transferred: "gateway",
  "machine-answered": "gateway",
  "internal-error": "gateway",
} as const satisfies Record<EndCause, string>;
const causes = Object.keys(endedBy) as EndCause[];

const CallMetadata = textMap({
  maxProperties: metadataLimits.keys,
  names: `^[A-Za-z0-9_.-]{1,${metadataLimits.keyChars}}$`,
  maxLength: metadataLimits.valueChars,
});

const AnsweringMachineBody = Type.Object(
  {
    on_machine: words(["hang-up", "leave-message", "continue"]),
    message: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: "Said after the beep." })),
    decide_within_ms: Type.Optional(Type.Integer({ minimum: 1_000, maximum: 10_000 })),
  },
  { ...strict, description: "Look for an answering machine, and what to do with one." },
);

export const OpenStreamBody = Type.Object(
  {
    carrier: words(carriers),
    to: Type.String({ pattern: e164Pattern, description: "E.164; a number with an inbound agent." }),
    from: Type.String({ maxLength: 128 }),
    metadata: Type.Optional(CallMetadata),
  },
  strict,
);

export const StreamBody = Type.Object({
  call_id: Type.String(),
  url: Type.String({ description: "WebSocket URL of the media stream." }),
  token: Type.String({ description: "Single use; the stream's custom parameter `token`." }),
  expires_at: Instant,
});

export const CallQuery = Type.Object(
  {
    ...pageQuery,
    status: Type.Optional(words(statuses)),
    from: Type.Optional(Type.String({ maxLength: 128 })),
    to: Type.Optional(Type.String({ maxLength: 128 })),
    agent_id: Type.Optional(Type.String({ maxLength: 100 })),
    number: Type.Optional(Type.String({ maxLength: 128, description: "On either side." })),
    direction: Type.Optional(words(directions)),
    cause: Type.Optional(words(causes)),
    created_after: Type.Optional(Instant),
    created_before: Type.Optional(Instant),
    started_after: Type.Optional(Instant),
    started_before: Type.Optional(Instant),
  },
  strict,
);
export type CallQuery = Static<typeof CallQuery>;

export const PlaceCallBody = Type.Object(
  {
    kind: Type.Optional(
      words(["agent", "bridge"], {
        description: "agent: an agent talks. bridge: people talk, the callee with `bridge_to`.",
      }),
    ),
    from: Type.String({ maxLength: 100, description: "Id of a number, or E.164: a number of yours." }),
    to: NumberOrExtension,
    bridge_to: Type.Optional(NumberOrExtension),
    agent_id: Type.Optional(Type.String({ maxLength: 100, description: "Neither: the number's outbound agent." })),
    agent: Type.Optional(InlineAgentBody),
    use_saved_agent: Type.Optional(
      Type.Boolean({ description: "The number's outbound agent, with what `agent` says in its place." }),
    ),
    language: Type.Optional(words([...spokenLanguages])),
    trunk: Type.Optional(Type.String({ maxLength: 100, description: "Id or name; none: the first that works." })),
    metadata: Type.Optional(CallMetadata),
    record: Type.Optional(Type.Boolean()),
    recording_disclosure: Type.Optional(
      Type.Boolean({ description: "False: a recorded call does not begin by saying so." }),
    ),
    live_transcript: Type.Optional(
      Type.Boolean({ description: "Webhooks are told each finished utterance while the call lasts." }),
    ),
    max_duration_ms: Type.Optional(Type.Integer({ minimum: 10_000, maximum: 14_400_000 })),
    ring_timeout_ms: Type.Optional(Type.Integer({ minimum: 5_000, maximum: 180_000 })),
    answering_machine: Type.Optional(AnsweringMachineBody),
  },
  strict,
);
export type PlaceCallBody = Static<typeof PlaceCallBody>;

export const SayBody = Type.Object({ text: Type.String({ minLength: 1, maxLength: 2000 }) }, strict);
export const DtmfBody = Type.Object({ digits: Type.String({ pattern: "^[0-9*#A-D]{1,32}$" }) }, strict);

export const UsageBody = Type.Object({
  input_text_tokens: Type.Integer(),
  input_audio_tokens: Type.Integer(),
  input_cached_tokens: Type.Integer(),
  output_text_tokens: Type.Integer(),
  output_audio_tokens: Type.Integer(),
  transcription_tokens: Type.Integer(),
  transcription_seconds: Type.Number(),
  speech_characters: Type.Integer(),
});

const Ms = Type.Number({ description: "ms since the call's media began." });
const Span = Type.Number({ description: "ms." });

export const CallBody = Type.Object({
  id: Type.String(),
  status: words(statuses),
  direction: words(directions),
  carrier: words(sources),
  carrier_call_id: nullable(Type.String()),
  from: Type.String(),
  to: Type.String(),
  agent_id: nullable(Type.String()),
  metadata: Type.Unsafe<Readonly<Record<string, string>>>({ type: "object", additionalProperties: { type: "string" } }),
  created_at: Instant,
  started_at: nullable(Instant),
  ended_at: nullable(Instant),
  duration_ms: nullable(Type.Integer()),
  cause: nullable(words(causes)),
  ended_by: nullable(words([...new Set(Object.values(endedBy))])),
  detail: nullable(Type.String()),
  recorded: Type.Boolean({ description: "There is a recording to ask a link for." }),
  stats: Type.Unsafe<{
    frames_in: number;
    frames_out: number;
    underruns: number;
    ignored_messages: number;
    faults: number;
  } | null>({ type: ["object", "null"], additionalProperties: { type: "integer" } }),
  usage: UsageBody,
  trunk_id: nullable(Type.String()),
  phone_id: nullable(Type.String()),
  peer_call_id: nullable(Type.String({ description: "The other one of two calls that were joined." })),
  sip_status: nullable(Type.Integer({ description: "Final SIP status of a call of ours that nobody took." })),
  answered_by: nullable(words(["human", "machine", "unknown"])),
  cost_micros: Type.Integer({ description: "Micro-dollars; of a call in progress what it has cost so far." }),
  live_transcript: Type.Boolean(),
});
export type CallBody = Static<typeof CallBody>;

export const SummaryBody = Type.Object({
  channel: words(["email", "text"]),
  to: Type.String({ description: "E-mail address or E.164." }),
  status: words(["pending", "sent", "failed", "suppressed"], { description: "suppressed: the call was spam." }),
  detail: nullable(Type.String({ description: "Why the last attempt failed, or why nothing is sent." })),
  attempts: Type.Integer(),
  next_attempt_at: nullable(Instant),
  created_at: Instant,
  settled_at: nullable(Instant),
});
export type SummaryBody = Static<typeof SummaryBody>;

export const UtteranceBody = Type.Object({
  id: Type.String(),
  role: words(["agent", "caller"]),
  text: Type.String({
    description: "What was heard; an interrupted agent's words end where the caller stopped hearing.",
  }),
  start_ms: Ms,
  end_ms: Ms,
  interrupted: Type.Boolean(),
  via: words(["speech", "dtmf"]),
});
export type UtteranceBody = Static<typeof UtteranceBody>;

export const ToolCallBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  arguments: Type.Unknown({ description: "As the model gave them; a text when they are not JSON." }),
  output: nullable(Type.String()),
  ok: nullable(Type.Boolean()),
  started_at_ms: Ms,
  ended_at_ms: nullable(Ms),
  duration_ms: nullable(Span),
});
export type ToolCallBody = Static<typeof ToolCallBody>;

export const TurnTimingBody = Type.Object({
  id: Type.String(),
  reason: Type.String(),
  caller_last_voiced_at_ms: nullable(Ms),
  decided_at_ms: Ms,
  provider_first_byte_at_ms: nullable(Ms),
  first_frame_on_wire_at_ms: nullable(Ms),
  endpointing_ms: nullable(Span),
  provider_ms: nullable(Span),
  playout_ms: nullable(Span),
  latency_ms: nullable(Span),
});
export type TurnTimingBody = Static<typeof TurnTimingBody>;

export const InterruptionBody = Type.Object({
  onset_at_ms: Ms,
  silenced_at_ms: Ms,
  decided_at_ms: nullable(Ms),
  time_to_silence_ms: Span,
  outcome: words(["backchannel", "yielded", "false-alarm"]),
  heard_ms: nullable(Span),
});
export type InterruptionBody = Static<typeof InterruptionBody>;

export const TimelineBody = Type.Object({
  call_id: Type.String(),
  turns: Type.Array(TurnTimingBody),
  interruptions: Type.Array(InterruptionBody),
  utterances: Type.Array(UtteranceBody),
});

export const LinkBody = Type.Object({ url: Type.String(), expires_at: Instant });

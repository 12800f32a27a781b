import type { CallFilter } from "../../service/calls/calls.ts";
import type { TypedApp } from "../shapes.ts";
import {
  CallBody,
  CallQuery,
  DtmfBody,
  LinkBody,
  OpenStreamBody,
  SayBody,
  StreamBody,
  SummaryBody,
  TimelineBody,
  ToolCallBody,
  UtteranceBody,
} from "./call-schemas.ts";
import { refusals } from "./errors.ts";
import { listOf, readPage, renderPage, renderWhole } from "./paging.ts";
import {
  renderCall,
  renderInterruption,
  renderSummary,
  renderToolCall,
  renderTurn,
  renderUtterance,
} from "./render-call.ts";
import { IdParams, instant } from "./shapes.ts";

/** `/streams` and `/calls`: a way in for a call, and everything about it after. */
export function callRoutes(app: TypedApp): void {
  app.post(
    "/streams",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "openStream",
        tags: ["calls"],
        description: "Makes a call and the way in for its media stream: connect to `url` within 60 s with `token`.",
        body: OpenStreamBody,
        response: { 201: StreamBody, ...refusals(402, 404, 503) },
      },
    },
    async (request, reply) => {
      const { metadata = {}, ...rest } = request.body;
      const { callId, url, token, expiresAt } = await request.commands.openStream({ ...rest, metadata });
      return reply.code(201).send({ call_id: callId, url, token, expires_at: instant(expiresAt) });
    },
  );
  app.get(
    "/calls",
    {
      schema: {
        operationId: "listCalls",
        tags: ["calls"],
        querystring: CallQuery,
        response: { 200: listOf(CallBody), ...refusals() },
      },
    },
    async (request) =>
      renderPage(await request.tenant.calls.list(readFilter(request.query), readPage(request.query)), renderCall),
  );
  app.get(
    "/calls/:id",
    {
      schema: {
        operationId: "getCall",
        tags: ["calls"],
        params: IdParams,
        response: { 200: CallBody, ...refusals(404) },
      },
    },
    async (request) => renderCall(await request.tenant.calls.get(request.params.id)),
  );
  app.post(
    "/calls/:id/hangup",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "hangUpCall",
        tags: ["calls"],
        params: IdParams,
        response: { 202: CallBody, ...refusals(404, 409) },
      },
    },
    async (request, reply) => reply.code(202).send(renderCall(await request.commands.hangUp(request.params.id))),
  );
  app.post(
    "/calls/:id/say",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "sayInCall",
        tags: ["calls"],
        description: "Has the agent speak a text now.",
        params: IdParams,
        body: SayBody,
        response: { 202: CallBody, ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      const call = await request.commands.say(request.params.id, request.body.text);
      return reply.code(202).send(renderCall(call));
    },
  );
  app.post(
    "/calls/:id/dtmf",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "sendCallDtmf",
        tags: ["calls"],
        description: "Sends keys to the caller's side.",
        params: IdParams,
        body: DtmfBody,
        response: { 202: CallBody, ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      const call = await request.commands.sendDtmf(request.params.id, request.body.digits);
      return reply.code(202).send(renderCall(call));
    },
  );
  app.get(
    "/calls/:id/transcript",
    {
      schema: {
        operationId: "getCallTranscript",
        tags: ["calls"],
        params: IdParams,
        response: { 200: listOf(UtteranceBody), ...refusals(404) },
      },
    },
    async ({ params, tenant }) => renderWhole(await tenant.calls.transcript(params.id), renderUtterance),
  );
  app.get(
    "/calls/:id/summaries",
    {
      schema: {
        operationId: "listCallSummaries",
        tags: ["calls"],
        description: "What became of the summaries that the `notify` of the number has mailed and texted.",
        params: IdParams,
        response: { 200: listOf(SummaryBody), ...refusals(404) },
      },
    },
    async ({ params, tenant }) => renderWhole(await tenant.calls.summaries(params.id), renderSummary),
  );
  app.get(
    "/calls/:id/tool-calls",
    {
      schema: {
        operationId: "listCallToolCalls",
        tags: ["calls"],
        params: IdParams,
        response: { 200: listOf(ToolCallBody), ...refusals(404) },
      },
    },
    async ({ params, tenant }) => renderWhole(await tenant.calls.toolCalls(params.id), renderToolCall),
  );
  app.get(
    "/calls/:id/timeline",
    {
      schema: {
        operationId: "getCallTimeline",
        tags: ["calls"],
        params: IdParams,
        response: { 200: TimelineBody, ...refusals(404) },
      },
    },
    async (request) => {
      const { turns, interruptions, utterances } = await request.tenant.calls.timeline(request.params.id);
      return {
        call_id: request.params.id,
        turns: turns.map(({ turn, parts }) => renderTurn(turn, parts)),
        interruptions: interruptions.map(renderInterruption),
        utterances: utterances.map(renderUtterance),
      };
    },
  );
  app.get(
    "/calls/:id/recording",
    {
      schema: {
        operationId: "getCallRecording",
        tags: ["calls"],
        description: "A link to the stereo WAV (caller left, agent right) that works without a key until it expires.",
        params: IdParams,
        response: { 200: LinkBody, ...refusals(404) },
      },
    },
    async ({ params, tenant }) => {
      const { url, expiresAt } = tenant.recordingLinks.create(await tenant.calls.get(params.id));
      return { url, expires_at: instant(expiresAt) };
    },
  );
}

function readFilter(query: CallQuery): CallFilter {
  const wallMs = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  return {
    status: query.status,
    from: query.from,
    to: query.to,
    agentId: query.agent_id,
    number: query.number,
    direction: query.direction,
    cause: query.cause,
    createdAfter: wallMs(query.created_after),
    createdBefore: wallMs(query.created_before),
    startedAfter: wallMs(query.started_after),
    startedBefore: wallMs(query.started_before),
  };
}

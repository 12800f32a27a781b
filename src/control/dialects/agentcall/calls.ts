import { Type } from "@fastify/type-provider-typebox";
import { instant, type TypedApp } from "../shapes.ts";
import { CallBody, CallsQuery, RecordingBody, TranscriptBody } from "./call-schemas.ts";
import { durationOf, renderCall, renderUtterance } from "./render-call.ts";
import { listOf, readPage, renderPage } from "./shapes.ts";

const tags = ["Voice Calls"];
const params = Type.Object({ callId: Type.String() });

/** `/v1/calls`: what became of calls, and their end. */
export function callRoutes(app: TypedApp): void {
  app.get(
    "/v1/calls",
    {
      schema: {
        tags,
        summary: "List calls, newest first",
        querystring: CallsQuery,
        response: { 200: listOf(CallBody) },
      },
    },
    async ({ tenant, query }) => renderPage(await tenant.calls.list({}, readPage(query)), renderCall),
  );
  app.get(
    "/v1/calls/:callId",
    { schema: { tags, summary: "Get call details", params, response: { 200: CallBody } } },
    async ({ tenant, params: { callId } }) => renderCall(await tenant.calls.get(callId)),
  );
  app.get(
    "/v1/calls/:callId/transcript",
    { schema: { tags, summary: "Get the transcript of an AI call", params, response: { 200: TranscriptBody } } },
    async ({ tenant, params: { callId } }) => {
      const call = await tenant.calls.get(callId);
      const lines = await tenant.calls.transcript(callId);
      const summary = await tenant.calls.summary(callId);
      return {
        entries: lines.map((line) => renderUtterance(call, line)),
        summary: summary?.summary ?? null,
        duration: durationOf(call),
      };
    },
  );
  app.get(
    "/v1/calls/:callId/recording",
    {
      schema: {
        tags,
        summary: "Get a short-lived link to the recording, a WAV that opens without a key",
        params,
        response: { 200: RecordingBody },
      },
    },
    async ({ tenant, params: { callId } }) => {
      const { url, expiresAt } = tenant.recordingLinks.create(await tenant.calls.get(callId));
      return { callId, url, expiresAt: instant(expiresAt) };
    },
  );
  app.post(
    "/v1/calls/:callId/hangup",
    {
      config: { scope: "calls" },
      schema: { tags, summary: "Hang up an active call", params, response: { 200: CallBody } },
    },
    async ({ commands, params: { callId } }) => renderCall(await commands.hangUp(callId)),
  );
}

import { type Static, Type } from "@fastify/type-provider-typebox";
import { GatewayError } from "../../../kit/errors.ts";
import { parseCallId } from "../../../kit/ids.ts";
import type { Conference, ConferenceMember } from "../../calls/call-control.ts";
import type { TypedApp } from "../shapes.ts";
import { CallBody } from "./call-schemas.ts";
import { refusals } from "./errors.ts";
import { listOf } from "./paging.ts";
import { renderCall } from "./render-call.ts";
import { e164Pattern, IdParams, NumberOrExtension, strict, words } from "./shapes.ts";

const MemberParams = Type.Object({ id: Type.String(), call_id: Type.String() });

const TransferBody = Type.Object(
  {
    to: NumberOrExtension,
    mode: Type.Optional(
      words(["blind", "attended"], { description: "Attended: the agent talks with the other side first." }),
    ),
    from: Type.Optional(Type.String({ pattern: e164Pattern, description: "None: our number in the call." })),
    trunk: Type.Optional(Type.String({ maxLength: 100 })),
    briefing: Type.Optional(
      Type.String({ minLength: 1, maxLength: 2000, description: "What the agent tells the other side; attended." }),
    ),
    confirm: Type.Optional(
      words(["none", "key"], { description: "key: the other side takes the caller with 1, refuses with 2." }),
    ),
    agent_after: Type.Optional(words(["leaves", "listens"])),
    ring_timeout_ms: Type.Optional(Type.Integer({ minimum: 5_000, maximum: 180_000 })),
    briefing_timeout_ms: Type.Optional(Type.Integer({ minimum: 5_000, maximum: 300_000 })),
  },
  strict,
);
const DecisionBody = Type.Object({ decision: words(["complete", "cancel"]) }, strict);

const agents = words(["speaks", "listens", "leaves", "none"], {
  description: "What the call's agent does in the conference.",
});
const MemberBody = Type.Object({ call_id: Type.String({ maxLength: 100 }), agent: Type.Optional(agents) }, strict);
type MemberBody = Static<typeof MemberBody>;
const OpenConferenceBody = Type.Object({ members: Type.Array(MemberBody, { minItems: 1, maxItems: 8 }) }, strict);
const ConferenceBody = Type.Object({
  id: Type.String(),
  members: Type.Array(Type.Object({ call_id: Type.String(), agent: agents })),
});

/** Passing calls to people, and letting calls talk together. */
export function transferRoutes(app: TypedApp): void {
  app.post(
    "/calls/:id/transfer",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "transferCall",
        tags: ["calls"],
        description:
          "Passes the call to somebody else. Nobody answers: the agent takes the caller back. Follow it by the events " +
          "`call.transfer`.",
        params: IdParams,
        body: TransferBody,
        response: { 202: CallBody, ...refusals(404, 409, 503) },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const call = await request.commands.transfer(request.params.id, {
        to: body.to,
        mode: body.mode ?? "blind",
        from: body.from,
        trunkId: body.trunk,
        briefing: body.briefing,
        confirm: body.confirm,
        agentAfter: body.agent_after,
        ringTimeoutMs: body.ring_timeout_ms,
        briefingTimeoutMs: body.briefing_timeout_ms,
      });
      return reply.code(202).send(renderCall(call));
    },
  );
  app.post(
    "/calls/:id/transfer/decide",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "decideCallTransfer",
        tags: ["calls"],
        description: "Joins the two sides of an attended transfer now, or calls a transfer off.",
        params: IdParams,
        body: DecisionBody,
        response: { 202: CallBody, ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      const call = await request.commands.decideTransfer(request.params.id, request.body.decision);
      return reply.code(202).send(renderCall(call));
    },
  );
  app.post(
    "/conferences",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "openConference",
        tags: ["conferences"],
        description: "Joins calls that talk, two or up to eight; each hears all the others.",
        body: OpenConferenceBody,
        response: { 201: ConferenceBody, ...refusals(409) },
      },
    },
    async (request, reply) => {
      const conference = await request.commands.openConference(request.body.members.map(readMember));
      return reply.code(201).send(renderConference(conference));
    },
  );
  app.get(
    "/conferences",
    {
      schema: {
        operationId: "listConferences",
        tags: ["conferences"],
        response: { 200: listOf(ConferenceBody), ...refusals() },
      },
    },
    async (request) => {
      const conferences = await request.commands.conferences();
      return { data: conferences.map(renderConference), next_cursor: null };
    },
  );
  app.get(
    "/conferences/:id",
    {
      schema: {
        operationId: "getConference",
        tags: ["conferences"],
        params: IdParams,
        response: { 200: ConferenceBody, ...refusals(404) },
      },
    },
    async (request) => renderConference(await request.commands.conference(request.params.id)),
  );
  app.post(
    "/conferences/:id/members",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "joinConference",
        tags: ["conferences"],
        description: "Adds a call, or changes what the agent of one that is there does.",
        params: IdParams,
        body: MemberBody,
        response: { 200: ConferenceBody, ...refusals(404, 409) },
      },
    },
    async (request) =>
      renderConference(await request.commands.joinConference(request.params.id, readMember(request.body))),
  );
  app.delete(
    "/conferences/:id/members/:call_id",
    {
      config: { scope: "calls" },
      schema: {
        operationId: "leaveConference",
        tags: ["conferences"],
        description: "The call is by itself again; its agent, if it has one, goes on.",
        params: MemberParams,
        response: { 200: ConferenceBody, ...refusals(404) },
      },
    },
    async (request) => {
      const { id, call_id: callId } = request.params;
      return renderConference(await request.commands.leaveConference(id, callIdOf(callId)));
    },
  );
}

function callIdOf(text: string) {
  const callId = parseCallId(text);
  if (!callId) throw new GatewayError("not-found", "there is no such call", "callId");
  return callId;
}

function readMember({ call_id: callId, agent = "speaks" }: MemberBody): ConferenceMember {
  return { callId: callIdOf(callId), agent };
}

function renderConference({ id, members }: Conference) {
  return { id, members: members.map(({ callId, agent }) => ({ call_id: callId, agent })) };
}

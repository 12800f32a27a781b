import { type Static, Type } from "@fastify/type-provider-typebox";
import type { SipDialogSummary, SipLadder } from "../../service/sip-traces.ts";
import type { TypedApp } from "../shapes.ts";
import type { NativeDeps } from "./app.ts";
import { refusals } from "./errors.ts";
import { listOf } from "./paging.ts";
import { Instant, instant, nullable, words } from "./shapes.ts";

const SipMessageBody = Type.Object({
  sip_call_id: Type.String(),
  at: Instant,
  at_ms: Type.Number({ description: "ms since the first message that is remembered." }),
  direction: words(["in", "out"]),
  transport: words(["UDP", "TCP", "TLS", "WS", "WSS"]),
  peer: Type.String({ description: "Address and port of the far end." }),
  summary: Type.String({ description: "One line: `INVITE sip:… (PCMU, sendonly)`, `180 Ringing`." }),
  raw: Type.String({ description: "The message; passwords, keys, texts and withheld numbers are masked." }),
});
const dropped = Type.Integer({ description: "Messages that are not remembered any more." });
const CallLadderBody = Type.Object({ call_id: Type.String(), dropped, messages: Type.Array(SipMessageBody) });
const DialogLadderBody = Type.Object({
  sip_call_id: Type.String(),
  call_id: nullable(Type.String()),
  dropped,
  messages: Type.Array(SipMessageBody),
});
const SipBanBody = Type.Object({ address: Type.String(), until: Instant });
const SipDialogBody = Type.Object({
  sip_call_id: Type.String(),
  call_id: nullable(Type.String({ description: "Null: it never became a call." })),
  method: Type.String({ description: "Of the first request." }),
  from: Type.String(),
  to: Type.String(),
  peer: Type.String(),
  status: nullable(Type.Integer({ description: "Final status of the first request." })),
  messages: Type.Integer(),
  first_at: Instant,
  last_at: Instant,
});

/** `/calls/:id/sip` and `/sip`: the signalling of calls, and of what never became a call. */
export function sipRoutes(
  app: TypedApp,
  { services: { sipTraces }, sources: control }: Pick<NativeDeps, "services" | "sources">,
): void {
  app.get(
    "/sip/bans",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "listSipBans",
        tags: ["sip"],
        description: "Addresses whose SIP messages are dropped until their ban expires.",
        response: { 200: listOf(SipBanBody), ...refusals() },
      },
    },
    async () => ({
      data: control.sources.bans().map(({ address, until }) => ({ address, until: instant(until) })),
      next_cursor: null,
    }),
  );
  app.delete(
    "/sip/bans/:address",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "liftSipBan",
        tags: ["sip"],
        params: Type.Object({ address: Type.String() }),
        response: { 204: Type.Null(), ...refusals() },
      },
    },
    async (request, reply) => {
      control.sources.forgive(request.params.address);
      return reply.code(204).send(null);
    },
  );
  app.get(
    "/calls/:id/sip",
    {
      schema: {
        operationId: "getCallSip",
        tags: ["sip"],
        description: "The SIP messages of a call and of the one it is joined with, in the order of time.",
        params: Type.Object({ id: Type.String() }),
        response: { 200: CallLadderBody, ...refusals(404) },
      },
    },
    async (request) => {
      const { id } = request.params;
      return { call_id: id, ...renderLadder(await sipTraces.ofCall(request.tenant.orgId, id)) };
    },
  );
  app.get(
    "/sip/dialogs",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "listSipDialogs",
        tags: ["sip"],
        description: "The SIP Call-IDs heard of last, latest first: refused calls, registrations and probes too.",
        querystring: Type.Object(
          { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2000, default: 20 })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ data: Type.Array(SipDialogBody) }), ...refusals() },
      },
    },
    async (request) => ({ data: sipTraces.latest(request.query.limit ?? 20).map(renderDialog) }),
  );
  app.get(
    "/sip/messages",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "listSipMessages",
        tags: ["sip"],
        description: "The SIP messages of one Call-ID.",
        querystring: Type.Object(
          { sip_call_id: Type.String({ minLength: 1, maxLength: 8192 }) },
          { additionalProperties: false },
        ),
        response: { 200: DialogLadderBody, ...refusals(404) },
      },
    },
    async (request) => {
      const { sip_call_id } = request.query;
      const found = sipTraces.ofDialog(sip_call_id);
      return { sip_call_id, call_id: found.callId, ...renderLadder(found) };
    },
  );
}

function renderLadder({ dropped, messages }: SipLadder) {
  const firstAt = messages[0]?.at ?? 0;
  const render = (message: SipLadder["messages"][number]): Static<typeof SipMessageBody> => {
    const { sipCallId, at, direction, transport, peer, summary, raw } = message;
    const at_ms = Math.round((at - firstAt) * 1000) / 1000;
    return { sip_call_id: sipCallId, at: instant(at), at_ms, direction, transport, peer, summary, raw };
  };
  return { dropped, messages: messages.map(render) };
}

function renderDialog(dialog: SipDialogSummary): Static<typeof SipDialogBody> {
  const { sipCallId, callId, method, from, to, peer, status, messages, firstAt, lastAt } = dialog;
  return {
    sip_call_id: sipCallId,
    call_id: callId,
    method,
    from,
    to,
    peer,
    status,
    messages,
    first_at: instant(firstAt),
    last_at: instant(lastAt),
  };
}

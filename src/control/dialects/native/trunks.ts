import { Type } from "@fastify/type-provider-typebox";
import type { TrunkChange, TrunkView } from "../../service/trunks.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, instant, instantOrNull, strict } from "./shapes.ts";
import { ChangeTrunkBody, CreateTrunkBody, TrunkBody } from "./trunk-schemas.ts";

const ListQuery = Type.Object(pageQuery, strict);

/** `/trunks`: carriers and PBXs we exchange calls with. */
export function trunkRoutes(app: TypedApp): void {
  app.post(
    "/trunks",
    {
      schema: {
        operationId: "createTrunk",
        tags: ["trunks"],
        body: CreateTrunkBody,
        response: { 201: TrunkBody, ...refusals(409) },
      },
    },
    async (request, reply) => {
      const { name } = request.body;
      return reply
        .code(201)
        .send(renderTrunk(await request.tenant.trunks.create({ ...readTrunk(request.body), name })));
    },
  );
  app.get(
    "/trunks",
    {
      schema: {
        operationId: "listTrunks",
        tags: ["trunks"],
        querystring: ListQuery,
        response: { 200: listOf(TrunkBody), ...refusals() },
      },
    },
    async (request) => renderPage(await request.tenant.trunks.list(readPage(request.query)), renderTrunk),
  );
  app.get(
    "/trunks/:id",
    {
      schema: {
        operationId: "getTrunk",
        tags: ["trunks"],
        params: IdParams,
        response: { 200: TrunkBody, ...refusals(404) },
      },
    },
    async (request) => renderTrunk(await request.tenant.trunks.get(request.params.id)),
  );
  app.patch(
    "/trunks/:id",
    {
      schema: {
        operationId: "changeTrunk",
        tags: ["trunks"],
        description:
          "What is missing stays; `inbound`, `outbound`, `media` and `rewriting` are merged member by member, lists and `register` are replaced.",
        params: IdParams,
        body: ChangeTrunkBody,
        response: { 200: TrunkBody, ...refusals(404, 409) },
      },
    },
    async (request) => renderTrunk(await request.tenant.trunks.update(request.params.id, readTrunk(request.body))),
  );
  app.delete(
    "/trunks/:id",
    {
      schema: {
        operationId: "deleteTrunk",
        tags: ["trunks"],
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      await request.tenant.trunks.delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function readTrunk(body: ChangeTrunkBody): TrunkChange {
  const { outbound, register, media } = body;
  return {
    name: body.name,
    enabled: body.enabled,
    shared: body.shared,
    inbound: body.inbound,
    outbound: outbound && {
      ...outbound,
      targets: outbound.targets?.map(({ uri, priority = 0, weight = 1 }) => ({ uri, priority, weight })),
    },
    register: register && { registrar: register.registrar, aor: register.aor, expiresS: register.expires_s ?? 600 },
    fromDomain: body.from_domain,
    media: media && {
      codecs: media.codecs,
      preference: media.preference,
      srtp: media.srtp,
      dtmf: media.dtmf,
      ptimeMs: media.ptime_ms,
    },
    sessionExpiresS: body.session_expires_s,
    assertIdentity: body.assert_identity,
    rewriting: body.rewriting,
    maxCalls: body.max_calls,
    callsPerSecond: body.calls_per_second,
    probeEveryS: body.probe_every_s,
    transfer: body.transfer,
    redirects: body.redirects,
    ringTimeoutMs: body.ring_timeout_ms,
    password: body.password,
  };
}

function renderTrunk(trunk: TrunkView): TrunkBody {
  const { register, media, rewriting } = trunk;
  return {
    id: trunk.id,
    name: trunk.name,
    enabled: trunk.enabled,
    shared: trunk.shared,
    inbound: { sources: [...trunk.inbound.sources], username: trunk.inbound.username },
    outbound: { ...trunk.outbound, targets: [...trunk.outbound.targets] },
    register: register && { registrar: register.registrar, aor: register.aor, expires_s: register.expiresS },
    from_domain: trunk.fromDomain,
    media: {
      codecs: [...media.codecs],
      preference: media.preference,
      srtp: media.srtp,
      dtmf: media.dtmf,
      ptime_ms: media.ptimeMs,
    },
    session_expires_s: trunk.sessionExpiresS,
    assert_identity: trunk.assertIdentity,
    rewriting: { inbound: [...rewriting.inbound], outbound: [...rewriting.outbound] },
    max_calls: trunk.maxCalls,
    calls_per_second: trunk.callsPerSecond,
    probe_every_s: trunk.probeEveryS,
    transfer: trunk.transfer,
    redirects: trunk.redirects,
    ring_timeout_ms: trunk.ringTimeoutMs,
    has_password: trunk.hasPassword,
    registration: renderRegistration(trunk.registration),
    targets: trunk.targets.map(({ uri, state, lastOkAt, lastError }) => ({
      uri,
      state,
      last_ok_at: instantOrNull(lastOkAt),
      last_error: lastError,
    })),
    calls_now: trunk.callsNow,
    created_at: instant(trunk.createdAt),
    updated_at: instant(trunk.updatedAt),
  };
}

function renderRegistration(registration: TrunkView["registration"]): TrunkBody["registration"] {
  return (
    registration && {
      state: registration.state,
      since: instant(registration.since),
      expires_at: instantOrNull(registration.expiresAt),
      last_error: registration.lastError,
    }
  );
}

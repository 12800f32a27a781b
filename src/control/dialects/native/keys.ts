import { type Static, Type } from "@fastify/type-provider-typebox";
import type { FastifyRequest } from "fastify";
import { GatewayError } from "../../../kit/errors.ts";
import { type OrgId, parseOrgId } from "../../../kit/ids.ts";
import { type KeyDesk, openKeyDesk } from "../../service/orgs/key-desk.ts";
import { type ApiKey, type Dialect, keyPrefixes } from "../../service/orgs/keys.ts";
import { scopes } from "../../service/orgs/scopes.ts";
import type { TypedApp } from "../shapes.ts";
import type { NativeDeps } from "./app.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, Instant, instant, instantOrNull, nullable, strict, words } from "./shapes.ts";

const OrgRef = Type.String({
  maxLength: 64,
  description: "Another organisation's, for operators; one's own if missing.",
});
const ListQuery = Type.Object({ ...pageQuery, org_id: Type.Optional(OrgRef) }, strict);

const name = Type.String({ minLength: 1, maxLength: 100, description: "What the key is for." });
const dialect = words(Object.keys(keyPrefixes) as Dialect[], { description: "The API it opens." });
const scopeList = Type.Array(words(scopes), { minItems: 1, uniqueItems: true });

const CreateKeyBody = Type.Object(
  {
    name,
    dialect: Type.Optional(dialect),
    scopes: Type.Optional({
      ...scopeList,
      description: "None that the asking key lacks; if missing, all it has but `operator`.",
    }),
    org_id: Type.Optional(OrgRef),
  },
  strict,
);
const keyMembers = {
  id: Type.String(),
  org_id: Type.String(),
  dialect,
  name,
  prefix: Type.String({ description: "The first characters of the key." }),
  scopes: scopeList,
  created_at: Instant,
  last_used_at: nullable(Type.String({ format: "date-time", description: "To the minute." })),
  revoked_at: nullable(Instant),
};
const KeyBody = Type.Object(keyMembers);
type KeyBody = Static<typeof KeyBody>;
const CreatedKeyBody = Type.Object({
  ...keyMembers,
  secret: Type.String({ description: "The key itself. Shown here only." }),
});

/** `/keys`: what opens the APIs. */
export function keyRoutes(app: TypedApp, { services: { keys } }: Pick<NativeDeps, "services">): void {
  const deskOf = ({ apiKey }: Pick<FastifyRequest, "apiKey">): KeyDesk => {
    if (!apiKey) throw new GatewayError("unauthorized", "this needs a key");
    return openKeyDesk(keys, apiKey);
  };
  app.post(
    "/keys",
    {
      config: { scope: "keys" },
      schema: {
        operationId: "createKey",
        tags: ["keys"],
        description: "`secret` is shown in this answer only.",
        body: CreateKeyBody,
        response: { 201: CreatedKeyBody, ...refusals(404) },
      },
    },
    async (request, reply) => {
      const { org_id, dialect = "native", ...rest } = request.body;
      const { key, secret } = await deskOf(request).create({ ...rest, dialect, orgId: readOrgId(org_id) });
      return reply.code(201).send({ ...renderKey(key), secret });
    },
  );
  app.get(
    "/keys",
    {
      config: { scope: "keys" },
      schema: {
        operationId: "listKeys",
        tags: ["keys"],
        description: "Revoked ones too.",
        querystring: ListQuery,
        response: { 200: listOf(KeyBody), ...refusals(404) },
      },
    },
    async (request) =>
      renderPage(await deskOf(request).list(readPage(request.query), readOrgId(request.query.org_id)), renderKey),
  );
  app.get(
    "/keys/:id",
    {
      config: { scope: "keys" },
      schema: {
        operationId: "getKey",
        tags: ["keys"],
        params: IdParams,
        response: { 200: KeyBody, ...refusals(404) },
      },
    },
    async (request) => renderKey(await deskOf(request).get(request.params.id)),
  );
  app.delete(
    "/keys/:id",
    {
      config: { scope: "keys" },
      schema: {
        operationId: "revokeKey",
        tags: ["keys"],
        description: "From the next request on it opens nothing; twice is fine.",
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async (request, reply) => {
      await deskOf(request).revoke(request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function readOrgId(text: string | undefined): OrgId | undefined {
  if (text === undefined) return undefined;
  const orgId = parseOrgId(text);
  if (!orgId) throw new GatewayError("not-found", "there is no such organisation", "orgId");
  return orgId;
}

function renderKey(key: ApiKey): KeyBody {
  return {
    id: key.id,
    org_id: key.orgId,
    dialect: key.dialect,
    name: key.name,
    prefix: key.prefix,
    scopes: [...key.scopes],
    created_at: instant(key.createdAt),
    last_used_at: instantOrNull(key.lastUsedAt),
    revoked_at: instantOrNull(key.revokedAt),
  };
}

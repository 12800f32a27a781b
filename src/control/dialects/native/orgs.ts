import { type Static, Type } from "@fastify/type-provider-typebox";
import type { Org, OrgSettings } from "../../service/orgs/orgs.ts";
import type { TypedApp } from "../shapes.ts";
import type { NativeDeps } from "./app.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, Instant, instant, nullable, strict, words } from "./shapes.ts";

const ListQuery = Type.Object(pageQuery, strict);

const members = {
  name: Type.String({ minLength: 1, maxLength: 100 }),
  plan: words(["free", "pro"]),
  billing: words(["prepaid", "postpaid"], { description: "prepaid: nothing beyond the credit that was bought." }),
  price_book: words(["agentcall", "agentnumber", "jagcall"], { description: "Whose published prices it pays." }),
  has_payment_method: Type.Boolean(),
  spending_cap_micros: nullable(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "Micro-dollars a calendar month (UTC); null: no cap.",
    }),
  ),
};
const { name, ...settings } = members;

const CreateOrgBody = Type.Object({ name, ...Type.Partial(Type.Object(settings)).properties }, strict);
const ChangeOrgBody = Type.Partial(Type.Object(members), strict);
type ChangeOrgBody = Static<typeof ChangeOrgBody>;
const OrgBody = Type.Object({ id: Type.String(), ...members, created_at: Instant, updated_at: Instant });
type OrgBody = Static<typeof OrgBody>;

/** `/orgs`: the organisations of the gateway, for its operator; `/org`: one's own. */
export function orgRoutes(app: TypedApp, { services: { orgs } }: Pick<NativeDeps, "services">): void {
  app.get(
    "/org",
    {
      schema: {
        operationId: "getOwnOrg",
        tags: ["organisations"],
        description: "The organisation of the key.",
        response: { 200: OrgBody, ...refusals() },
      },
    },
    async (request) => renderOrg(await request.tenant.org()),
  );
  app.post(
    "/orgs",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "createOrg",
        tags: ["organisations"],
        body: CreateOrgBody,
        response: { 201: OrgBody, ...refusals() },
      },
    },
    async (request, reply) => {
      const org = await orgs.create({ ...readOrg(request.body), name: request.body.name });
      return reply.code(201).send(renderOrg(org));
    },
  );
  app.get(
    "/orgs",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "listOrgs",
        tags: ["organisations"],
        querystring: ListQuery,
        response: { 200: listOf(OrgBody), ...refusals() },
      },
    },
    async (request) => renderPage(await orgs.page(readPage(request.query)), renderOrg),
  );
  app.get(
    "/orgs/:id",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "getOrg",
        tags: ["organisations"],
        params: IdParams,
        response: { 200: OrgBody, ...refusals(404) },
      },
    },
    async (request) => renderOrg(await orgs.get(request.params.id)),
  );
  app.patch(
    "/orgs/:id",
    {
      config: { scope: "operator" },
      schema: {
        operationId: "changeOrg",
        tags: ["organisations"],
        description: "What is missing stays. Plan and prices count from the next charge on.",
        params: IdParams,
        body: ChangeOrgBody,
        response: { 200: OrgBody, ...refusals(404) },
      },
    },
    async (request) => renderOrg(await orgs.update(request.params.id, readOrg(request.body))),
  );
}

/** What is not said is not there, so that defaults hold. */
function readOrg(body: ChangeOrgBody): Partial<OrgSettings> {
  const read: Partial<OrgSettings> = {
    name: body.name,
    plan: body.plan,
    billing: body.billing,
    priceBook: body.price_book,
    hasPaymentMethod: body.has_payment_method,
    spendingCapMicros: body.spending_cap_micros,
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

function renderOrg(org: Org): OrgBody {
  return {
    id: org.id,
    name: org.name,
    plan: org.plan,
    billing: org.billing,
    price_book: org.priceBook,
    has_payment_method: org.hasPaymentMethod,
    spending_cap_micros: org.spendingCapMicros,
    created_at: instant(org.createdAt),
    updated_at: instant(org.updatedAt),
  };
}

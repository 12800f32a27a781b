import { type Static, Type } from "@fastify/type-provider-typebox";
import type { NumberChange, Offer, TelephoneNumber } from "../../service/numbers/numbers.ts";
import { nullable, type TypedApp, words } from "../shapes.ts";
import {
  agentIds,
  dollars,
  E164Text,
  IdParams,
  IdText,
  instant,
  numberIds,
  PageQuery,
  perPage,
  readAgentId,
  readPage,
  renderPage,
} from "./shapes.ts";

const SearchBody = Type.Object({
  country: Type.Optional(Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2; US when not said." })),
  area_code: Type.Optional(Type.String({ pattern: "^[0-9]{1,6}$" })),
  capabilities: Type.Optional(Type.Array(words(["voice", "sms"]), { maxItems: 2 })),
});
const BuyBody = Type.Object({ number: E164Text, agent_id: Type.Optional(nullable(IdText)) });
const ChangeBody = Type.Object({ agent_id: Type.Optional(nullable(IdText)) });

/** Offers of one search. */
const offers = 20;
/** A number that is released is not there any more. */
const status = "active";

/** `/v1/phone-numbers`: found, bought, given an agent, released. */
export function phoneNumberRoutes(app: TypedApp): void {
  app.get("/v1/phone-numbers", { schema: { querystring: PageQuery } }, async ({ tenant, query }) => {
    const page = readPage(query, perPage.other);
    return renderPage(await tenant.numbers.listPage(page), page, renderNumber);
  });
  app.post("/v1/phone-numbers/search", { schema: { body: SearchBody } }, async ({ tenant, body }) => {
    const { country, area_code: areaCode, capabilities } = body;
    const found = await tenant.numbers.search({ country, areaCode, capabilities }, offers);
    return { data: found.map(renderOffer) };
  });
  app.post("/v1/phone-numbers", { schema: { body: BuyBody } }, async ({ tenant, body }, reply) => {
    const bought = await tenant.numbers.buy({ number: body.number, ...readAgent(body) });
    const { id, number, agent_id } = renderNumber(bought);
    return reply.code(201).send({ id, number, agent_id, status });
  });
  app.get("/v1/phone-numbers/:id", { schema: { params: IdParams } }, async ({ tenant, params }) =>
    renderNumber(await tenant.numbers.get(numberIds.read(params.id))),
  );
  app.put(
    "/v1/phone-numbers/:id",
    { schema: { params: IdParams, body: ChangeBody } },
    async ({ tenant, params, body }) => {
      const changed = await tenant.numbers.update(numberIds.read(params.id), readAgent(body));
      const { id, number, agent_id } = renderNumber(changed);
      return { id, number, agent_id, updated_at: instant(changed.updatedAt) };
    },
  );
  app.delete("/v1/phone-numbers/:id", { schema: { params: IdParams } }, async ({ tenant, params }) => {
    const id = numberIds.read(params.id);
    await tenant.numbers.release(id);
    return { deleted: true, id: numberIds.show(id) };
  });
}

type NumberAgent = Pick<NumberChange, "inboundAgentId" | "outboundAgentId" | "answers">;

/** A number's agent answers its calls and makes them. */
function readAgent({ agent_id }: Static<typeof ChangeBody>): NumberAgent {
  const id = typeof agent_id === "string" ? readAgentId(agent_id) : agent_id;
  return { inboundAgentId: id, outboundAgentId: id, answers: true };
}

function renderNumber({ id, number, inboundAgentId, outboundAgentId, capabilities, country }: TelephoneNumber) {
  const agentId = inboundAgentId ?? outboundAgentId;
  return {
    id: numberIds.show(id),
    number,
    agent_id: agentId === null ? null : agentIds.show(agentId),
    capabilities,
    country,
  };
}

function renderOffer({ number, capabilities, monthlyMicros }: Offer) {
  return { number, capabilities, monthly_cost: dollars(monthlyMicros) };
}

import type { TypedApp } from "../shapes.ts";
import { ChangeNumberBody, NumberBody, NumbersQuery, ProvisionBody, ReleasedBody } from "./number-schemas.ts";
import { renderNumber } from "./render-number.ts";
import { IdParams, listOf, readPage, renderPage } from "./shapes.ts";

const tags = ["Phone Numbers"];

/** `/v1/numbers`: bought, listed, renamed, given back. */
export function numberRoutes(app: TypedApp): void {
  app.post(
    "/v1/numbers/provision",
    {
      schema: {
        tags,
        summary: "Provision a number (billed monthly)",
        body: ProvisionBody,
        response: { 201: NumberBody },
      },
    },
    async ({ tenant, body: { type = "local", country = "US", areaCode, label } }, reply) => {
      const number = await tenant.numbers.buy({ type, country, areaCode, label });
      return reply.code(201).send(renderNumber(number));
    },
  );
  app.get(
    "/v1/numbers",
    { schema: { tags, summary: "List numbers", querystring: NumbersQuery, response: { 200: listOf(NumberBody) } } },
    async ({ tenant, query: { country, type, ...page } }) =>
      renderPage(await tenant.numbers.list({ country, type }, readPage(page)), renderNumber),
  );
  app.get(
    "/v1/numbers/:id",
    { schema: { tags, summary: "Get number details", params: IdParams, response: { 200: NumberBody } } },
    async ({ tenant, params }) => renderNumber(await tenant.numbers.get(params.id)),
  );
  app.patch(
    "/v1/numbers/:id",
    {
      schema: {
        tags,
        summary: "Rename a number, or change the voice or language of its inbound AI and nothing else",
        params: IdParams,
        body: ChangeNumberBody,
        response: { 200: NumberBody },
      },
    },
    async ({ tenant, params, body: { label, voice, language } }) =>
      renderNumber(await tenant.numbers.update(params.id, { label, voice, language })),
  );
  app.delete(
    "/v1/numbers/:id",
    { schema: { tags, summary: "Release a number, for good", params: IdParams, response: { 200: ReleasedBody } } },
    async ({ tenant, params: { id } }) => {
      await tenant.numbers.release(id);
      return { id, released: true };
    },
  );
}

import { type Static, Type } from "@fastify/type-provider-typebox";
import { maxWebhookUrlLength, type Webhook } from "../../service/webhooks/webhooks.ts";
import { Instant, instant, instantOrNull, nullable, type TypedApp, words } from "../shapes.ts";
import { eventNames } from "./events.ts";
import { IdParams, listOf, pageQuery, readPage, renderPage } from "./shapes.ts";

const tags = ["Webhooks"];
const dialect = "agentcall";
const Events = Type.Array(words(eventNames), { minItems: 1, maxItems: 50 });

const CreateWebhookBody = Type.Object({
  url: Type.String({ maxLength: maxWebhookUrlLength, description: "https://" }),
  events: Events,
});
const webhook = { id: Type.String(), url: Type.String(), events: Events, createdAt: Instant };
const WebhookBody = Type.Object(webhook);
const WebhookWithSecretBody = Type.Object({
  ...webhook,
  secret: Type.String({ description: "Key of X-AgentCall-Signature; shown in this answer only." }),
  previousSecretExpiresAt: nullable(Instant),
});
const DeletedBody = Type.Object({ id: Type.String(), deleted: Type.Boolean() });

/** `/v1/webhooks`: addresses of the customer's that are told of events. */
export function webhookRoutes(app: TypedApp): void {
  app.post(
    "/v1/webhooks",
    {
      schema: {
        tags,
        summary: "Register a webhook",
        body: CreateWebhookBody,
        response: { 201: WebhookWithSecretBody },
      },
    },
    async ({ tenant, body: { url, events } }, reply) =>
      reply.code(201).send(renderWithSecret(await tenant.webhooks(dialect).create({ url, events }))),
  );
  app.get(
    "/v1/webhooks",
    {
      schema: {
        tags,
        summary: "List webhooks",
        querystring: Type.Object(pageQuery),
        response: { 200: listOf(WebhookBody) },
      },
    },
    async ({ tenant, query }) => renderPage(await tenant.webhooks(dialect).list(readPage(query)), renderWebhook),
  );
  app.post(
    "/v1/webhooks/:id/rotate",
    {
      schema: {
        tags,
        summary: "Rotate a webhook's secret; for a day the former one signs too",
        params: IdParams,
        response: { 200: WebhookWithSecretBody },
      },
    },
    async ({ tenant, params }) => renderWithSecret(await tenant.webhooks(dialect).rotate(params.id)),
  );
  app.delete(
    "/v1/webhooks/:id",
    { schema: { tags, summary: "Delete a webhook", params: IdParams, response: { 200: DeletedBody } } },
    async ({ tenant, params: { id } }) => {
      await tenant.webhooks(dialect).delete(id);
      return { id, deleted: true };
    },
  );
}

function renderWebhook({ id, url, events, createdAt }: Webhook): Static<typeof WebhookBody> {
  // The service keeps the names it was given by this API alone.
  return { id, url, events: events as Static<typeof Events>, createdAt: instant(createdAt) };
}

function renderWithSecret({ webhook: made, secret }: { webhook: Webhook; secret: string }) {
  return { ...renderWebhook(made), secret, previousSecretExpiresAt: instantOrNull(made.formerSecretUntil) };
}

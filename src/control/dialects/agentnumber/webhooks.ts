import { Type } from "@fastify/type-provider-typebox";
import { maxWebhookUrlLength, type Webhook } from "../../service/webhooks/webhooks.ts";
import { instant, type TypedApp, words } from "../shapes.ts";
import { IdParams, PageQuery, readPage, sendPage, success } from "./shapes.ts";
import { eventNames } from "./words.ts";

const dialect = "agentnumber";
const url = Type.String({ minLength: 1, maxLength: maxWebhookUrlLength, description: "https://" });
const events = Type.Array(words(eventNames), { minItems: 1, maxItems: 50 });
const CreateWebhookBody = Type.Object({ url, events: Type.Optional(events) });
const ChangeWebhookBody = Type.Partial(Type.Object({ url, events, active: Type.Boolean() }));

/** `/webhooks`: addresses of the customer's that are told of events. */
export function webhookRoutes(app: TypedApp): void {
  app.post("/api/v0/webhooks", { schema: { body: CreateWebhookBody } }, async ({ tenant, body }, reply) => {
    const order = { url: body.url, events: body.events ?? eventNames };
    const { webhook, secret } = await tenant.webhooks(dialect).create(order);
    return reply.code(201).send(success({ ...renderWebhook(webhook), secret }));
  });
  app.get("/api/v0/webhooks", { schema: { querystring: PageQuery } }, async ({ tenant, query }, reply) =>
    sendPage(reply, await tenant.webhooks(dialect).list(readPage(query)), query, renderWebhook),
  );
  app.patch(
    "/api/v0/webhooks/:id",
    { schema: { params: IdParams, body: ChangeWebhookBody } },
    async ({ tenant, params, body: { url, events, active: enabled } }) =>
      success(renderWebhook(await tenant.webhooks(dialect).update(params.id, { url, events, enabled }))),
  );
  app.delete("/api/v0/webhooks/:id", { schema: { params: IdParams } }, async ({ tenant, params: { id } }) => {
    await tenant.webhooks(dialect).delete(id);
    return success({ id, deleted: true });
  });
}

function renderWebhook({ id, url, events, enabled, createdAt, updatedAt }: Webhook) {
  return { id, url, events, active: enabled, created_at: instant(createdAt), updated_at: instant(updatedAt) };
}

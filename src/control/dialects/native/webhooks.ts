import { Type } from "@fastify/type-provider-typebox";
import type { FastifyRequest } from "fastify";
import type { WebhookDelivery } from "../../service/webhooks/kept-delivery.ts";
import type { Webhook } from "../../service/webhooks/webhooks.ts";
import type { TypedApp } from "../shapes.ts";
import { refusals } from "./errors.ts";
import { listOf, pageQuery, readPage, renderPage } from "./paging.ts";
import { IdParams, instant, instantOrNull, strict } from "./shapes.ts";
import {
  ChangeWebhookBody,
  CreateWebhookBody,
  DeliveryBody,
  ListDeliveriesQuery,
  RotateSecretBody,
  WebhookBody,
  WebhookWithSecretBody,
} from "./webhook-schemas.ts";

const DeliveryParams = Type.Object({ id: Type.String(), deliveryId: Type.String() });
const ListQuery = Type.Object(pageQuery, strict);

/** The webhooks that were made through this API. */
const webhooksOf = ({ tenant }: Pick<FastifyRequest, "tenant">) => tenant.webhooks("native");

/** `/webhooks`: addresses of the customer's that are told of events. */
export function webhookRoutes(app: TypedApp): void {
  app.post(
    "/webhooks",
    {
      schema: {
        operationId: "createWebhook",
        tags: ["webhooks"],
        description: "`secret` is shown in this answer only.",
        body: CreateWebhookBody,
        response: { 201: WebhookWithSecretBody, ...refusals(409) },
      },
    },
    async (request, reply) => {
      const { webhook, secret } = await webhooksOf(request).create(request.body);
      return reply.code(201).send({ ...renderWebhook(webhook), secret });
    },
  );
  app.get(
    "/webhooks",
    {
      schema: {
        operationId: "listWebhooks",
        tags: ["webhooks"],
        querystring: ListQuery,
        response: { 200: listOf(WebhookBody), ...refusals() },
      },
    },
    async (request) => renderPage(await webhooksOf(request).list(readPage(request.query)), renderWebhook),
  );
  app.get(
    "/webhooks/:id",
    {
      schema: {
        operationId: "getWebhook",
        tags: ["webhooks"],
        params: IdParams,
        response: { 200: WebhookBody, ...refusals(404) },
      },
    },
    async (request) => renderWebhook(await webhooksOf(request).get(request.params.id)),
  );
  app.patch(
    "/webhooks/:id",
    {
      schema: {
        operationId: "changeWebhook",
        tags: ["webhooks"],
        description: "What is missing stays. Another `url`, or the end of a pause, sends what waits at once.",
        params: IdParams,
        body: ChangeWebhookBody,
        response: { 200: WebhookBody, ...refusals(404) },
      },
    },
    async (request) => renderWebhook(await webhooksOf(request).update(request.params.id, request.body)),
  );
  app.delete(
    "/webhooks/:id",
    {
      schema: {
        operationId: "deleteWebhook",
        tags: ["webhooks"],
        description: "What it was still to be told is dropped.",
        params: IdParams,
        response: { 204: Type.Null(), ...refusals(404) },
      },
    },
    async (request, reply) => {
      await webhooksOf(request).delete(request.params.id);
      return reply.code(204).send(null);
    },
  );
  app.post(
    "/webhooks/:id/rotate",
    {
      schema: {
        operationId: "rotateWebhookSecret",
        tags: ["webhooks"],
        description: "Makes a new secret, shown in this answer only. For `overlap_ms` both secrets sign.",
        params: IdParams,
        // A request without a body is a rotation as usual.
        body: Type.Unsafe<{ overlap_ms?: number } | null | undefined>({
          ...RotateSecretBody,
          type: ["object", "null"],
        }),
        response: { 200: WebhookWithSecretBody, ...refusals(404) },
      },
    },
    async (request) => {
      const { webhook, secret } = await webhooksOf(request).rotate(request.params.id, request.body?.overlap_ms);
      return { ...renderWebhook(webhook), secret };
    },
  );
  deliveryRoutes(app);
}

/** `/webhooks/:id/deliveries`: what a webhook was told, and what became of it. */
function deliveryRoutes(app: TypedApp): void {
  app.get(
    "/webhooks/:id/deliveries",
    {
      schema: {
        operationId: "listWebhookDeliveries",
        tags: ["webhooks"],
        description: "Newest first. Delivered ones are kept for 7 days, dead ones for 30.",
        params: IdParams,
        querystring: ListDeliveriesQuery,
        response: { 200: listOf(DeliveryBody), ...refusals(404) },
      },
    },
    async (request) => {
      const { status } = request.query;
      const page = await webhooksOf(request).deliveries(request.params.id, { status }, readPage(request.query));
      return renderPage(page, renderDelivery);
    },
  );
  app.post(
    "/webhooks/:id/deliveries/:deliveryId/redeliver",
    {
      schema: {
        operationId: "redeliverWebhookDelivery",
        tags: ["webhooks"],
        description: "Sends a dead or delivered event again, with the same event id. 409: it still waits.",
        params: DeliveryParams,
        response: { 202: DeliveryBody, ...refusals(404, 409) },
      },
    },
    async (request, reply) => {
      const { id, deliveryId } = request.params;
      return reply.code(202).send(renderDelivery(await webhooksOf(request).redeliver(id, deliveryId)));
    },
  );
}

function renderWebhook(webhook: Webhook): WebhookBody {
  return {
    id: webhook.id,
    url: webhook.url,
    events: [...webhook.events],
    enabled: webhook.enabled,
    former_secret_until: instantOrNull(webhook.formerSecretUntil),
    created_at: instant(webhook.createdAt),
    updated_at: instant(webhook.updatedAt),
  };
}

function renderDelivery(delivery: WebhookDelivery): DeliveryBody {
  return {
    id: delivery.id,
    webhook_id: delivery.webhookId,
    event_id: delivery.eventId,
    event: delivery.event,
    subject: delivery.subject,
    sequence: delivery.sequence,
    status: delivery.status,
    attempts: delivery.attempts,
    next_attempt_at: instantOrNull(delivery.nextAttemptAt),
    last_attempt_at: instantOrNull(delivery.lastAttemptAt),
    last_duration_ms: delivery.lastDurationMs,
    last_status: delivery.lastStatus,
    last_error: delivery.lastError,
    created_at: instant(delivery.createdAt),
  };
}

import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance } from "fastify";
import { requireKey } from "../../http/auth.ts";
import { agentRoutes } from "./agents.ts";
import type { NativeDeps } from "./app.ts";
import { billingRoutes } from "./billing.ts";
import { callRoutes } from "./calls.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { conversationRoutes } from "./conversations.ts";
import { eventRoutes } from "./events.ts";
import { keyRoutes } from "./keys.ts";
import { ledgerRoutes } from "./ledger.ts";
import { numberAgentRoutes } from "./number-agents.ts";
import { numberRoutes } from "./numbers.ts";
import { orgRoutes } from "./orgs.ts";
import { phoneRoutes } from "./phones.ts";
import { placeCallRoute } from "./place-call.ts";
import { sipRoutes } from "./sip.ts";
import { textRoutes } from "./texts.ts";
import { transferRoutes } from "./transfers.ts";
import { trunkRoutes } from "./trunks.ts";
import { usageRoutes } from "./usage.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Tandem's own API (`/api/v1`): keys begin with `tk_live_`. */
export async function nativeApi(app: FastifyInstance, deps: NativeDeps): Promise<void> {
  const { house, clock, rateLimits } = deps;
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "not_found", message: "there is no such path in this API" } }),
  );
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tandem",
        version: "1",
        description: "Realtime voice gateway: telephone calls talk with realtime AI agents.",
      },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer", description: "tk_live_…" } } },
      security: [{ key: [] }],
    },
  });
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  catalogueRoutes(app.withTypeProvider<TypeBoxTypeProvider>());
  await app.register(async (scope) => {
    scope.addHook("onRequest", requireKey("native", house, clock, rateLimits));
    const typed = scope.withTypeProvider<TypeBoxTypeProvider>();
    agentRoutes(typed);
    numberRoutes(typed);
    numberAgentRoutes(typed);
    trunkRoutes(typed);
    phoneRoutes(typed);
    textRoutes(typed);
    conversationRoutes(typed);
    callRoutes(typed);
    placeCallRoute(typed);
    transferRoutes(typed);
    eventRoutes(typed, deps);
    sipRoutes(typed, deps);
    billingRoutes(typed);
    ledgerRoutes(typed);
    usageRoutes(typed);
    webhookRoutes(typed);
    orgRoutes(typed, deps);
    keyRoutes(typed, deps);
  });
}

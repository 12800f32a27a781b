import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { mounts } from "../../http/dispatch.ts";
import type { MountedDialect } from "../../http/mounted-dialects.ts";
import { callRoutes } from "./calls.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { conversationRoutes } from "./conversations.ts";
import { answer } from "./errors.ts";
import { agentcallLimits } from "./limits.ts";
import { llmsRoute } from "./llms.ts";
import { numberAgentRoutes } from "./number-agents.ts";
import { numberRoutes } from "./numbers.ts";
import { placeCallRoutes } from "./place-call.ts";
import { textRoutes } from "./texts.ts";
import { usageRoutes } from "./usage.ts";
import { webhookRoutes } from "./webhooks.ts";

/** AgentCall's API (`/v1`): keys begin with `ac_live_`. */
export const agentcallApi: MountedDialect = {
  dialect: "agentcall",
  mount: mounts.agentcall,
  answer,
  limits: agentcallLimits.table,
  openRoutes: (scope) => {
    const app = scope.withTypeProvider<TypeBoxTypeProvider>();
    catalogueRoutes(app);
    llmsRoute(app);
  },
  routes: (scope) => {
    const app = scope.withTypeProvider<TypeBoxTypeProvider>();
    numberRoutes(app);
    numberAgentRoutes(app);
    textRoutes(app);
    conversationRoutes(app);
    placeCallRoutes(app);
    callRoutes(app);
    webhookRoutes(app);
    usageRoutes(app);
  },
};

import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { mounts } from "../../http/dispatch.ts";
import type { MountedDialect } from "../../http/mounted-dialects.ts";
import { callRoutes } from "./calls.ts";
import { creditRoutes } from "./credits.ts";
import { answer } from "./errors.ts";
import { numberRoutes } from "./numbers.ts";
import { smsRoutes } from "./sms.ts";
import { webhookRoutes } from "./webhooks.ts";

/** AgentNumber's API (`/api/v0`): keys begin with `an_live_`. Its documents name no limits. */
export const agentnumberApi: MountedDialect = {
  dialect: "agentnumber",
  mount: mounts.agentnumber,
  answer,
  limits: {},
  routes: (scope) => {
    const app = scope.withTypeProvider<TypeBoxTypeProvider>();
    numberRoutes(app);
    callRoutes(app);
    smsRoutes(app);
    creditRoutes(app);
    webhookRoutes(app);
  },
};

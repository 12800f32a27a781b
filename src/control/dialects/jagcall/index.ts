import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { mounts } from "../../http/dispatch.ts";
import type { LimitTable } from "../../http/limits/limit-table.ts";
import type { MountedDialect } from "../../http/mounted-dialects.ts";
import { agentRoutes } from "./agents.ts";
import { billingRoutes } from "./billing.ts";
import { callRoutes } from "./calls.ts";
import { answer } from "./errors.ts";
import { phoneNumberRoutes } from "./phone-numbers.ts";
import { smsRoutes } from "./sms.ts";

/** As documented; other routes have no limit of their own. */
const limits: LimitTable = {
  routes: {
    "GET /v1/agents": { perMinute: 200 },
    "POST /v1/calls": { perMinute: 60 },
    "POST /v1/sms": { perMinute: 120 },
    "GET /v1/calls/:id/transcript": { perMinute: 100 },
    "POST /v1/agents": { perMinute: 30 },
    "GET /v1/billing/balance": { perMinute: 60 },
    "POST /v1/phone-numbers/search": { perMinute: 10 },
  },
};

/** JagCall's API (`/v1`): keys begin with `jc_live_`. It knows no webhooks, so it has no voice. */
export const jagcallApi: MountedDialect = {
  dialect: "jagcall",
  mount: mounts.jagcall,
  answer,
  limits,
  routes: (scope) => {
    const app = scope.withTypeProvider<TypeBoxTypeProvider>();
    agentRoutes(app);
    callRoutes(app);
    phoneNumberRoutes(app);
    smsRoutes(app);
    billingRoutes(app);
  },
};

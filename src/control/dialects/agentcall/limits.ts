import type { LimitTable } from "../../http/limits/limit-table.ts";

/** Requests a minute: all together, and calls of agents. */
const said = { global: 100, aiCalls: 10 } as const;

/** What AgentCall's page says about limits; `said` is the same for people. */
export const agentcallLimits = {
  said,
  table: {
    global: { perMinute: said.global },
    routes: { "POST /v1/calls/ai": { perMinute: said.aiCalls } },
  } satisfies LimitTable,
} as const;

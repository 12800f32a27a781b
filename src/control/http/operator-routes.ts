import type { FastifyInstance } from "fastify";
import type { Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallControl } from "../calls/call-control.ts";
import type { Services } from "../service/services.ts";
import { mergeMetrics } from "./merged-metrics.ts";

export interface OperatorRoutesDeps {
  readonly services: Pick<Services, "probe">;
  readonly callControl: Pick<CallControl, "collectMetrics" | "readiness">;
  readonly metrics: Metrics;
  readonly log: Logger;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Asked every few seconds by machines: logged at debug only. */
    quiet?: boolean;
  }
}

const quiet = { config: { quiet: true } };

/** `/metrics`, `/healthz` (the process lives) and `/readyz` (it can take calls), for those who run the gateway. */
export function operatorRoutes(
  app: FastifyInstance,
  { services, callControl, metrics, log }: OperatorRoutesDeps,
): void {
  app.get("/metrics", quiet, async (_request, reply) => {
    const media = await callControl.collectMetrics().catch((error: unknown) => {
      log.warn({ err: error }, "media processes gave no metrics");
      return [];
    });
    const merged = mergeMetrics([
      { name: "control", metrics: await metrics.registry.getMetricsAsJSON() },
      ...media.map((values, index) => ({ name: `media-${index}`, metrics: values })),
    ]);
    return reply.type(merged.contentType).send(await merged.metrics());
  });
  app.get("/healthz", quiet, async () => ({ status: "ok" }));
  app.get("/readyz", quiet, async (_request, reply) => {
    const { ready, detail } = callControl.readiness();
    const database = await services.probe().then(
      () => true,
      () => false,
    );
    const allReady = ready && database;
    return reply.code(allReady ? 200 : 503).send({
      status: allReady ? "ready" : "not-ready",
      detail: { ...detail, database: database ? "ok" : "does not answer" },
    });
  });
}

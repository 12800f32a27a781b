import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import { type Refusal, toRefusal } from "./errors.ts";
import type { LimitTable } from "./limits/limit-table.ts";
import { createRouteLimits, type LimitDeps } from "./limits/route-limits.ts";

/** How an API answers a refused request. */
export interface RefusalAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** What makes an API differ from the others before any of its routes is asked. */
export interface DialectScopeOptions {
  /** Its name, for limits and the log. */
  readonly dialect: string;
  /** Where it is mounted: `/jagcall`, or `/agentnumber/api/v0`. Its routes and limits are written without it. */
  readonly mount: string;
  /** A refusal in its words; statuses of its own too (`stage` tells a body that is no JSON from one of the wrong shape). */
  readonly answer: (refusal: Refusal) => RefusalAnswer;
  /** Lets only its keys pass: `requireKey(…)`. */
  readonly authenticate: onRequestAsyncHookHandler;
  readonly limits: LimitTable;
  readonly limitDeps: LimitDeps;
  /** Told of refusals that are our fault. */
  readonly failed: (error: unknown, request: FastifyRequest) => void;
  /** Routes that need no key; their limits count by address. */
  readonly openRoutes?: (scope: FastifyInstance) => void | Promise<void>;
  /** All other routes. */
  readonly routes: (scope: FastifyInstance) => void | Promise<void>;
}

/** Mounts an API: from the key check to the last unknown path, everything in it answers in its own words. */
export function registerDialect(app: FastifyInstance, options: DialectScopeOptions): void {
  const { dialect, mount, limits: table, limitDeps, authenticate, openRoutes, routes } = options;
  app.register(
    async (scope) => {
      scope.setErrorHandler<Error>((error, request, reply) => {
        if (sendRefusal(error, reply, options.answer).ours) options.failed(error, request);
      });
      scope.setNotFoundHandler(() => {
        throw new GatewayError("not-found", "there is no such path in this API");
      });
      readJson(scope);
      const limits = createRouteLimits({ ...limitDeps, dialect, mount, table });
      await scope.register(async (open) => {
        limits.limit(open);
        await openRoutes?.(open);
      });
      await scope.register(async (keyed) => {
        keyed.addHook("onRequest", authenticate);
        limits.limit(keyed);
        await routes(keyed);
      });
      limits.checkTable();
    },
    { prefix: mount },
  );
}

/** Answers with a refusal in an API's words; returns it for the log. */
export function sendRefusal(error: unknown, reply: FastifyReply, answer: DialectScopeOptions["answer"]): Refusal {
  const refusal = toRefusal(error);
  const { status, body } = answer(refusal);
  reply.code(status).type("application/json; charset=utf-8").send(body);
  return refusal;
}

/** An answer without a route: the path cannot be read, or an id in it is absurdly long (Fastify's `frameworkErrors`). */
export function answerOutsideRoutes(
  dialects: readonly Pick<DialectScopeOptions, "mount" | "answer">[],
  otherwise: DialectScopeOptions["answer"],
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => void {
  return (error, request, reply) => {
    const found = dialects.find(({ mount }) => request.url.startsWith(`${mount}/`));
    sendRefusal(error, reply, found?.answer ?? otherwise);
  };
}

/** Clients put `content-type: application/json` on everything, so an empty body is none. */
function readJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.removeContentTypeParser("application/json");
  scope.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body, done);
  });
}

import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import { type LimitTable, type RouteWindows, windowsOfRoute } from "./limit-table.ts";
import type { RateLimiter } from "./limiter.ts";
import type { LimitVerdict } from "./windows.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a request of this route must fit into. */
    limitWindows?: RouteWindows;
  }
}

/** What limits stand on, whichever API they are of. */
export interface LimitDeps {
  readonly limiter: RateLimiter;
  /** Every limit times so many; 0: no limits. */
  readonly factor: number;
  readonly clock: Pick<Clock, "wall">;
  /** Whose requests are counted together. */
  readonly subjectOf: (request: FastifyRequest) => string;
  /** Asked only for limits that depend on it. */
  readonly planOf: (request: FastifyRequest) => Promise<"free" | "pro">;
}

export interface RouteLimitsOptions extends LimitDeps {
  /** Name of the API in the windows' names; two APIs never share a window. */
  readonly dialect: string;
  /** Where the API is mounted; its table names routes without it. */
  readonly mount: string;
  readonly table: LimitTable;
}

/** The limits of one API's routes, told in headers with every answer. */
export interface RouteLimits {
  /** Limits the routes that are added to a scope after this; its hooks so far run before. */
  limit(scope: FastifyInstance): void;
  /** Throws when the table names what is no route: our own mistake. To be asked when all routes are there. */
  checkTable(): void;
}

export function createRouteLimits(options: RouteLimitsOptions): RouteLimits {
  const { dialect, mount, table, limiter, factor, clock, subjectOf, planOf } = options;
  const unmatched = new Set(Object.keys(table.routes ?? {}));
  const tell = (verdict: LimitVerdict, reply: FastifyReply): GatewayError | undefined => {
    reply.header("x-ratelimit-limit", verdict.limit);
    reply.header("x-ratelimit-remaining", verdict.remaining);
    reply.header("x-ratelimit-reset", Math.ceil((clock.wall() + verdict.resetMs) / 1000));
    if (verdict.allowed) return undefined;
    reply.header("retry-after", Math.max(1, Math.ceil(verdict.retryAfterMs / 1000)));
    return new GatewayError("rate-limited", "too many requests; wait as long as Retry-After says");
  };
  return {
    limit(scope) {
      scope.addHook("onRoute", (route) => {
        const name = routeName(route, mount);
        unmatched.delete(name);
        if (factor > 0) route.config = { ...route.config, limitWindows: windowsOfRoute(dialect, table, name, factor) };
      });
      // By callback: where no other machine is asked, a request need not wait for the next turn of the loop.
      scope.addHook("onRequest", (request, reply, done) => {
        const windows = request.routeOptions.config.limitWindows;
        if (windows === undefined || (windows.pro.length === 0 && windows.free.length === 0)) return done();
        const ask = (plan: "free" | "pro") => {
          const subject = subjectOf(request);
          return limiter.take(windows[plan].map((window) => ({ ...window, subject })));
        };
        const verdict = windows.free === windows.pro ? ask("pro") : planOf(request).then(ask);
        if (!(verdict instanceof Promise)) return done(tell(verdict, reply));
        verdict.then((answer) => done(tell(answer, reply)), done);
      });
    },
    checkTable() {
      const [line] = unmatched;
      if (line !== undefined) throw new Error(`the limits of ${dialect} name ${line}, which is no route of it`);
    },
  };
}

/** A route as the documents write it; HEAD counts as GET. A route of ours has one method. */
function routeName({ method, url }: RouteOptions, mount: string): string {
  const [first] = Array.isArray(method) ? method : [method];
  return `${first === "HEAD" ? "GET" : first} ${url.startsWith(mount) ? url.slice(mount.length) : url}`;
}

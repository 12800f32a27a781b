import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../kit/clock.ts";
import type { Dialect } from "../service/orgs/keys.ts";
import { type House, type RateLimits, requireKey } from "./auth.ts";
import { type DialectScopeOptions, registerDialect } from "./dialect-scope.ts";
import type { RateLimiter } from "./limits/limiter.ts";

/** An API as its folder describes it; what all of them need is added where they are mounted. */
export interface MountedDialect extends Omit<DialectScopeOptions, "authenticate" | "limitDeps" | "failed"> {
  readonly dialect: Dialect;
}

export interface MountDeps {
  readonly house: House;
  readonly clock: Clock;
  readonly rateLimits: RateLimits;
  readonly limiter: RateLimiter;
  /** Every limit of their tables times so many; 0: no limits. */
  readonly limitFactor: number;
  /** Told of refusals that are our fault. */
  readonly failed: (error: unknown, request: FastifyRequest) => void;
}

/** Mounts the vendors' APIs. Their limits count by organisation: a second key must not double them. */
export function mountDialects(app: FastifyInstance, dialects: readonly MountedDialect[], deps: MountDeps): void {
  const { house, clock, rateLimits, limiter, limitFactor: factor, failed } = deps;
  const subjectOf = (request: FastifyRequest) => request.apiKey?.orgId ?? request.ip;
  const planOf = async (request: FastifyRequest) => (request.apiKey ? (await request.tenant.org()).plan : "free");
  for (const dialect of dialects) {
    registerDialect(app, {
      ...dialect,
      authenticate: requireKey(dialect.dialect, house, clock, rateLimits),
      limitDeps: { limiter, factor, clock, subjectOf, planOf },
      failed,
    });
  }
}

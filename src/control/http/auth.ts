import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../kit/clock.ts";
import { GatewayError } from "../../kit/errors.ts";
import type { OrgId } from "../../kit/ids.ts";
import { TokenBuckets } from "../../kit/token-buckets.ts";
import type { CallCommands } from "../service/calls/call-commands.ts";
import { type ApiKey, type Dialect, type Keys, keyPrefixes } from "../service/orgs/keys.ts";
import { allows, type Scope } from "../service/orgs/scopes.ts";
import type { Tenant } from "../service/tenant.ts";

/** How often a key may ask and an address may be wrong. */
export interface RateLimits {
  readonly keyPerSecond: number;
  readonly keyBurst: number;
  readonly failuresPerSecond: number;
  readonly failureBurst: number;
}

export const defaultRateLimits = {
  keyPerSecond: 50,
  keyBurst: 100,
  failuresPerSecond: 0.2,
  failureBurst: 20,
} as const satisfies RateLimits;

/** Limits that let keys ask so many times as often, or with 0 as often as they like; guessing stays as slow. */
export function scaleRateLimits(limits: RateLimits, factor: number): RateLimits {
  const scale = factor === 0 ? 1e9 : factor;
  return { ...limits, keyPerSecond: limits.keyPerSecond * scale, keyBurst: limits.keyBurst * scale };
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a key needs for the route; undefined: `read` for GET, else `write`. */
    readonly scope?: Scope;
  }
  interface FastifyRequest {
    /** The key the request came with; null where none is asked for. */
    apiKey: ApiKey | null;
    /** What the key's organisation has, and can have done to its calls; only behind a key. */
    tenant: Tenant;
    commands: CallCommands;
  }
}

/** Where keys are known, and what is behind them. */
export interface House {
  readonly keys: Pick<Keys, "authenticate">;
  enter(orgId: OrgId): { readonly tenant: Tenant; readonly commands: CallCommands };
}

/** An `onRequest` hook that lets only keys of a dialect pass, and those not too often. */
export function requireKey(
  dialect: Dialect,
  house: House,
  clock: Clock,
  limits: RateLimits,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const byKey = new TokenBuckets({ burst: limits.keyBurst, perSecond: limits.keyPerSecond, maxBuckets: 10_000 });
  const byAddress = new TokenBuckets({
    burst: limits.failureBurst,
    perSecond: limits.failuresPerSecond,
    maxBuckets: 10_000,
  });
  const take = (buckets: TokenBuckets, key: string, reply: FastifyReply) => {
    const waitMs = buckets.take(key, clock.now());
    if (waitMs === 0) return;
    reply.header("retry-after", Math.ceil(waitMs / 1000));
    throw new GatewayError("rate-limited", "too many requests; wait as long as Retry-After says");
  };
  return async (request, reply) => {
    const secret = bearerToken(request.headers.authorization);
    // The key is looked up first: behind a proxy a stranger's wrong keys must not lock out the right one.
    const key = secret === undefined ? undefined : await house.keys.authenticate(secret);
    if (!key || key.dialect !== dialect) {
      take(byAddress, request.ip, reply);
      reply.header("www-authenticate", "Bearer");
      throw new GatewayError("unauthorized", `send a valid API key as Authorization: Bearer ${keyPrefixes[dialect]}…`);
    }
    take(byKey, key.id, reply);
    const wanted = request.routeOptions.config.scope ?? (isReading(request) ? "read" : "write");
    if (!allows(key.scopes, wanted)) {
      const advice = `this key may not do that: it needs the scope ${wanted}`;
      throw new GatewayError("forbidden", advice, undefined, { reason: "missing-scope" });
    }
    const { tenant, commands } = house.enter(key.orgId);
    request.apiKey = key;
    request.tenant = tenant;
    request.commands = commands;
  };
}

function isReading({ method }: FastifyRequest): boolean {
  return method === "GET" || method === "HEAD";
}

/** The token of an Authorization header (RFC 6750 §2.1); undefined when there is none. */
function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(header ?? "")?.[1];
}

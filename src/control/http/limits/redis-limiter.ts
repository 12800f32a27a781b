import { createClient } from "redis";
import type { Clock } from "../../../kit/clock.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { createMemoryLimiter, type RateLimiter } from "./limiter.ts";
import { RedisWindows } from "./redis-windows.ts";
import type { LimitVerdict, WindowAsk } from "./windows.ts";

export interface RedisLimiterOptions {
  /** A request waits so long for Redis; then this node counts for itself. */
  readonly patienceMs: number;
  /** After such a time-out, or an error, Redis is not asked for so long. */
  readonly restMs: number;
  /** Longest pause between two attempts to connect. */
  readonly reconnectMs: number;
}

export const defaultRedisLimiterOptions = {
  patienceMs: 100,
  restMs: 1000,
  reconnectMs: 2000,
} as const satisfies RedisLimiterOptions;

export interface RedisLimiterDeps {
  /** `redis://…` or `rediss://…`. */
  readonly redisUrl: string;
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "limitsWithoutRedis">;
}

/**
 * A limiter whose windows all nodes share. While Redis is away nobody is refused for that: each node counts in its own
 * memory, so that the limits still mean something, and the log and a metric tell.
 */
export function createRedisLimiter(
  { redisUrl, clock, log, metrics }: RedisLimiterDeps,
  { patienceMs, restMs, reconnectMs }: RedisLimiterOptions = defaultRedisLimiterOptions,
): RateLimiter {
  const redis = createClient({
    url: redisUrl,
    // What cannot be asked now is counted here now; a question kept for later would count nothing.
    disableOfflineQueue: true,
    socket: { connectTimeout: 2000, reconnectStrategy: (attempts) => Math.min(reconnectMs, 50 * 2 ** attempts) },
  });
  const shared = new RedisWindows(redis);
  const own = createMemoryLimiter(clock);
  let isAway = false;
  let askAgainAt = 0;
  let closed: Promise<void> | undefined;
  const lost = (error: unknown): void => {
    askAgainAt = clock.now() + restMs;
    if (isAway || closed) return;
    isAway = true;
    log.warn({ err: error }, "Redis is away: this node counts the rate limits for itself");
  };
  const found = (): void => {
    if (!isAway) return;
    isAway = false;
    log.info("Redis is back: all nodes count the rate limits together");
  };
  redis.on("error", lost);
  redis.connect().catch(lost);
  const alone = (asks: readonly WindowAsk[]): LimitVerdict | Promise<LimitVerdict> => {
    metrics.limitsWithoutRedis.inc();
    return own.take(asks);
  };
  return {
    take(asks) {
      if (!redis.isReady || clock.now() < askAgainAt) return alone(asks);
      return within(shared.take(asks), patienceMs).then(
        (verdict) => {
          found();
          return verdict;
        },
        (error: unknown) => {
          lost(error);
          return alone(asks);
        },
      );
    },
    close() {
      closed ??= Promise.resolve().then(() => {
        if (redis.isOpen) redis.destroy();
      });
      return closed;
    },
  };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

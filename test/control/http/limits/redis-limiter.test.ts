import { createClient } from "redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { createRedisLimiter, defaultRedisLimiterOptions } from "../../../../src/control/http/limits/redis-limiter.ts";
import { RedisWindows } from "../../../../src/control/http/limits/redis-windows.ts";
import type { WindowAsk } from "../../../../src/control/http/limits/windows.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { eventually } from "../../../kit/gateway.ts";
import { startRedis } from "../../../kit/redis.ts";

const ask = (limit: number, windowMs: number, name = "calls", subject = "org_a"): WindowAsk => ({
  subject,
  name,
  limit,
  windowMs,
});

async function limiterAt(redisUrl: string, options = {}) {
  const { pino } = await import("pino");
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const metrics = createMetrics();
  const deps = { redisUrl, clock: systemClock, log, metrics };
  // Patient: what is tested is the counting, on a machine that may be busy.
  const limiter = createRedisLimiter(deps, { ...defaultRedisLimiterOptions, patienceMs: 20_000, ...options });
  onTestFinished(() => limiter.close());
  const alone = async () => (await metrics.limitsWithoutRedis.get()).values[0]?.value ?? 0;
  return { limiter, lines, alone };
}

/** Waits until a limiter asks Redis; its questions are in a window of their own. */
async function connected({ limiter, alone }: Awaited<ReturnType<typeof limiterAt>>): Promise<void> {
  await eventually("the limiter is connected", async () => {
    const before = await alone();
    await limiter.take([ask(1_000_000, 1000, "connected")]);
    return (await alone()) === before ? true : undefined;
  });
}

describe("rate limits in Redis", () => {
  test("two nodes: of a thousand requests at once exactly the limit is let through, and each place is given once", async () => {
    const redis = await startRedis();
    const [one, other] = await Promise.all([limiterAt(redis.url), limiterAt(redis.url)]);
    const nodes = [one, other];
    for (const node of nodes) await connected(node);
    const before = await Promise.all(nodes.map(({ alone }) => alone()));
    const asks = [ask(150, 3_600_000), ask(10_000, 60_000, "global")];
    const verdicts = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => (n % 2 === 0 ? one : other).limiter.take(asks)),
    );
    const allowed = verdicts.filter((verdict) => verdict.allowed);
    expect(allowed.length).toBe(150);
    expect(allowed.map(({ remaining }) => remaining).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 150 }, (_, n) => n),
    );
    // What the first window refused is not in the second.
    const global = await one.limiter.take([ask(10_000, 60_000, "global")]);
    expect(global.remaining).toBe(10_000 - 151);
    expect(await Promise.all(nodes.map(({ alone }) => alone()))).toEqual(before);
  });

  test("window: is told as in memory, slides by the server's clock, and leaves nothing behind", async () => {
    const redis = await startRedis();
    const client = createClient({ url: redis.url });
    await client.connect();
    onTestFinished(() => client.destroy());
    const windows = new RedisWindows(client);
    const first = await windows.take([ask(2, 3_600_000)]);
    expect(first).toEqual({ allowed: true, limit: 2, remaining: 1, resetMs: 3_600_000, retryAfterMs: 0 });
    expect(await windows.take([ask(2, 3_600_000)])).toMatchObject({ allowed: true, remaining: 0 });
    const refused = await windows.take([ask(2, 3_600_000)]);
    expect(refused).toMatchObject({ allowed: false, limit: 2, remaining: 0 });
    expect(refused.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(refused.resetMs);
    expect(await windows.take([ask(0, 1000, "closed")])).toMatchObject({ allowed: false, retryAfterMs: 1000 });
    // A lowered limit waits for the second to leave, as in memory.
    const lowered = await windows.take([ask(1, 3_600_000)]);
    expect(lowered.retryAfterMs).toBe(lowered.resetMs);
    expect((await windows.take([ask(1, 50, "short")])).allowed).toBe(true);
    await eventually("the short window takes another one", async () =>
      (await windows.take([ask(1, 50, "short")])).allowed ? true : undefined,
    );
    await eventually("the short window is gone", async () =>
      (await client.exists("tandem:limit:{org_a}:short:50")) === 0 ? true : undefined,
    );
    expect(await client.pTTL("tandem:limit:{org_a}:calls:3600000")).toBeGreaterThan(0);
  });

  test("Redis away: nobody is refused for it, the node counts for itself, and log and metric tell once", async () => {
    const redis = await startRedis();
    const node = await limiterAt(redis.url, { reconnectMs: 50, restMs: 1 });
    await connected(node);
    const before = await node.alone();
    const take = async () => (await node.limiter.take([ask(2, 3_600_000)])).allowed;
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    await redis.kill();
    await eventually("the loss is noticed", () => (node.lines.length > 0 ? true : undefined));
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
    expect(await node.alone()).toBe(before + 3);
    expect(node.lines).toEqual(["Redis is away: this node counts the rate limits for itself"]);
    await startRedis(redis.port);
    await connected(node);
    expect(node.lines.slice(1)).toEqual(["Redis is back: all nodes count the rate limits together"]);
    // The new server has never seen the script, nor the requests.
    expect([await take(), await take(), await take()]).toEqual([true, true, false]);
  });

  test("Redis hangs: a request waits its patience and goes on, those after it do not wait", async () => {
    const redis = await startRedis();
    const node = await limiterAt(redis.url, { patienceMs: 300, restMs: 3_600_000 });
    await connected(node);
    redis.process.kill("SIGSTOP");
    const before = await node.alone();
    expect((await node.limiter.take([ask(1, 1000)])).allowed).toBe(true);
    expect(node.lines).toHaveLength(1);
    // Answered in the same turn: nobody was asked.
    expect(node.limiter.take([ask(5, 1000, "next")])).toMatchObject({ allowed: true, remaining: 4 });
    expect(await node.alone()).toBe(before + 2);
  });

  test("Redis that never was: the gateway starts and counts for itself", async () => {
    const node = await limiterAt("redis://127.0.0.1:1");
    await eventually("the log tells", () => (node.lines.length > 0 ? true : undefined));
    expect(await node.limiter.take([ask(1, 3_600_000)])).toMatchObject({ allowed: true });
    expect(await node.limiter.take([ask(1, 3_600_000)])).toMatchObject({ allowed: false });
    await node.limiter.close();
    await node.limiter.close();
  });
});

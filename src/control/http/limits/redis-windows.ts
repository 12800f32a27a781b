import { createHash } from "node:crypto";
import { judgeWindows, type LimitVerdict, type WindowAsk, type WindowUse } from "./windows.ts";

/** The two commands that are sent; a client of the package `redis` has them. */
export interface RedisCommands {
  evalSha(sha1: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/**
 * The windows of all nodes in one step. Keys: a list for each window, the stamp of the newest request first (µs of the
 * server's clock, so that nodes need not agree on the time). Arguments: limit and length (µs) of each window. Answer:
 * let through or not, then used, µs to wait and µs until empty of each window. The sums are those of `MemoryWindows`.
 */
const script = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local allowed = 1
for n, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local oldest = redis.call('LINDEX', key, -1)
  while oldest and tonumber(oldest) <= now - window do
    redis.call('RPOP', key)
    oldest = redis.call('LINDEX', key, -1)
  end
  if redis.call('LLEN', key) >= limit then allowed = 0 end
end
local answer = { allowed }
for n, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  if allowed == 1 then
    redis.call('LPUSH', key, string.format('%.0f', now))
    redis.call('PEXPIRE', key, math.ceil(window / 1000))
  end
  local used = redis.call('LLEN', key)
  local wait, empty = 0, 0
  if limit == 0 then
    wait = window
  elseif used >= limit then
    wait = redis.call('LINDEX', key, limit - 1) + window - now
  end
  if used > 0 then empty = redis.call('LINDEX', key, 0) + window - now end
  for _, figure in ipairs({ used, wait, empty }) do table.insert(answer, figure) end
end
return answer
`;
const sha1 = createHash("sha1").update(script).digest("hex");

/** Windows that all nodes share, in Redis (5 or later): one round trip a request. */
export class RedisWindows {
  readonly #redis: RedisCommands;

  constructor(redis: RedisCommands) {
    this.#redis = redis;
  }

  /** As `MemoryWindows.take`; rejects when Redis does not answer as it should. */
  async take(asks: readonly WindowAsk[]): Promise<LimitVerdict> {
    const call = {
      // Braces keep an organisation's keys on one shard, which a script over several keys needs.
      keys: asks.map(({ subject, name, windowMs }) => `tandem:limit:{${subject}}:${name}:${windowMs}`),
      arguments: asks.flatMap(({ limit, windowMs }) => [String(limit), String(windowMs * 1000)]),
    };
    const answer = await this.#redis.evalSha(sha1, call).catch((error: unknown) => {
      // A server that has just started, or was told to forget, does not know the script yet.
      if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return this.#redis.eval(script, call);
      throw error;
    });
    if (!isFigures(answer, 1 + 3 * asks.length))
      throw new Error("Redis answered what is no answer to the limits' script");
    const uses = asks.map((_, n): WindowUse => {
      const [used, waitUs, emptyUs] = answer.slice(1 + 3 * n, 4 + 3 * n) as [number, number, number];
      return { used, waitMs: waitUs / 1000, emptyMs: emptyUs / 1000 };
    });
    return judgeWindows(answer[0] === 1, asks, uses);
  }
}

function isFigures(answer: unknown, length: number): answer is readonly number[] {
  return Array.isArray(answer) && answer.length === length && answer.every((figure) => typeof figure === "number");
}

import type { Clock } from "../../../kit/clock.ts";
import { type LimitVerdict, MemoryWindows, type WindowAsk } from "./windows.ts";

/** Lets requests through or not. */
export interface RateLimiter {
  /** Asks for one request in all windows at once; it is counted in none when one of them is full. `asks`: one at least. */
  take(asks: readonly WindowAsk[]): LimitVerdict | Promise<LimitVerdict>;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** Windows kept in memory; an organisation fills about one for each route it uses. */
const maxWindows = 50_000;

/** A limiter for a gateway that is one process. */
export function createMemoryLimiter(clock: Pick<Clock, "now">): RateLimiter {
  const windows = new MemoryWindows(maxWindows);
  return { take: (asks) => windows.take(asks, clock.now()), close: async () => {} };
}

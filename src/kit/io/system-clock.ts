import { performance } from "node:perf_hooks";
import type { Clock } from "../clock.ts";

/** The machine's own clocks. */
export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() };

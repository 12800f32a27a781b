import { percentile, type Result } from "../report.ts";
import { type ExchangeGateway, echoNumber } from "./exchange-gateway.ts";
import { runSipp, type SippResult } from "./sipp.ts";

/** Calls a second that a core is to set up and tear down. */
const fullRate = 200;
const halfRate = fullRate / 2;
const warmUpCalls = 600;

/** SIPp's own caller against the echo number: calls answered and hung up at once, for `seconds` at each rate. */
export async function benchCallSetup(gateway: ExchangeGateway, seconds: number): Promise<Result[]> {
  const call = (callsPerSecond: number, calls: number) =>
    runSipp({ target: gateway.sipTarget, number: echoNumber, calls, callsPerSecond, talkMs: 0 });
  // A gateway in service is warm.
  await call(halfRate, warmUpCalls);
  const half = await call(halfRate, halfRate * seconds);
  const before = gateway.cpuSeconds();
  const full = await call(fullRate, fullRate * seconds);
  await gateway.idle();
  const after = gateway.cpuSeconds();
  const mainMs = (1000 * (after.main - before.main)) / full.successful;
  const mediaMs = (1000 * (after.media - before.media)) / full.successful;
  return [
    { name: `calls that failed (${fullRate}/s, ${seconds} s)`, value: full.failed, unit: "", atMost: 0 },
    { name: "requests SIPp sent again", value: full.retransmissions, unit: "", atMost: 0 },
    {
      name: "calls set up and torn down per second of CPU",
      value: 1000 / (mainMs + mediaMs),
      unit: "calls/s",
      atLeast: fullRate,
      comparedWith: `a call: main ${mainMs.toFixed(2)} ms, media ${mediaMs.toFixed(2)} ms`,
    },
    { name: `INVITE → 200, p99 (${fullRate}/s)`, value: percentile(full.answeredMs, 0.99), unit: "ms" },
    ...halfRateResults(half),
  ];
}

function halfRateResults({ answeredMs, failed }: SippResult): Result[] {
  return [
    { name: `calls that failed (${halfRate}/s)`, value: failed, unit: "", atMost: 0 },
    { name: `INVITE → 200, p50 (${halfRate}/s)`, value: percentile(answeredMs, 0.5), unit: "ms" },
    {
      name: `INVITE → 200, p99 of ${answeredMs.length} (${halfRate}/s)`,
      value: percentile(answeredMs, 0.99),
      unit: "ms",
      atMost: 20,
    },
  ];
}

/**
 * `npm run bench:sip`: the telephone exchange under load, called by the real SIPp over UDP; a gateway as a user starts it,
 * one media process. SIPp and the telephones share the machine's cores with it. Settings, all optional:
 *
 *   --only setup,echo,opus,memory    parts to run
 *   --seconds 10                     length of each measurement
 *   --echo-calls 600                 G.711 calls in echo at once
 *   --opus-calls 150                 Opus callers, each joined with a G.711 telephone, at once
 *   --calls 2000                     short calls over which memory is to be flat; 20000 takes six minutes
 *   --profile FOLDER                 writes a .cpuprofile of both processes for each part
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { printResult, type Result } from "../report.ts";
import { benchCallSetup } from "./call-setup.ts";
import { benchEchoCalls } from "./echo-calls.ts";
import { type ExchangeGateway, startExchangeGateway } from "./exchange-gateway.ts";
import { benchJoinedCalls } from "./joined-calls.ts";
import { benchFlatness } from "./memory-flatness.ts";
import { machineLoad } from "./process-figures.ts";
import { needSipp } from "./sipp.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "setup,echo,opus,memory" },
    seconds: { type: "string", default: "10" },
    "echo-calls": { type: "string", default: "600" },
    "opus-calls": { type: "string", default: "150" },
    calls: { type: "string", default: "2000" },
    profile: { type: "string" },
  },
});
const seconds = count("seconds");
const parts: Readonly<Record<string, (gateway: ExchangeGateway) => Promise<Result[]>>> = {
  setup: (gateway) => benchCallSetup(gateway, seconds),
  echo: (gateway) => benchEchoCalls(gateway, count("echo-calls"), seconds),
  opus: (gateway) => benchJoinedCalls(gateway, count("opus-calls"), seconds),
  memory: (gateway) => benchFlatness(gateway, count("calls")),
};

needSipp();
let isMet = true;
for (const name of values.only.split(",")) {
  const part = parts[name];
  if (!part) throw new Error(`--only: expected some of ${Object.keys(parts).join(", ")}`);
  console.log(`${name} (${machineLoad()})`);
  const results = await measured(name, part);
  for (const result of results) isMet = printResult(result) && isMet;
  console.log(`(${machineLoad()})`);
}
process.exitCode = isMet ? 0 : 1;

/** Runs a part on a fresh gateway. */
async function measured(name: string, part: (gateway: ExchangeGateway) => Promise<Result[]>): Promise<Result[]> {
  const { profile } = values;
  const gateway = await startExchangeGateway();
  try {
    if (profile === undefined) return await part(gateway);
    const inspectors = [await gateway.inspector("main"), await gateway.inspector("media")] as const;
    const [main, media] = await Promise.all(inspectors.map((inspector) => inspector.profile()));
    const results = await part(gateway);
    await main?.stop(join(profile, `${name}-main.cpuprofile`));
    await media?.stop(join(profile, `${name}-media.cpuprofile`));
    for (const inspector of inspectors) inspector.close();
    return results;
  } finally {
    await gateway.close();
  }
}

function count(name: "seconds" | "echo-calls" | "opus-calls" | "calls"): number {
  const value = Number(values[name]);
  if (!(Number.isInteger(value) && value >= 1)) throw new Error(`--${name}: expected a whole number from 1`);
  return value;
}

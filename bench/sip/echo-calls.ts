import type { Result } from "../report.ts";
import { type ExchangeGateway, echoNumber } from "./exchange-gateway.ts";
import { startMediaLoad } from "./media-load-process.ts";
import type { LineFigures } from "./media-load-protocol.ts";
import { runSipp } from "./sipp.ts";
import { callerScenario, offeredPcmu, portTable } from "./sipp-scenarios.ts";
import {
  cpuResults,
  measureTalking,
  portsInTurn,
  rampCallsPerSecond,
  streamResults,
  type Talked,
  talkMsOf,
} from "./talking.ts";

const warmUpCalls = 60;
const warmUpSeconds = 2;
/** RAM a call may take. */
const maxBytesPerCall = 300 * 1024;

/** G.711 calls in echo through the whole media path, all at once; signalled by SIPp, spoken by telephones of ours. */
export async function benchEchoCalls(gateway: ExchangeGateway, calls: number, seconds: number): Promise<Result[]> {
  // What is loaded and compiled for the first calls is not those calls' memory.
  await talk(gateway, warmUpCalls, warmUpSeconds);
  const { talked, failed, residentPerCall, heldPerCall } = await talk(gateway, calls, seconds);
  const [line] = talked.lines;
  if (!line) throw new Error("the telephones measured nothing");
  const name = "G.711 echo";
  return [
    { name: `${name}: calls that failed`, value: failed, unit: "", atMost: 0 },
    ...cpuResults(name, calls, talked, "rtpengine relays both legs of a call at 0.112 %"),
    ...streamResults(name, line, talked),
    ...frameResults(name, line),
    {
      name: `memory a call (RSS of both processes, ${calls} calls)`,
      value: residentPerCall / 1024,
      unit: "KB",
      atMost: maxBytesPerCall / 1024,
      comparedWith: `of it held after a collection: ${(heldPerCall / 1024).toFixed(0)} KB`,
    },
  ];
}

interface Talk {
  readonly talked: Talked;
  readonly failed: number;
  /** Memory per call, in bytes: in RAM, garbage included; and what a collection leaves. */
  readonly residentPerCall: number;
  readonly heldPerCall: number;
}

async function talk(gateway: ExchangeGateway, calls: number, seconds: number): Promise<Talk> {
  const load = await startMediaLoad({ lines: [{ codec: "pcmu", echo: true }] });
  try {
    const idle = await gateway.heldMemory();
    const run = runSipp({
      target: gateway.sipTarget,
      number: echoNumber,
      calls,
      callsPerSecond: rampCallsPerSecond,
      talkMs: talkMsOf(calls, seconds),
      scenario: { xml: callerScenario(offeredPcmu), table: portTable(portsInTurn(calls, load.ports[0])) },
    });
    const talked = await measureTalking(gateway, load, { calls, phones: calls, seconds });
    const residentPerCall = (gateway.residentBytes() - idle.resident) / calls;
    const heldPerCall = ((await gateway.heldMemory()).held - idle.held) / calls;
    const { failed } = await run;
    await gateway.idle();
    return { talked, failed, residentPerCall, heldPerCall };
  } finally {
    load.close();
  }
}

function frameResults(name: string, { framesSent, framesBack, foreignFrames, turnaroundMs }: LineFigures): Result[] {
  return [
    {
      name: `${name}: frames that did not come back whole (of ${framesSent})`,
      value: framesSent - framesBack,
      unit: "",
      atMost: 0,
    },
    { name: `${name}: frames of other calls`, value: foreignFrames, unit: "", atMost: 0 },
    { name: `${name}: frame out → frame back, p50`, value: turnaroundMs.p50, unit: "ms" },
    { name: `${name}: frame out → frame back, p99`, value: turnaroundMs.p99, unit: "ms" },
  ];
}

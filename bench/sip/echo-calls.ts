import type { Result } from "../report.ts";
import { type ExchangeGateway, echoNumber, rtpPorts } from "./exchange-gateway.ts";
import { type MediaLoad, startMediaLoad } from "./media-load-process.ts";
import type { LineFigures, PhoneLine } from "./media-load-protocol.ts";
import { droppedDatagrams } from "./process-figures.ts";
import { runSipp } from "./sipp.ts";
import { callerScenario, offeredOpus, offeredPcmu, portTable } from "./sipp-scenarios.ts";

/** A load of calls that talk all at once. */
export interface EchoLoad {
  readonly codec: PhoneLine["codec"];
  readonly calls: number;
  readonly seconds: number;
  /** What another media server takes here. */
  readonly comparedWith: string;
  /** RAM a call may take, where that is measured. */
  readonly memory: boolean;
}

/** Calls begun a second: slow enough that the first do not disturb what is measured. */
const callsPerSecond = 60;
/** Jitter buffers find their delay. */
const settleMs = 3000;
const titles = { pcmu: "G.711", opus: "Opus" } as const;

/** Calls in echo through the whole media path, signalled by SIPp, spoken by telephones of ours. */
export async function benchEchoCalls(gateway: ExchangeGateway, echo: EchoLoad): Promise<Result[]> {
  const { codec, calls, seconds } = echo;
  const marked = codec === "pcmu";
  const load = await startMediaLoad({ lines: [{ codec, echo: marked }] });
  try {
    const idleBytes = gateway.residentBytes();
    const rampMs = (1000 * calls) / callsPerSecond;
    const talking = runSipp({
      target: gateway.sipTarget,
      number: echoNumber,
      calls,
      callsPerSecond,
      talkMs: rampMs + settleMs + seconds * 1000 + 3000,
      scenario: {
        xml: callerScenario(marked ? offeredPcmu : offeredOpus),
        table: portTable(spread(calls, load.ports[0] ?? [])),
      },
    });
    await load.talking(calls, rampMs + settleMs);
    await sleep(settleMs);
    const measured = await measure(gateway, load, seconds);
    const perCallBytes = (gateway.residentBytes() - idleBytes) / calls;
    const { failed } = await talking;
    await gateway.idle();
    return [
      { name: `${titles[codec]} echo: calls that failed`, value: failed, unit: "", atMost: 0 },
      ...streamResults(echo, measured),
      ...(echo.memory ? [memoryResult(calls, perCallBytes)] : []),
    ];
  } finally {
    load.close();
  }
}

interface Measured {
  readonly line: LineFigures;
  readonly mediaCpu: number;
  readonly mainCpu: number;
  readonly loadCpu: number;
  readonly sendLatenessMs: number;
  readonly droppedByGateway: number;
  readonly droppedByLoad: number;
}

async function measure(gateway: ExchangeGateway, load: MediaLoad, seconds: number): Promise<Measured> {
  const dropped = () => droppedDatagrams(rtpPorts.first, rtpPorts.last);
  const begin = { cpu: gateway.cpuSeconds(), load: load.cpuSeconds(), dropped: dropped(), at: performance.now() };
  load.measure();
  await sleep(seconds * 1000);
  const cpu = gateway.cpuSeconds();
  const wallS = (performance.now() - begin.at) / 1000;
  const loadCpu = (load.cpuSeconds() - begin.load) / wallS;
  const report = await load.report();
  const [line] = report.lines;
  if (!line) throw new Error("the telephones measured nothing");
  return {
    line,
    mediaCpu: (cpu.media - begin.cpu.media) / wallS,
    mainCpu: (cpu.main - begin.cpu.main) / wallS,
    loadCpu,
    sendLatenessMs: report.load.sendLatenessMs.p99,
    droppedByGateway: dropped() - begin.dropped,
    droppedByLoad: report.load.dropped,
  };
}

function streamResults({ codec, calls, comparedWith }: EchoLoad, measured: Measured): Result[] {
  const { line, mediaCpu, mainCpu, loadCpu } = measured;
  const name = `${titles[codec]} echo`;
  const frames: Result[] = [
    {
      name: `${name}: frames that did not come back whole (of ${line.framesSent})`,
      value: line.framesSent - line.framesBack,
      unit: "",
      atMost: 0,
    },
    { name: `${name}: frames of other calls`, value: line.foreignFrames, unit: "", atMost: 0 },
    { name: `${name}: frame out → frame back, p50`, value: line.turnaroundMs.p50, unit: "ms" },
    { name: `${name}: frame out → frame back, p99`, value: line.turnaroundMs.p99, unit: "ms" },
  ];
  return [
    {
      name: `${name}: media process, one core at most`,
      value: 100 * mediaCpu,
      unit: "%",
      atMost: 100,
      comparedWith: `main process ${(100 * mainCpu).toFixed(1)} %, the telephones themselves ${(100 * loadCpu).toFixed(0)} %`,
    },
    { name: `${name}: CPU a call`, value: (100 * mediaCpu) / calls, unit: "% of a core", comparedWith },
    {
      name: `${name}: packets lost (of ${line.arrived}, ${line.phones} calls)`,
      value: line.lost,
      unit: "",
      atMost: 0,
      comparedWith: `the kernel dropped ${measured.droppedByGateway} on the way in, ${measured.droppedByLoad} on the way back`,
    },
    { name: `${name}: packets twice`, value: line.duplicates, unit: "", atMost: 0 },
    { name: `${name}: packet lateness, p50`, value: line.latenessMs.p50, unit: "ms" },
    {
      name: `${name}: packet lateness, p99`,
      value: line.latenessMs.p99,
      unit: "ms",
      atMost: 5,
      comparedWith: `worst ${line.latenessMs.max.toFixed(1)} ms; the telephones sent p99 ${measured.sendLatenessMs.toFixed(1)} ms late`,
    },
    ...(codec === "pcmu" ? frames : []),
  ];
}

function memoryResult(calls: number, perCallBytes: number): Result {
  return {
    name: `memory a call (RSS of both processes, ${calls} calls)`,
    value: perCallBytes / 1024,
    unit: "KB",
    atMost: 300,
  };
}

/** The port of each call, in turn. */
function spread(calls: number, ports: readonly number[]): number[] {
  return Array.from({ length: calls }, (_, call) => ports[call % ports.length] ?? 0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import type { Result } from "../report.ts";
import { type ExchangeGateway, type Plane, rtpPorts } from "./exchange-gateway.ts";
import type { MediaLoad } from "./media-load-process.ts";
import type { LineFigures } from "./media-load-protocol.ts";
import { droppedDatagrams, machineCpuSeconds } from "./process-figures.ts";

/** What was measured while calls talked. Shares of a core are 0–1. */
export interface Talked {
  readonly lines: readonly LineFigures[];
  readonly cpu: Readonly<Record<Plane | "phones" | "others" | "stolen", number>>;
  /** p99 of how late the telephones sent. */
  readonly sendLatenessMs: number;
  /** Datagrams the kernel dropped for want of room. */
  readonly dropped: { readonly byGateway: number; readonly byPhones: number };
}

/** Calls begun a second: slow enough that the ones before are not disturbed. */
export const rampCallsPerSecond = 60;
/** Jitter buffers find their delay. */
const settleMs = 3000;
/** A busy machine may take longer to begin all calls. */
const slackMs = 10_000;

/** How long each of so many calls has to talk, if all are to be measured together. */
export function talkMsOf(calls: number, seconds: number): number {
  return rampMsOf(calls) + slackMs + settleMs + seconds * 1000;
}

function rampMsOf(calls: number): number {
  return (1000 * calls) / rampCallsPerSecond;
}

/** Waits until all calls talk, and measures for `seconds`. */
export async function measureTalking(
  gateway: ExchangeGateway,
  load: MediaLoad,
  { calls, phones, seconds }: { readonly calls: number; readonly phones: number; readonly seconds: number },
): Promise<Talked> {
  await load.talking(phones, rampMsOf(calls) + slackMs);
  await sleep(settleMs);
  const dropped = () => droppedDatagrams(rtpPorts.first, rtpPorts.last);
  const cpuSeconds = () => ({ ...gateway.cpuSeconds(), phones: load.cpuSeconds(), ...machineCpuSeconds() });
  const begin = { ...cpuSeconds(), dropped: dropped(), at: performance.now() };
  load.measure();
  await sleep(seconds * 1000);
  const end = cpuSeconds();
  const wallS = (performance.now() - begin.at) / 1000;
  const { lines, load: own } = await load.report();
  const share = (name: keyof typeof end) => (end[name] - begin[name]) / wallS;
  const [main, media, phonesShare] = [share("main"), share("media"), share("phones")];
  const others = share("used") - main - media - phonesShare;
  return {
    lines,
    cpu: { main, media, phones: phonesShare, others, stolen: share("stolen") },
    sendLatenessMs: own.sendLatenessMs.p99,
    dropped: { byGateway: dropped() - begin.dropped, byPhones: own.dropped },
  };
}

/** The media process's share of a core, all in all and for one call. */
export function cpuResults(name: string, calls: number, { cpu }: Talked, comparedWith: string): Result[] {
  const percent = (share: number) => (100 * share).toFixed(1);
  return [
    {
      name: `${name}: media process, ${calls} calls on one core`,
      value: 100 * cpu.media,
      unit: "%",
      atMost: 100,
      comparedWith: `main process ${percent(cpu.main)} %, telephones ${percent(cpu.phones)} %, everybody else ${percent(cpu.others)} %, the machine's host ${percent(cpu.stolen)} %`,
    },
    { name: `${name}: media process, a call`, value: (100 * cpu.media) / calls, unit: "% of a core", comparedWith },
  ];
}

/** Loss, order and evenness of what the telephones of a line heard. */
export function streamResults(name: string, line: LineFigures, talked: Talked): Result[] {
  const { latenessMs } = line;
  const { byGateway, byPhones } = talked.dropped;
  return [
    { name: `${name}: calls that heard nothing (of ${line.phones})`, value: line.deaf, unit: "", atMost: 0 },
    {
      name: `${name}: packets lost (of ${line.arrived + line.lost})`,
      value: line.lost,
      unit: "",
      atMost: 0,
      comparedWith: `the kernel dropped ${byGateway} on the way in, ${byPhones} on the way back`,
    },
    { name: `${name}: packets twice`, value: line.duplicates, unit: "", atMost: 0 },
    { name: `${name}: packet lateness, p50`, value: latenessMs.p50, unit: "ms" },
    {
      name: `${name}: packet lateness, p99`,
      value: latenessMs.p99,
      unit: "ms",
      atMost: 5,
      comparedWith: `worst ${latenessMs.max.toFixed(1)}; the telephones sent p99 ${talked.sendLatenessMs.toFixed(1)} ms late`,
    },
  ];
}

/** The port of each call, in turn. */
export function portsInTurn(calls: number, ports: readonly number[] = []): number[] {
  return Array.from({ length: calls }, (_, call) => ports[call % ports.length] ?? 0);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

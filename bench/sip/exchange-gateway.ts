import { eventually, type StartedGateway, startGateway } from "../sim/gateway.ts";
import { type HeldMemory, Inspector, inspectable, inspectorUrls } from "./inspector.ts";
import { childrenOf, cpuSeconds, residentBytes } from "./process-figures.ts";

/** The number that sends back what it hears. */
export const echoNumber = "+15550101";
/** RTP ports of the gateway under test. */
export const rtpPorts = { first: 10_000, last: 19_999 };
const maxCalls = 4000;
/** A call that SIPp has given up without a word is asked after half a minute of silence whether it is there. */
const idleWithinMs = 90_000;

/** The processes that carry calls: signalling and media. */
export type Plane = "main" | "media";

/** A gateway with a trunk at this machine's address, so that nothing limits the rate, and a look at its two processes. */
export interface ExchangeGateway extends StartedGateway {
  /** Where it listens for SIP. */
  readonly sipTarget: string;
  readonly pids: Readonly<Record<Plane, number>>;
  /** CPU seconds of both so far. */
  cpuSeconds(): Record<Plane, number>;
  /** Memory of both in RAM, in bytes. */
  residentBytes(): number;
  /** A look inside. */
  inspector(plane: Plane): Promise<Inspector>;
  /** Memory of both after a full collection. */
  heldMemory(): Promise<HeldMemory>;
  /** Resolves when no call is held any more. */
  idle(): Promise<void>;
}

/** Starts one with one media process, logging as it does in service. */
export async function startExchangeGateway(): Promise<ExchangeGateway> {
  const gateway = await startGateway({
    TANDEM_LOG_LEVEL: "info",
    TANDEM_RTP_PORTS: `${rtpPorts.first}-${rtpPorts.last}`,
    TANDEM_MAX_CALLS_PER_PROCESS: String(maxCalls),
    ...inspectable,
  });
  try {
    const trunk = await gateway.api("POST", "/trunks", {
      name: "Bench",
      inbound: { sources: ["127.0.0.1"] },
      max_calls: 0,
      calls_per_second: 0,
      probe_every_s: 0,
    });
    if (trunk.status !== 201) throw new Error(JSON.stringify(trunk.body));
    const [media] = childrenOf(gateway.pid);
    if (media === undefined) throw new Error("the gateway has no media process");
    const pids = { main: gateway.pid, media };
    return {
      ...gateway,
      sipTarget: `127.0.0.1:${gateway.sipPort}`,
      pids,
      cpuSeconds: () => ({ main: cpuSeconds(pids.main), media: cpuSeconds(pids.media) }),
      residentBytes: () => residentBytes(pids.main) + residentBytes(pids.media),
      inspector: (plane) => findInspector(gateway.lines, pids[plane]),
      heldMemory: () => heldBy(gateway.lines, [pids.main, pids.media]),
      idle: async () => {
        await eventually("all calls have ended", () => hasNoCalls(gateway), idleWithinMs);
      },
    };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

async function hasNoCalls({ httpUrl }: StartedGateway): Promise<true | undefined> {
  const metrics = await (await fetch(`${httpUrl}/metrics`)).text();
  const held = [...metrics.matchAll(/^tandem_calls_active\{[^}]*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return held.length > 0 && held.every((count) => count === 0) ? true : undefined;
}

async function heldBy(lines: readonly string[], pids: readonly number[]): Promise<HeldMemory> {
  let sum: HeldMemory = { resident: 0, held: 0 };
  for (const pid of pids) {
    const inspector = await findInspector(lines, pid);
    const { resident, held } = await inspector.heldMemory();
    sum = { resident: sum.resident + resident, held: sum.held + held };
    inspector.close();
  }
  return sum;
}

async function findInspector(lines: readonly string[], pid: number): Promise<Inspector> {
  for (const url of inspectorUrls(lines)) {
    const inspector = await Inspector.open(url);
    if ((await inspector.pid()) === pid) return inspector;
    inspector.close();
  }
  throw new Error("the process cannot be looked into");
}

import type { Result } from "../report.ts";
import { type ExchangeGateway, echoNumber, type Plane } from "./exchange-gateway.ts";
import type { HeldMemory, Inspector } from "./inspector.ts";
import { runSipp } from "./sipp.ts";
import { slope } from "./slope.ts";

const callsPerSecond = 150;
/** Longer than a SIP transaction outlives its call (64·T1, RFC 3261 §17.2). */
const lingerMs = 34_000;
/** Caches and the SIP trace have their size by then. */
const warmUpCalls = 3000;
const talkMs = 200;
const planes = ["main", "media"] as const satisfies readonly Plane[];
/** What a leak would have to be smaller than: 20 000 calls then take less than 2 MB. */
const flatBytes = 100;
/** With fewer calls than this the wobble of a collected heap, some hundred KB, looks like a slope. */
const enoughCalls = 10_000;

/**
 * Memory over many short calls: what both processes hold after a full collection when the last call's timers have run
 * out, fitted by a line. Nothing is held for a call that is over, or the line climbs.
 */
export async function benchFlatness(gateway: ExchangeGateway, calls: number): Promise<Result[]> {
  const inspectors: Record<Plane, Inspector> = {
    main: await gateway.inspector("main"),
    media: await gateway.inspector("media"),
  };
  let failed = 0;
  const samples: { readonly calls: number; readonly memory: Record<Plane, HeldMemory> }[] = [];
  const sample = async (made: number) => {
    await gateway.idle();
    await new Promise((resolve) => setTimeout(resolve, lingerMs));
    const memory = { main: await inspectors.main.heldMemory(), media: await inspectors.media.heldMemory() };
    samples.push({ calls: made, memory });
    console.log(
      `  after ${String(made).padStart(6)} calls: ${planes.map((plane) => show(plane, memory[plane])).join("; ")}`,
    );
  };
  const run = async (count: number) => {
    const result = await runSipp({
      target: gateway.sipTarget,
      number: echoNumber,
      calls: count,
      callsPerSecond,
      talkMs,
    });
    failed += result.failed;
  };
  await run(warmUpCalls);
  await sample(0);
  const parts = calls >= enoughCalls ? 5 : 2;
  for (let part = 1; part <= parts; part++) {
    const upTo = Math.round((calls * part) / parts);
    await run(upTo - (samples.at(-1)?.calls ?? 0));
    await sample(upTo);
  }
  for (const plane of planes) inspectors[plane].close();
  const slopeOf = (plane: Plane, of: (memory: HeldMemory) => number) =>
    slope(samples.map((one) => [one.calls, of(one.memory[plane])]));
  return [
    { name: `calls that failed (of ${warmUpCalls + calls})`, value: failed, unit: "", atMost: 0 },
    ...planes.flatMap((plane): Result[] => [
      {
        name: `${plane}: held memory over ${calls} calls, slope`,
        value: slopeOf(plane, ({ held }) => held),
        unit: "bytes/call",
        atMost: calls >= enoughCalls ? flatBytes : undefined,
        comparedWith: `RSS ${slopeOf(plane, ({ resident }) => resident).toFixed(0)} bytes/call`,
      },
    ]),
  ];
}

function show(plane: Plane, { resident, held }: HeldMemory): string {
  const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  return `${plane} holds ${megabytes(held)} MB, RSS ${megabytes(resident)} MB`;
}

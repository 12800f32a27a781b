/**
 * `npm run bench:api`: what the control plane costs on this machine, over SQLite: authenticated reads, placing calls, what
 * both do to fifty calls in progress, and webhooks. Load, telephones and provider share the machine's cores with the gateway.
 *
 *   --only read,place,media,webhooks   parts to run
 *   --seconds 10                       length of each measurement
 *   --calls 50                         calls in progress beside the load
 *   --rate 1000                        reads a second beside them
 *   --profile FILE.cpuprofile          where the time of reading, or placing, goes in the gateway's main process
 */
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { startBusyFarEnd } from "./api/busy-far-end.ts";
import { type ApiLoad, runLoad } from "./api/load.ts";
import { benchNumber, delays, dial, makeBenchAgent, sleepUntil, talk } from "./frame-calls.ts";
import type { FramePhone, FrameTimes } from "./frame-phone.ts";
import { startFrameProvider } from "./frame-provider.ts";
import { percentile, printResult, type Result } from "./report.ts";
import { eventually, type StartedGateway, startGateway } from "./sim/gateway.ts";
import { Inspector, inspectable, inspectorUrls } from "./sip/inspector.ts";
import { cpuSeconds, machineLoad } from "./sip/process-figures.ts";
import { benchWebhooks } from "./webhooks.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "read,place,media,webhooks" },
    seconds: { type: "string", default: "10" },
    calls: { type: "string", default: "50" },
    rate: { type: "string", default: "1000" },
    profile: { type: "string" },
  },
});
const [seconds, calls, rate] = [Number(values.seconds), Number(values.calls), Number(values.rate)];
if (!(seconds >= 1 && calls >= 1 && rate >= 1)) throw new Error("--seconds, --calls, --rate: expected numbers from 1");
const callsPlacedPerSecond = 10;

const parts = {
  read: benchReads,
  place: benchPlacing,
  media: benchMediaBeside,
  webhooks: () => benchWebhooks(),
} as const;
let isMet = true;
for (const name of values.only.split(",")) {
  const part = Object.entries(parts).find(([known]) => known === name)?.[1];
  if (!part) throw new Error(`--only: expected some of ${Object.keys(parts).join(", ")}`);
  console.log(`${name} (${machineLoad()})`);
  for (const result of await part()) isMet = printResult(result) && isMet;
}
process.exitCode = isMet ? 0 : 1;

/** One agent read again and again by few clients, each of which asks as soon as it is answered. */
async function benchReads(): Promise<Result[]> {
  return withGateway({}, async (gateway) => {
    await makeBenchAgent(gateway, {});
    const { body: agents } = await gateway.api("GET", "/agents");
    const read: ApiLoad = {
      url: `${gateway.httpUrl}/api/v1/agents/${agents.data[0].id}`,
      apiKey: gateway.apiKey,
      connections: 4,
      seconds,
    };
    // A gateway in service is warm.
    await runLoad({ ...read, seconds: 3 });
    const stopProfile = await profileMain(gateway);
    const before = cpuSeconds(gateway.pid);
    const { latenciesMs, perSecond, failed } = await runLoad(read);
    const cpuUs = (1e6 * (cpuSeconds(gateway.pid) - before)) / latenciesMs.length;
    await stopProfile();
    return [
      { name: `reads that failed (${latenciesMs.length} reads, 4 clients)`, value: failed, unit: "", atMost: 0 },
      { name: "authenticated read, p50", value: percentile(latenciesMs, 0.5), unit: "ms" },
      { name: "authenticated read, p95", value: percentile(latenciesMs, 0.95), unit: "ms", atMost: 1.5 },
      { name: "authenticated reads", value: perSecond, unit: "/s", atLeast: 3000 },
      { name: "CPU of the main process per read", value: cpuUs, unit: "µs" },
    ];
  });
}

/** Calls placed at a steady rate over a trunk whose far end is always busy. */
async function benchPlacing(): Promise<Result[]> {
  const farEnd = await startBusyFarEnd();
  try {
    return await withGateway({}, async (gateway) => {
      const place = { ...(await placingLoad(gateway, farEnd.port)), perSecond: callsPlacedPerSecond };
      await runLoad({ ...place, perSecond: 10 * callsPlacedPerSecond, seconds: 5 });
      // The last of the warm-up must not be in the figures.
      await eventually("no call is left over", () => hasNoCalls(gateway));
      const rungBefore = farEnd.calls;
      const stopProfile = await profileMain(gateway);
      const before = cpuSeconds(gateway.pid);
      const { latenciesMs, failed } = await runLoad({ ...place, seconds });
      const cpuMs = (1000 * (cpuSeconds(gateway.pid) - before)) / latenciesMs.length;
      await stopProfile();
      const load = `${latenciesMs.length} calls, ${callsPlacedPerSecond}/s`;
      return [
        { name: `calls that could not be placed (${load})`, value: failed, unit: "", atMost: 0 },
        { name: "placing a call to `queued`, p50", value: percentile(latenciesMs, 0.5), unit: "ms" },
        { name: "placing a call to `queued`, p95", value: percentile(latenciesMs, 0.95), unit: "ms", atMost: 10 },
        { name: "CPU of the main process per call", value: cpuMs, unit: "ms" },
        { name: "calls that reached the far end", value: farEnd.calls - rungBefore, unit: "" },
      ];
    });
  } finally {
    farEnd.close();
  }
}

/** Calls in progress, first alone, then beside reads and calls being placed: what that does to their audio. */
async function benchMediaBeside(): Promise<Result[]> {
  const provider = await startFrameProvider();
  const farEnd = await startBusyFarEnd();
  try {
    return await withGateway({ OPENAI_BASE_URL: provider.baseUrl }, async (gateway) => {
      await makeBenchAgent(gateway, { first_message: "" });
      const place = { ...(await placingLoad(gateway, farEnd.port)), perSecond: callsPlacedPerSecond };
      const phones: FramePhone[] = [];
      for (let i = 0; i < calls; i++) phones.push((await dial(gateway)).phone);
      await talk(phones, 3000);
      const alone = await framesOf(phones);
      const read: ApiLoad = {
        url: `${gateway.httpUrl}/api/v1/agents`,
        apiKey: gateway.apiKey,
        connections: 10,
        seconds,
        perSecond: rate,
      };
      const [beside, reads, placed] = await Promise.all([
        framesOf(phones),
        runLoad(read),
        runLoad({ ...place, seconds }),
      ]);
      await sleepUntil(performance.now() + 500);
      const { arrivedAt } = await provider.frames();
      for (const phone of phones) phone.close();
      const delaysOf = (frames: readonly FrameTimes[]) => frames.flatMap((sentAt) => delays(sentAt, arrivedAt));
      const [aloneMs, besideMs] = [delaysOf(alone), delaysOf(beside)];
      const [p99Alone, p99Beside] = [percentile(aloneMs, 0.99), percentile(besideMs, 0.99)];
      const sent = [...alone, ...beside].reduce((sum, sentAt) => sum + sentAt.size, 0);
      const load = `${Math.round(reads.perSecond)} reads/s, ${callsPlacedPerSecond} calls/s`;
      return [
        { name: `requests that failed (${load})`, value: reads.failed + placed.failed, unit: "", atMost: 0 },
        { name: "caller frames that did not arrive", value: sent - aloneMs.length - besideMs.length, unit: "frames" },
        { name: `caller → provider, p99 (${calls} calls alone)`, value: p99Alone, unit: "ms" },
        { name: "caller → provider, p99 (beside the load)", value: p99Beside, unit: "ms" },
        { name: "difference that the load makes", value: p99Beside - p99Alone, unit: "ms", atMost: 2 },
      ];
    });
  } finally {
    farEnd.close();
    await provider.close();
  }
}

/** All phones talk for a while; when each of their frames left. */
async function framesOf(phones: readonly FramePhone[]): Promise<FrameTimes[]> {
  for (const phone of phones) phone.sentAt.clear();
  await talk(phones, seconds * 1000);
  return phones.map((phone) => new Map(phone.sentAt));
}

/** Calls over a trunk to a far end at a local port. */
async function placingLoad(gateway: StartedGateway, port: number): Promise<ApiLoad> {
  const trunk = await gateway.api("POST", "/trunks", {
    name: "Busy",
    outbound: { targets: [{ uri: `sip:127.0.0.1:${port}` }] },
    max_calls: 0,
    calls_per_second: 0,
    probe_every_s: 0,
  });
  if (trunk.status !== 201) throw new Error(JSON.stringify(trunk.body));
  const call = { from: benchNumber, to: "+15550199", agent: { instructions: "Be brief.", provider: "local" } };
  return {
    url: `${gateway.httpUrl}/api/v1/calls`,
    method: "POST",
    apiKey: gateway.apiKey,
    body: JSON.stringify(call),
    connections: 2,
    seconds,
  };
}

async function withGateway(
  env: Record<string, string>,
  measure: (gateway: StartedGateway) => Promise<Result[]>,
): Promise<Result[]> {
  const gateway = await startGateway({
    OPENAI_API_KEY: "bench",
    TANDEM_RATE_LIMIT_FACTOR: "0",
    ...(values.profile !== undefined && inspectable),
    ...env,
  });
  try {
    return await measure(gateway);
  } finally {
    await gateway.close();
  }
}

async function hasNoCalls(gateway: StartedGateway): Promise<true | undefined> {
  const statuses = ["queued", "ringing", "in-progress"];
  const open = await Promise.all(statuses.map((status) => gateway.api("GET", `/calls?status=${status}&limit=1`)));
  return open.every(({ body }) => body.data.length === 0) ? true : undefined;
}

/** Starts a profile of the main process, when one is wanted; the returned function writes it. */
async function profileMain(gateway: StartedGateway): Promise<() => Promise<void>> {
  const { profile } = values;
  if (profile === undefined) return async () => {};
  for (const url of inspectorUrls(gateway.lines)) {
    const inspector = await Inspector.open(url);
    if ((await inspector.pid()) === gateway.pid) {
      const running = await inspector.profile();
      return async () => {
        await running.stop(profile);
        inspector.close();
      };
    }
    inspector.close();
  }
  throw new Error("the process cannot be looked into");
}

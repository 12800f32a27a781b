/**
 * `npm run bench`: the figures of a whole gateway on this machine, phones and provider included: telephones, gateway and
 * simulated provider share its cores, and what they cost is in the figures. `--calls N` and `--seconds N` set the load,
 * `--only latency` (or gaps, set-up, barge-in) takes one measurement alone.
 */
import { existsSync, readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { readMonoAt } from "../src/codecs/wav.ts";
import { delays, dial, type FrameCall, makeBenchAgent, openStream, sleepUntil, talk } from "./frame-calls.ts";
import { sharedNow } from "./frame-phone.ts";
import { type FrameProvider, startFrameProvider } from "./frame-provider.ts";
import { percentile, printResult, type Result } from "./report.ts";
import { type StartedGateway, startGateway } from "./sim/gateway.ts";
import { type RealtimeServerBehaviour, startRealtimeServer } from "./sim/realtime-server.ts";
import { PhoneBank, placeCall } from "./sim/twilio-phone.ts";

const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "50" },
    seconds: { type: "string", default: "20" },
    only: { type: "string" },
  },
});
const calls = Number(values.calls);
const seconds = Number(values.seconds);
if (!(calls >= 1 && seconds >= 1)) throw new Error("--calls and --seconds: expected numbers from 1");
/** Human speech of Debian's asterisk-core-sounds-en-wav. */
const speechFile = "/usr/share/asterisk/sounds/en_US_f_Allison/vm-tocallnum.wav";
const warmUpMs = 3000;
const results: Result[] = [];

const measurements = { latency: latencyUnderLoad, gaps: soundWithoutGaps, "set-up": setUp, "barge-in": bargeIn };
const chosen = Object.entries(measurements).filter(([name]) => (values.only ?? name) === name);
if (chosen.length === 0) throw new Error(`--only: expected one of ${Object.keys(measurements).join(", ")}`);
for (const [, measure] of chosen) await measure();
const met = results.map(printResult);
process.exitCode = met.every(Boolean) ? 0 : 1;

/** Both directions of audio at once, with every other caller making noise, told apart frame by frame. */
async function latencyUnderLoad(): Promise<void> {
  const provider = await startFrameProvider();
  await withGateway(provider, { first_message: "" }, async (gateway) => {
    const phones: FrameCall[] = [];
    for (let i = 0; i < calls; i++) phones.push(await dial(gateway, i % 2 === 0));
    const all = phones.map(({ phone }) => phone);
    // Audio kept while the sessions open is set-up, which is measured by itself.
    await talk(all, warmUpMs);
    for (const phone of all) phone.sentAt.clear();
    const cpuBefore = mediaCpuSeconds(gateway.pid);
    const startedAt = sharedNow();
    const saying = phones
      .filter((_, i) => i % 2 === 1)
      .map(({ callId }, i) => sayAgainAndAgain(gateway, callId, i * 50));
    await Promise.all([talk(all, seconds * 1000), ...saying]);
    const cpuSeconds = mediaCpuSeconds(gateway.pid) - cpuBefore;
    const wallSeconds = (sharedNow() - startedAt) / 1000;
    await sleepUntil(performance.now() + 500);
    const { arrivedAt, sessionOfFrame, leftAt } = await provider.frames();
    const inbound = all.flatMap((phone) => delays(phone.sentAt, arrivedAt));
    const outbound = all.flatMap((phone) => {
      const name = [...phone.sentAt.keys()].find((frame) => sessionOfFrame.has(frame));
      const left = firstFrames(leftAt.get(sessionOfFrame.get(name ?? "") ?? -1) ?? []);
      const heard = firstFrames(phone.heardAt);
      // Nothing is cleared in this run, so the n-th reply that left the provider is the n-th that reached the phone.
      return heard.flatMap((at, n) => (left[n] === undefined ? [] : [at - left[n]]));
    });
    const load = `${calls} calls, ${seconds} s`;
    const lost = all.reduce((sum, phone) => sum + phone.sentAt.size, 0) - inbound.length;
    results.push(
      { name: `caller → provider, p50 (${load})`, value: percentile(inbound, 0.5), unit: "ms" },
      {
        name: `caller → provider, p99 (${inbound.length} frames)`,
        value: percentile(inbound, 0.99),
        unit: "ms",
        atMost: 5,
      },
      { name: "caller frames that did not arrive", value: lost, unit: "frames", atMost: calls * 5 },
      { name: "provider → wire, first frame of a reply, p50", value: percentile(outbound, 0.5), unit: "ms" },
      {
        name: `provider → wire, p99 (${outbound.length} replies)`,
        value: percentile(outbound, 0.99),
        unit: "ms",
        atMost: 25,
      },
      { name: "media process CPU per call", value: (100 * cpuSeconds) / wallSeconds / calls, unit: "% of a core" },
    );
    for (const phone of all) phone.close();
  });
}

/** Has the agent of a call say a short sentence every two seconds. */
async function sayAgainAndAgain(gateway: StartedGateway, callId: string, afterMs: number): Promise<void> {
  const startedAt = performance.now() + afterMs;
  for (let round = 0; round < Math.floor(seconds / 2) - 1; round++) {
    await sleepUntil(startedAt + round * 2000);
    await gateway.api("POST", `/calls/${callId}/say`, { text: "Hello there." });
  }
}

/** The first of each run of frames that follow closely. */
function firstFrames(times: readonly number[]): number[] {
  return times.filter((at, n) => n === 0 || at - (times[n - 1] as number) > 300);
}

/** All calls hear a long answer made faster than it is spoken, as real providers do, over carriers that play and mark. */
async function soundWithoutGaps(): Promise<void> {
  const provider: RealtimeServerBehaviour = {
    realTimeFactor: 4,
    replies: () => ({ text: "long", audioMs: seconds * 1000 }),
  };
  await withGateway(provider, {}, async (gateway) => {
    const bank = new PhoneBank();
    const ended = await Promise.all(
      Array.from({ length: calls }, async () =>
        placeCall({
          ...(await openStream(gateway)),
          bank,
          maxMs: seconds * 1000 + 20_000,
          script: [{ type: "wait-for-agent", quietMs: 1000 }, { type: "hang-up" }],
        }),
      ),
    );
    const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
    const gaps = ended.reduce((sum, { underruns }) => sum + underruns.length, 0);
    const spoken = ended.filter(({ firstAudioMs }) => firstAudioMs !== undefined).length;
    results.push(
      { name: `calls that heard nothing (${calls} calls, ${seconds} s)`, value: calls - spoken, unit: "", atMost: 0 },
      {
        name: "playout underruns caused by the gateway",
        value: metricSum(metrics, "tandem_playout_underruns_total"),
        unit: "",
        atMost: 0,
      },
      { name: "gaps heard by the telephones", value: gaps, unit: "", atMost: 0 },
    );
  });
}

/** From dialling (WebSocket upgrade) to the first agent frame, one call after the other, provider without latency. */
async function setUp(): Promise<void> {
  await withGateway({ realTimeFactor: Number.POSITIVE_INFINITY }, { first_message: "Hello" }, async (gateway) => {
    const samples: number[] = [];
    for (let i = 0; i < 40; i++) {
      const { phone } = await dial(gateway);
      const deadline = performance.now() + 5000;
      while (phone.firstAudioMs === undefined && performance.now() < deadline) {
        phone.sendFrame();
        await sleepUntil(performance.now() + 20);
      }
      // The first calls warm the program up; a gateway in service is warm.
      if (i >= 5) samples.push(phone.firstAudioMs ?? Number.POSITIVE_INFINITY);
      phone.close();
    }
    results.push(
      { name: "set-up: upgrade → first agent frame, p50", value: percentile(samples, 0.5), unit: "ms" },
      { name: "set-up: upgrade → first agent frame, p95", value: percentile(samples, 0.95), unit: "ms", atMost: 60 },
    );
  });
}

/** Human speech over a speaking agent: from its onset, and from the turn machine's decision, to the agent's silence. */
async function bargeIn(): Promise<void> {
  if (!existsSync(speechFile)) throw new Error(`${speechFile} is missing: apt-get install asterisk-core-sounds-en-wav`);
  const samples = readMonoAt(readFileSync(speechFile), 8000);
  if (!(samples instanceof Int16Array)) throw new Error(`${speechFile}: ${samples.fault}`);
  const provider = { replies: () => ({ text: "long", audioMs: 15_000 }) };
  await withGateway(
    provider,
    {
      first_message: "This sentence is long enough to be interrupted by somebody.",
      turn: { greeting_interruptible: true },
    },
    async (gateway) => {
      const bank = new PhoneBank();
      const clip = { label: "interruption", samples };
      const afterOnset: number[] = [];
      const afterDecision: number[] = [];
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          await sleepUntil(performance.now() + index * 37);
          const ticket = await openStream(gateway);
          const openedAt = performance.timeOrigin + performance.now();
          const result = await placeCall({
            ...ticket,
            bank,
            maxMs: 20_000,
            script: [
              { type: "barge-in", afterMs: 1200 + index * 13, clip },
              // An interruption is on record once the caller's words are known.
              { type: "wait", ms: 2500 },
              { type: "hang-up" },
            ],
          });
          const [stop] = result.bargeIns;
          if (stop?.silentMs === undefined || stop.clearedMs === undefined) {
            afterOnset.push(Number.POSITIVE_INFINITY);
            return;
          }
          afterOnset.push(stop.silentMs - stop.onsetMs);
          const { body: timeline } = await gateway.api("GET", `/calls/${ticket.callId}/timeline`);
          const { body: call } = await gateway.api("GET", `/calls/${ticket.callId}`);
          const decidedAt = Date.parse(call.started_at) + Number(timeline.interruptions[0]?.silenced_at_ms);
          afterDecision.push(openedAt + result.connectMs + stop.clearedMs - decidedAt);
        }),
      );
      results.push(
        {
          name: "barge-in: speech onset → silence, p50 (20 calls at once)",
          value: percentile(afterOnset, 0.5),
          unit: "ms",
        },
        { name: "barge-in: speech onset → silence, p95", value: percentile(afterOnset, 0.95), unit: "ms", atMost: 250 },
        {
          name: "barge-in: decision → silence at the phone, p95",
          value: percentile(afterDecision, 0.95),
          unit: "ms",
          atMost: 60,
        },
      );
    },
  );
}

/** Runs a measurement on a fresh gateway, whose provider is simulated and whose number an agent with `settings` answers. */
async function withGateway(
  provider: RealtimeServerBehaviour | FrameProvider,
  settings: Record<string, unknown>,
  measure: (gateway: StartedGateway) => Promise<void>,
): Promise<void> {
  const sim = "baseUrl" in provider ? provider : await startRealtimeServer(provider);
  const gateway = await startGateway({
    OPENAI_API_KEY: "bench",
    OPENAI_BASE_URL: sim.baseUrl,
    TANDEM_LOG_LEVEL: "warn",
  });
  try {
    await makeBenchAgent(gateway, settings);
    await measure(gateway);
  } finally {
    await gateway.close();
    await sim.close();
  }
}

/** CPU seconds of the gateway's children so far. */
function mediaCpuSeconds(parent: number): number {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(/\s+/);
  const ticks = children.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, value) => sum + value, 0) / 100;
}

function metricSum(metrics: string, name: string): number {
  const lines = metrics.split("\n").filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

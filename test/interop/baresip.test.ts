import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import type { SimSessionView } from "../../bench/sim/realtime-server-options.ts";
import { l16at8k, l16at24k, pcmu8k } from "../../src/codecs/format.ts";
import { Transcoder } from "../../src/codecs/transcoder.ts";
import { recognise, rms, soundMs } from "../kit/audio-judge.ts";
import { type Baresip, startBaresip } from "../kit/baresip.ts";
import { eventually, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";

const greetingMs = 3000;
/** How long a call goes on when everything was said. */
const tailMs = 2000;

/** Two seconds of speech. */
const sentence = speech("vm-tocallnum").subarray(0, 16_000);

/** The sentence four times, half a second of silence before each. */
function callerSpeech(): Int16Array {
  const samples = new Int16Array(4 * (4000 + sentence.length));
  for (let n = 0; n < 4; n++) samples.set(sentence, n * (4000 + sentence.length) + 4000);
  return samples;
}

/** What was heard in a call, at the telephone (8 kHz) and at the model. */
interface HeardCall {
  readonly atPhone: Int16Array;
  readonly session: SimSessionView;
}

const codecs = [
  { name: "PCMU", codec: "pcmu/8000/1", account: "", model: "audio/pcmu" },
  { name: "PCMA", codec: "pcma/8000/1", account: "", model: "audio/pcma" },
  { name: "G.722", codec: "g722/16000/1", account: "", model: "audio/pcm" },
  { name: "Opus", codec: "opus/48000/2", account: "", model: "audio/pcm" },
  { name: "PCMU under SRTP", codec: "pcmu/8000/1", account: ";mediaenc=srtp-mand", model: "audio/pcmu" },
];

describe("baresip calls the demo number", () => {
  const said = callerSpeech();
  const calls = new Map<string, HeardCall>();
  let sim: RealtimeServer;
  let gateway: TestGateway;

  beforeAll(async () => {
    sim = await startRealtimeServer({ replies: () => ({ text: "greeting", audioMs: greetingMs }) });
    gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: sim.baseUrl });
  });

  afterAll(async () => {
    await gateway?.close();
    await sim?.close();
  });

  /** Calls with one codec; the next session at the model is this call's. */
  async function call(codec: string, account: string) {
    const before = sim.sessions.length;
    const phone = await startBaresip(`<sip:test@127.0.0.1>;regint=0;audio_codecs=${codec}${account}`, [], said);
    phone.command(`/dial sip:+15550100@127.0.0.1:${gateway.sipPort}`);
    return { phone, session: await eventually("the agent is there", () => sim.sessions[before]) };
  }

  /** Hangs up once both have said what they have to say. */
  async function hearWhole(phone: Baresip): Promise<Int16Array> {
    const wholeMs = said.length / 8 + tailMs;
    const isWhole = () => (phone.heard().length / 8 > wholeMs ? true : undefined);
    await eventually("baresip has heard the whole call", isWhole, 60_000);
    await phone.quit();
    return phone.heard();
  }

  test("telephones with a codec each begin one after the other, and talk all at the same time", async () => {
    const begun: Awaited<ReturnType<typeof call>>[] = [];
    for (const { codec, account } of codecs) begun.push(await call(codec, account));
    await Promise.all(
      begun.map(async ({ phone, session }, n) =>
        calls.set(codecs[n]!.name, { atPhone: await hearWhole(phone), session }),
      ),
    );
    expect(sim.sessions.length).toBe(codecs.length);
  }, 120_000);

  test.each(codecs)("$name: both sides hear each other at the right level, rate and length", ({ name, model }) => {
    const { atPhone, session } = calls.get(name)!;
    expect(session.config).toMatchObject({ audio: { input: { format: { type: model } } } });

    // The caller's words at the model: the same sound, one after the other, the same level.
    const format =
      model === "audio/pcm" ? l16at24k : model === "audio/pcma" ? { ...pcmu8k, encoding: "pcma" as const } : pcmu8k;
    const bytes = new Transcoder(format, l16at8k).convert(session.callerAudio());
    const atModel = new Int16Array(bytes.slice().buffer);
    const { found, joined, gainDb } = recognise(sentence, atModel);
    expect(found).toBeGreaterThanOrEqual(0.9);
    expect(joined).toBeGreaterThanOrEqual(0.7);
    expect(Math.abs(gainDb)).toBeLessThan(3);

    // The agent's greeting at the telephone: there, loud enough, of its length.
    expect(soundMs(atPhone)).toBeGreaterThan(greetingMs - 400);
    expect(rms(atPhone)).toBeGreaterThan(0.005);
  });

  test("each call has its record: by SIP, ended by the caller", async () => {
    const calls = await eventually("all calls have ended", async () => {
      const { body } = await gateway.api("GET", "/calls");
      return body.data.every(({ status }: { status: string }) => status === "ended") ? body.data : undefined;
    });
    expect(calls.length).toBe(5);
    for (const call of calls) expect(call).toMatchObject({ carrier: "sip", to: "+15550100", cause: "caller-hung-up" });
  });
});

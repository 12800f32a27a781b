import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseWav } from "../../src/codecs/wav.ts";
import { callNumber, type FinishedCall, recordingOf, transcriptOf } from "../kit/calls.ts";
import { type Json, startGateway, type TestGateway } from "../kit/gateway.ts";
import { speech } from "../kit/speech.ts";
import { StallWatch } from "../kit/stalls.ts";

const demoNumber = "+15550100";
/** Longer than the pauses between the receptionist's sentences. */
const listen = { type: "wait-for-agent", quietMs: 1500 } as const;
const say = (prompt: string) => ({ type: "play", clip: { label: prompt, samples: speech(prompt) } }) as const;

describe("a call to the demo number with nobody's key", () => {
  let gateway: TestGateway;
  let spoken: FinishedCall;
  let keyed: FinishedCall;
  let lines: readonly Json[];
  let watch: StallWatch;

  beforeAll(async () => {
    gateway = await startGateway();
    watch = await StallWatch.begin(gateway);
    [spoken, keyed] = await Promise.all([
      callNumber(gateway, demoNumber, [
        listen,
        say("digits/2"),
        listen,
        { type: "dtmf", digits: "4711#" },
        listen,
        say("vm-goodbye"),
      ]),
      callNumber(gateway, demoNumber, [
        listen,
        { type: "dtmf", digits: "2" },
        listen,
        { type: "dtmf", digits: "86#" },
        listen,
        { type: "dtmf", digits: "4" },
      ]),
    ]);
    lines = await transcriptOf(gateway, spoken.callId);
  }, 120_000);

  afterAll(async () => {
    watch?.close();
    await gateway?.close();
  });

  const said = (role: string) => lines.filter((line) => line.role === role).map(({ text }) => String(text));

  test("the agent answers, is heard without a gap, and every step of the script finds him listening", async () => {
    expect(spoken.result.agentSpeech.length).toBeGreaterThanOrEqual(4);
    expect(await watch.unexplained([spoken, keyed])).toEqual([]);
    expect(spoken.result.faults).toEqual([]);
    expect(spoken.record.stats).toMatchObject({ faults: 0 });
  });

  test('spoken words are understood as far as a menu goes: a human\'s "two" opens the digits, keys are read back', () => {
    expect(said("caller")).toEqual(["two", "4711", "goodbye"]);
    expect(said("agent")[1]).toContain("say some digits");
    expect(said("agent")[2]).toContain("four, seven, one, one");
    expect(lines.map(({ via }) => via)).toEqual(["speech", "speech", "speech", "dtmf", "speech", "speech", "speech"]);
  });

  test("the agent hangs up, and only after his whole goodbye was played", () => {
    expect(spoken.result).toMatchObject({ ending: "gateway", closeCode: 1000 });
    expect(spoken.record).toMatchObject({ status: "ended", cause: "agent-hung-up", ended_by: "agent" });
    const goodbye = lines.at(-1);
    expect(goodbye).toMatchObject({ role: "agent", interrupted: false });
    expect(goodbye?.text).toMatch(/Goodbye\.$/);
    // The phone played all it was given: no mark of the last words was flushed by the close.
    expect(spoken.result.marks).toEqual({ played: spoken.result.messages.mark, flushed: 0 });
    const last = spoken.result.agentSpeech.at(-1);
    expect((last?.endMs ?? 0) - (last?.startMs ?? 0)).toBeGreaterThan(1000);
  });

  test("the menu works by keys alone, to the goodbye", async () => {
    const byKeys = await transcriptOf(gateway, keyed.callId);
    expect(byKeys.filter(({ role }) => role === "caller")).toMatchObject([
      { text: "2", via: "dtmf" },
      { text: "86", via: "dtmf" },
      { text: "4", via: "dtmf" },
    ]);
    expect(byKeys.filter(({ role }) => role === "agent").at(2)?.text).toContain("eight, six");
    expect(keyed.record.cause).toBe("agent-hung-up");
    expect(keyed.result).toMatchObject({ ending: "gateway", faults: [] });
  });

  test("the recording holds both voices, as long as the call", async () => {
    const wav = parseWav(await recordingOf(gateway, spoken.callId));
    if ("fault" in wav) throw new Error(wav.fault);
    expect(wav).toMatchObject({ channels: 2, sampleRateHz: 8000 });
    expect(Math.abs(wav.samples.length / 16 - spoken.record.duration_ms)).toBeLessThan(500);
    const loudest = [0, 0];
    for (const [at, sample] of wav.samples.entries()) {
      loudest[at & 1] = Math.max(loudest[at & 1] ?? 0, Math.abs(sample));
    }
    for (const peak of loudest) expect(peak).toBeGreaterThan(3000);
  });

  test("the API lists the call, newest first, and counts what was spoken", async () => {
    const { body } = await gateway.api("GET", "/calls?status=ended");
    expect(body.data.map(({ id }: Json) => id).sort()).toEqual([spoken.callId, keyed.callId].sort());
    expect(spoken.record).toMatchObject({ to: demoNumber, from: "+15550122", carrier: "twilio", recorded: true });
    expect(spoken.record.usage.speech_characters).toBeGreaterThan(100);
  });

  test("the log says honestly what the local provider can do, and none of what was said", () => {
    const log = gateway.lines.join("\n");
    expect(log).toContain('"ears":"pocketsphinx"');
    expect(log).toMatch(/script.*need.* a provider key/);
    for (const words of ["4711", "four, seven", "goodbye", gateway.apiKey]) expect(log).not.toContain(words);
  });
});

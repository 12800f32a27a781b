import { afterAll, describe, expect, test } from "vitest";
import { createFliteVoice, Flite, fliteVoiceName } from "../../../../src/media/ai/io/flite-voice.ts";
import type { SpeechPiece } from "../../../../src/media/ai/pipeline/parts.ts";

const never = new AbortController().signal;

async function collect(pieces: AsyncIterable<SpeechPiece>): Promise<SpeechPiece[]> {
  const all: SpeechPiece[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

function samplesOf(audio: Uint8Array): Int16Array {
  return new Int16Array(audio.buffer, audio.byteOffset, audio.byteLength / 2);
}

/** A thread with the troubles its clauses name, and 100 ms of silence for all others. */
const troubledSource = `
const { parentPort } = require("node:worker_threads");
const wav = new Uint8Array(44 + 3200);
const view = new DataView(wav.buffer);
wav.set(Buffer.from("RIFF____WAVEfmt ____________________data"));
for (const [at, value] of [[16, 16], [24, 16000], [28, 32000], [40, 3200]]) view.setUint32(at, value, true);
for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) view.setUint16(at, value, true);
parentPort.on("message", ({ text }) => {
  if (text === "hang") return;
  if (text === "exit") process.exit(3);
  if (text === "throw") throw new Error("out of memory");
  if (text === "refuse") parentPort.postMessage({ type: "failed", message: "no voice" });
  else if (text === "nonsense") parentPort.postMessage({ type: "spoken", wav: new Uint8Array(3), phones: "" });
  else parentPort.postMessage({ type: "spoken", wav, phones: "" });
});
`;

describe("flite voice", { timeout: 30_000 }, () => {
  const flite = new Flite();
  afterAll(() => flite.close());

  test("flite voice: speaks a sentence as 16 kHz PCM at telephone loudness, without clipping", async () => {
    const voice = createFliteVoice("rms", flite);
    const [piece, ...more] = await collect(voice.speak("Hello, how are you? You entered 42.", never));
    expect(more).toEqual([]);
    const samples = samplesOf(piece!.audio);
    expect(samples.length / 16_000).toBeGreaterThan(2);
    expect(samples.length / 16_000).toBeLessThan(4);
    const peak = samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);
    expect(peak).toBeLessThan(29_300);
    const loud = samples.filter((sample) => Math.abs(sample) > 32);
    const rms = Math.sqrt(loud.reduce((sum, sample) => sum + sample * sample, 0) / loud.length);
    expect(20 * Math.log10(rms / 32768)).toBeGreaterThan(-21);
    expect(20 * Math.log10(rms / 32768)).toBeLessThan(-15);
  });

  test("flite voice: tells when each word is spoken, in order and inside the audio", async () => {
    const voice = createFliteVoice("slt", flite);
    const [piece] = await collect(voice.speak("Hello, how are you? You entered 42.", never));
    const words = piece!.words!;
    expect(words.map((word) => word.text)).toEqual(["Hello,", "how", "are", "you?", "You", "entered", "42."]);
    let endMs = 0;
    for (const word of words) {
      expect(word.startMs).toBeGreaterThanOrEqual(endMs);
      expect(word.endMs).toBeGreaterThan(word.startMs);
      endMs = word.endMs;
    }
    expect(endMs).toBeLessThanOrEqual(piece!.audio.length / 32);
    // "how" follows the pause that the comma makes.
    expect(words[1]!.startMs - words[0]!.endMs).toBeGreaterThan(40);
  });

  test("flite voice: an unknown voice name speaks as rms", () => {
    expect([undefined, "slt", "alloy", "kal"].map(fliteVoiceName)).toEqual(["rms", "slt", "rms", "rms"]);
  });

  test("flite voice: a long text comes in several pieces whose word times run on", async () => {
    const voice = createFliteVoice("kal16", flite);
    const text = "This sentence is spoken to see how long texts are cut. ".repeat(8);
    const pieces = await collect(voice.speak(text, never));
    expect(pieces.length).toBeGreaterThan(1);
    const firstLengthMs = pieces[0]!.audio.length / 32;
    expect(pieces[1]!.words![0]!.startMs).toBeGreaterThanOrEqual(firstLengthMs);
    expect(pieces.flatMap((piece) => piece.words!).length).toBe(8 * 11);
  });

  test("flite voice: says nothing for a text without words", async () => {
    expect(await collect(createFliteVoice("rms", flite).speak("… — !?", never))).toEqual([]);
  });

  test("flite voice: the second time a sentence comes at once, from memory", async () => {
    const voice = createFliteVoice("slt", flite);
    const [first] = await collect(voice.speak("Please say that again.", never));
    const [second] = await collect(voice.speak("Please say that again.", never));
    expect(second!.audio).toBe(first!.audio);
  });

  test("flite voice: a cancelled sentence is rejected, waiting or being spoken, and the next one is spoken", async () => {
    const voice = createFliteVoice("kal16", flite);
    const controller = new AbortController();
    const spoken = collect(voice.speak("This one is being spoken.", controller.signal));
    const waiting = collect(voice.speak("This one waits.", controller.signal));
    controller.abort();
    await expect(spoken).rejects.toThrow("cancelled");
    await expect(waiting).rejects.toThrow("cancelled");
    expect(await collect(voice.speak("And this one is wanted.", never))).toHaveLength(1);
  });

  test("flite voice: a closed voice ends its own sentences only", async () => {
    const voice = createFliteVoice("kal16", flite);
    const other = createFliteVoice("kal16", flite);
    const ended = collect(voice.speak("Words of the call that ends.", never));
    const goesOn = collect(other.speak("Words of the call that goes on.", never));
    voice.close();
    voice.close();
    await expect(ended).rejects.toThrow("cancelled");
    expect(await goesOn).toHaveLength(1);
  });

  test("flite: refuses when too many clauses wait", async () => {
    const small = new Flite({ maxQueued: 1 });
    const first = small.speak("First.", "kal16", never);
    const second = small.speak("Second.", "kal16", never);
    await expect(small.speak("Third.", "kal16", never)).rejects.toThrow("overloaded");
    await Promise.all([first, second]);
    small.close();
  });

  test.each([
    ["takes too long", "hang", "1500 ms"],
    ["kills the thread", "exit", "code 3"],
    ["makes it throw", "throw", "crashed"],
    ["is refused by flite", "refuse", "no voice"],
    ["yields nonsense", "nonsense", "something else"],
  ])("flite: a clause that %s is rejected, and the next one is spoken", async (_, clause, reason) => {
    const troubled = new Flite({ timeoutMs: 1500 }, troubledSource);
    const failing = troubled.speak(clause, "rms", never);
    const next = troubled.speak("fine", "rms", never);
    await expect(failing).rejects.toThrow(reason);
    expect((await next).durationMs).toBe(100);
    troubled.close();
  });

  test("flite: close rejects what waits, and nothing is taken after", async () => {
    const closing = new Flite();
    const waiting = closing.speak("Never heard.", "kal16", never);
    closing.close();
    closing.close();
    await expect(waiting).rejects.toThrow("closed");
    await expect(closing.speak("Too late.", "kal16", never)).rejects.toThrow("closed");
  });
});

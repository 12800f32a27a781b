import { afterAll, describe, expect, test } from "vitest";
import { l16at24k, pcmu8k } from "../../../../src/codecs/format.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { ClauseSplitter } from "../../../../src/media/ai/clauses.ts";
import { createFliteVoice, Flite } from "../../../../src/media/ai/io/flite-voice.ts";
import { createLocalParts } from "../../../../src/media/ai/io/local-parts.ts";
import { warmUpReceptionist } from "../../../../src/media/ai/io/local-warm-up.ts";
import { PocketSphinx } from "../../../../src/media/ai/io/pocketsphinx.ts";
import type { MindPiece } from "../../../../src/media/ai/pipeline/parts.ts";
import type { AiSessionOptions } from "../../../../src/media/ai/session.ts";

const options: AiSessionOptions = {
  callId: "call_1",
  model: undefined,
  voice: "alloy",
  language: "en",
  instructions: "",
  tools: [],
  from: "+15550001",
  to: "+15550100",
  metadata: {},
  legFormat: pcmu8k,
  turnDetection: "local",
  apiKey: undefined,
  baseUrl: undefined,
  webhook: undefined,
};

const request = {
  history: [],
  reason: "greeting",
  instructions: "",
  tools: [],
  model: undefined,
  language: "en",
  call: { id: "call_1", from: "", to: "", metadata: {} },
} as const;

async function textOf(pieces: AsyncIterable<MindPiece>): Promise<string> {
  let text = "";
  for await (const piece of pieces) if (piece.type === "text") text += piece.delta;
  return text;
}

describe("local parts", { timeout: 30_000 }, () => {
  const flite = new Flite();
  afterAll(() => flite.close());
  const log = createLogger("silent", "test");
  const { signal } = new AbortController();

  test("local parts: with PocketSphinx the receptionist offers speech, and takes the leg's bytes as they are", async () => {
    const recogniser = new PocketSphinx({ program: "-", hmm: "-", lm: "-", dict: "-" });
    const { ears, mind } = createLocalParts({ options, recogniser, log });
    expect(ears.deaf ?? false).toBe(false);
    expect(ears.inbound).toEqual(pcmu8k);
    expect(await textOf(mind.respond(request, signal))).toContain("Say or press");
    recogniser.close();
  });

  test("local parts: without it only keys are offered, and the ears say that they are deaf", async () => {
    const parts = createLocalParts({ options: { ...options, legFormat: l16at24k }, recogniser: undefined, log });
    expect(parts.ears.deaf).toBe(true);
    expect(parts.ears.inbound).toEqual(l16at24k);
    expect(await parts.ears.transcribe(new Uint8Array(10), { signal })).toEqual({ text: "" });
    expect(await textOf(parts.mind.respond(request, signal))).toContain("I can only understand keys.");
    for (const part of [parts.ears, parts.mind, parts.voice]) part.close();
  });

  test("local parts: after the warm-up every clause of the greeting comes from memory", async () => {
    await warmUpReceptionist(true, flite);
    const { mind } = createLocalParts({
      options,
      recogniser: new PocketSphinx({ program: "-", hmm: "-", lm: "-", dict: "-" }),
      log,
    });
    const splitter = new ClauseSplitter({ language: "en" });
    const clauses = [...splitter.push(await textOf(mind.respond(request, signal))), ...splitter.flush()];
    expect(clauses.length).toBeGreaterThan(3);
    for (const clause of clauses) {
      // What the thread must speak first takes longer than this turn of the event loop.
      const later = new Promise((resolve) => setImmediate(resolve, "later"));
      expect(await Promise.race([flite.speak(clause, "rms", signal), later])).toMatchObject({
        durationMs: expect.any(Number),
      });
    }
    expect(createFliteVoice("rms", flite).outbound.sampleRateHz).toBe(16_000);
  });
});

import { describe, expect, test } from "vitest";
import { type AudioFormat, l16at24k, pcmu8k } from "../../../src/codecs/format.ts";
import type { AiSession } from "../../../src/media/ai/session.ts";
import type { CallLeg } from "../../../src/media/leg.ts";
import { AgentSpeech } from "../../../src/media/talk/agent-speech.ts";
import { markedAudio, PlayoutCall } from "../../kit/playout-call.ts";

function speechIn(outbound: AudioFormat): { call: PlayoutCall; speech: AgentSpeech } {
  const call = new PlayoutCall();
  const speech = new AgentSpeech({ outbound } as AiSession, { outbound: pcmu8k } as CallLeg, call.playout);
  return { call, speech };
}

/** One second of a 400 Hz tone, 24 kHz. */
function tone(): Uint8Array {
  const pcm = Int16Array.from({ length: 24_000 }, (_, n) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 400 * n) / 24_000)),
  );
  return new Uint8Array(pcm.buffer);
}

describe("agent speech", () => {
  test("bytes of the leg's own encoding go through untouched", () => {
    const { call, speech } = speechIn(pcmu8k);
    const audio = markedAudio(0, 8 * 205);
    expect(speech.push("r1", "i1", audio.subarray(0, 333), 0)).toBe("queued");
    speech.push("r1", "i1", audio.subarray(333), 0);
    speech.endItem("i1", 0);
    speech.endResponse("r1", true, 0);
    call.run(600);
    expect(call.heardAll.slice(0, audio.length)).toEqual([...audio]);
    expect(call.types()).toEqual(["item-started", "item-heard", "response-heard"]);
  });

  test("converted audio is as long as the model's: the end of the item does not stay in the resampler", () => {
    const { call, speech } = speechIn(l16at24k);
    const audio = tone();
    for (let from = 0; from < audio.length; from += 4801) speech.push("r1", "i1", audio.subarray(from, from + 4801), 0);
    const withoutTail = call.playout.item("i1")?.receivedMs ?? 0;
    speech.endItem("i1", 0);
    const whole = call.playout.item("i1")?.receivedMs ?? 0;
    expect(whole).toBeGreaterThan(withoutTail);
    expect(Math.abs(whole - 1000)).toBeLessThan(5);
  });

  test("a provider that ends the response without its item loses no sound either", () => {
    const { call, speech } = speechIn(l16at24k);
    speech.push("r1", "i1", tone(), 0);
    speech.endResponse("r1", true, 0);
    expect(Math.abs((call.playout.item("i1")?.receivedMs ?? 0) - 1000)).toBeLessThan(5);
    expect(call.run(1500).types()).toEqual(["item-started", "item-heard", "response-heard"]);
  });

  test("an item that begins before the last was ended does not get its tail", () => {
    const { call, speech } = speechIn(l16at24k);
    speech.push("r1", "i1", tone(), 0);
    speech.push("r1", "i2", tone(), 0);
    speech.endItem("i2", 0);
    const [first, second] = [call.playout.item("i1")?.receivedMs ?? 0, call.playout.item("i2")?.receivedMs ?? 0];
    expect(Math.abs(first - 1000)).toBeLessThan(5);
    expect(Math.abs(second - 1000)).toBeLessThan(5);
  });

  test("audio after the response was cut off for good is stale", () => {
    const { call, speech } = speechIn(pcmu8k);
    speech.push("r1", "i1", markedAudio(0, 800), 0);
    call.interrupt();
    call.playout.discardKept();
    expect(speech.push("r1", "i1", markedAudio(800, 800), 0)).toBe("stale");
  });
});

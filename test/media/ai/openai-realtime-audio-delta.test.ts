import { describe, expect, test } from "vitest";
import { AgentAudioDecoder } from "../../../src/media/ai/openai-realtime-agent-audio.ts";
import { AudioDeltaScanner } from "../../../src/media/ai/openai-realtime-audio-delta.ts";
import { decodeServerEvent } from "../../../src/media/ai/openai-realtime-decode.ts";

const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

/** Numbers 0 ≤ x < 1 from a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = seeded(20261122);
const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
const randomAudio = (): Buffer =>
  Buffer.from(Uint8Array.from({ length: Math.floor(random() * 300) }, () => random() * 256));

/** What the general parser makes of a message: ids and audio, or undefined when it is no readable audio delta. */
function parsed(message: Uint8Array): { ids: string; audio: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(message).toString("utf8"));
  } catch {
    return undefined;
  }
  const event = decodeServerEvent(value);
  if (event.type !== "audio") return undefined;
  const collected: Uint8Array[] = [];
  const decoder = new AgentAudioDecoder(1);
  const fine = decoder.decode(event.responseId, event.itemId, event.base64, (_response, _item, audio) => {
    collected.push(audio.slice());
  });
  if (!fine) return undefined;
  return { ids: `${event.responseId} ${event.itemId}`, audio: Buffer.concat(collected).toString("hex") };
}

const scanner = new AudioDeltaScanner();

/** What the scan makes of it: undefined when it gives up, or refuses the audio. */
function scanned(message: Buffer): { ids: string; audio: string } | "gave up" | undefined {
  if (!scanner.scan(message)) return "gave up";
  const collected: Uint8Array[] = [];
  const { responseId, itemId, base64From, base64To } = scanner;
  const door = (_response: string, _item: string, audio: Uint8Array): void => void collected.push(audio.slice());
  const base64 = message.toString("latin1", base64From, base64To);
  if (!new AgentAudioDecoder(1).decode(responseId, itemId, base64, door)) return undefined;
  return { ids: `${responseId} ${itemId}`, audio: Buffer.concat(collected).toString("hex") };
}

/** Mostly what a server may send; sometimes (one field in twelve) what it may not. */
function someMessage(): string {
  const odd = (usual: unknown, ...rare: readonly unknown[]): unknown => (random() < 1 / 12 ? pick(...rare) : usual);
  const fields: Record<string, unknown> = {
    type: odd("response.output_audio.delta", "response.audio.delta", "response.done", 7),
    event_id: `event_${Math.floor(random() * 1e6)}`,
    response_id: odd(`resp_${Math.floor(random() * 3)}`, "", "réponse", 'a"b', 7, "x".repeat(129)),
    item_id: odd(`item_${Math.floor(random() * 3)}`, "", "x".repeat(129), null),
    output_index: odd(0, 12, -1, 1.5),
    content_index: 0,
    delta: odd(randomAudio().toString("base64"), "not base64!", "A", "/+8=", "AAAA=", 5),
    obfuscation: odd("abc", "x".repeat(600), { nested: true }, [1], null, true),
  };
  const names = Object.keys(fields).filter(() => random() < 0.97);
  if (random() < 0.3) names.reverse();
  const entries = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(fields[name])}`);
  if (random() < 0.1) entries.push(pick('"delta":"AAAA"', '"item_id":"item_9"', '"type":"x"', '"item_id":5'));
  const text = `{${entries.join(odd(",", ", ", ",\n") as string)}}`;
  return random() < 0.1 ? text.replaceAll("/", "\\/") : text;
}

describe("audio delta scan", () => {
  test("reads a delta as the hosted service writes it, without the general parser", () => {
    const audio = Buffer.from([1, 2, 3, 250]);
    const message = bytes(
      `{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0,"delta":"${audio.toString("base64")}"}`,
    );
    expect(scanned(message)).toEqual({ ids: "resp_1 item_1", audio: "010203fa" });
  });

  test("whatever it accepts, the general parser reads the same way (5000 seeded messages, half of them damaged)", () => {
    let accepted = 0;
    for (let round = 0; round < 5_000; round++) {
      const message = bytes(someMessage());
      if (round % 2 === 1) {
        const at = Math.floor(random() * message.length);
        message[at] = pick(0x22, 0x5c, 0x7d, 0x2c, 0x00, 0x3d, 0x41, Math.floor(random() * 256));
      }
      const fast = scanned(message);
      if (fast === "gave up") continue;
      accepted++;
      expect(fast, Buffer.from(message).toString("latin1")).toEqual(parsed(message));
    }
    expect(accepted).toBeGreaterThan(1_000);
  });

  test("every cut of a message is left to the general parser", () => {
    const whole = bytes(
      `{"type":"response.output_audio.delta","response_id":"resp_1","item_id":"item_1","delta":"AQIDBA=="}`,
    );
    for (let length = 0; length < whole.length; length++) expect(scanner.scan(whole.subarray(0, length))).toBe(false);
    expect(scanner.scan(whole)).toBe(true);
  });
});

describe("agent audio decoder", () => {
  function play(sampleBytes: 1 | 2, deltas: readonly (readonly [string, Uint8Array])[]): string[] {
    const heard: string[] = [];
    const decoder = new AgentAudioDecoder(sampleBytes);
    for (const [itemId, audio] of deltas) {
      decoder.decode("r1", itemId, Buffer.from(audio).toString("base64"), (_response, item, view) => {
        heard.push(`${item} ${Buffer.from(view).toString("hex")}`);
      });
    }
    return heard;
  }

  test("text that is not base64 is refused, not skipped over", () => {
    for (let length = 0; length < 9; length++) {
      const whole = Buffer.alloc(length, 0x5a).toString("base64");
      const decode = (base64: string): boolean => new AgentAudioDecoder(1).decode("r1", "a1", base64, () => {});
      expect(decode(whole)).toBe(true);
      for (let at = 0; at < whole.replaceAll("=", "").length; at++) {
        for (const wrong of ["%", " ", "\n", "é", "\u0001"]) {
          expect(decode(whole.slice(0, at) + wrong + whole.slice(at + 1)), `${whole} ${at} ${wrong}`).toBe(false);
        }
      }
      if (length % 3 === 0) expect(decode(`${whole}A`)).toBe(false);
    }
  });

  test("a 16-bit sample cut in two by a delta's end is handed on whole with the next delta", () => {
    const deltas = [
      ["a1", Uint8Array.of(1, 2, 3)],
      ["a1", Uint8Array.of(4)],
      ["a1", Uint8Array.of(5)],
      ["a1", Uint8Array.of(6, 7, 8)],
    ] as const;
    expect(play(2, deltas)).toEqual(["a1 0102", "a1 0304", "a1 05060708"]);
  });

  test("half a sample left over by one item does not shift the next", () => {
    const deltas = [
      ["a1", Uint8Array.of(1, 2, 3)],
      ["a2", Uint8Array.of(4, 5)],
    ] as const;
    expect(play(2, deltas)).toEqual(["a1 0102", "a2 0405"]);
  });

  test("a delta of minutes is decoded piece by piece, with nothing lost between", () => {
    const audio = Uint8Array.from({ length: 200_001 }, (_, i) => (i * 31) & 255);
    const heard = play(1, [["a1", audio]]).map((entry) => entry.slice(3));
    expect(heard.length).toBeGreaterThan(5);
    expect(heard.join("")).toBe(Buffer.from(audio).toString("hex"));
  });
});

import { describe, expect, test } from "vitest";
import type { StreamCodec, StreamProtocol, StreamSink, StreamStart } from "../../../src/media/streams/protocol.ts";
import { diceBytes, seededDice } from "./dice.ts";

/** One message as the carrier sends it: text or bytes. */
export type CarrierMessage = string | Uint8Array;

/** What we sent, as the carrier reads it. */
export type ReadBack =
  | { readonly type: "audio"; readonly payload: Uint8Array }
  | { readonly type: "mark"; readonly name: string }
  | { readonly type: "clear" }
  | { readonly type: "dtmf"; readonly digits: string };

/** A carrier's side of the protocol, written by hand from its documents; undefined where it has no such message. */
export interface CarrierSide {
  readonly protocol: StreamProtocol;
  /** All that comes before the first audio. */
  start(token: string | undefined): readonly CarrierMessage[];
  media(payload: Uint8Array): CarrierMessage;
  dtmf(digit: string): CarrierMessage | undefined;
  mark(name: string): CarrierMessage | undefined;
  stop(): CarrierMessage | undefined;
  readonly unknown: CarrierMessage;
  readBack(message: CarrierMessage): ReadBack;
}

/** Everything a sink was told, in order; audio is copied. */
export type Told =
  | { readonly type: "start"; readonly start: StreamStart }
  | { readonly type: "audio"; readonly payload: number[] }
  | { readonly type: "dtmf" | "mark" | "ignored" | "fault"; readonly text: string }
  | { readonly type: "stop" };

export class TellTale implements StreamSink {
  readonly told: Told[] = [];
  start = (start: StreamStart) => void this.told.push({ type: "start", start });
  audio = (payload: Uint8Array) => void this.told.push({ type: "audio", payload: [...payload] });
  dtmf = (digit: string) => void this.told.push({ type: "dtmf", text: digit });
  mark = (name: string) => void this.told.push({ type: "mark", text: name });
  stop = () => void this.told.push({ type: "stop" });
  ignored = (name: string) => void this.told.push({ type: "ignored", text: name });
  fault = (fault: string) => void this.told.push({ type: "fault", text: fault });
}

const encoder = new TextEncoder();

/** Feeds one message as the WebSocket would. */
export function feed(codec: StreamCodec, message: CarrierMessage, sink: StreamSink): void {
  if (typeof message === "string") codec.read(encoder.encode(message), false, sink);
  else codec.read(message, true, sink);
}

/** What a fresh codec tells of these messages. */
export function tell(protocol: StreamProtocol, messages: readonly CarrierMessage[]): Told[] {
  const codec = protocol.createCodec();
  const sink = new TellTale();
  for (const message of messages) feed(codec, message, sink);
  return sink.told;
}

const token = "tok_0123456789abcdefghij";
const keys = [..."0123456789*#ABCD"];

/** What every carrier's stream protocol must do. */
export function protocolSuite(side: CarrierSide): void {
  const { protocol } = side;

  function started(): { readonly codec: StreamCodec; readonly sink: TellTale } {
    const codec = protocol.createCodec();
    const sink = new TellTale();
    for (const message of side.start(token)) feed(codec, message, sink);
    sink.told.length = 0;
    return { codec, sink };
  }

  describe(`stream protocol ${protocol.carrier}`, () => {
    test("start: told once, with ids, formats and token; the token is not among the parameters", () => {
      const told = tell(protocol, side.start(token));
      expect(told.map((one) => one.type)).toEqual(["start"]);
      const [only] = told;
      if (only?.type !== "start") throw new Error("no start");
      expect(only.start.token).toBe(token);
      expect(only.start.carrierCallId).not.toBe("");
      expect(only.start.carrierStreamId).not.toBe("");
      expect(JSON.stringify(only.start.parameters)).not.toContain(token);
    });

    test("start: without a token the token is empty", () => {
      const [only] = tell(protocol, side.start(undefined));
      expect(only?.type === "start" && only.start.token).toBe("");
    });

    test("start: a second one is out of order and changes nothing", () => {
      const { codec, sink } = started();
      for (const message of side.start("another_token_0123456789")) feed(codec, message, sink);
      feed(codec, side.media(Uint8Array.of(1)), sink);
      expect(sink.told).toEqual([
        { type: "fault", text: "out-of-order" },
        { type: "audio", payload: [1] },
      ]);
    });

    test("audio: every byte value and every length from 1 to 400 arrives as sent", () => {
      const { codec, sink } = started();
      const all = Uint8Array.from({ length: 400 }, (_, index) => index & 255);
      for (let length = 1; length <= 400; length++) feed(codec, side.media(all.subarray(0, length)), sink);
      expect(sink.told).toHaveLength(400);
      for (const [index, told] of sink.told.entries()) {
        expect(told).toEqual({ type: "audio", payload: [...all.subarray(0, index + 1)] });
      }
    });

    test("audio: before start and after stop it is out of order", () => {
      const media = side.media(Uint8Array.of(1, 2, 3));
      expect(tell(protocol, [media])).toEqual([{ type: "fault", text: "out-of-order" }]);
      const stop = side.stop();
      if (stop === undefined) return;
      const { codec, sink } = started();
      for (const message of [stop, media, stop]) feed(codec, message, sink);
      expect(sink.told.map((one) => one.type)).toEqual(["stop", "fault", "fault"]);
    });

    test("dtmf: all sixteen keys, and nothing else is a key", () => {
      if (side.dtmf("1") === undefined) return;
      const { codec, sink } = started();
      for (const key of keys) feed(codec, side.dtmf(key)!, sink);
      expect(sink.told).toEqual(keys.map((text) => ({ type: "dtmf", text })));
      sink.told.length = 0;
      for (const wrong of ["", "10", "E", "w", "٣", "\u0000"]) feed(codec, side.dtmf(wrong)!, sink);
      expect(new Set(sink.told.map((one) => one.type))).toEqual(new Set(["fault"]));
    });

    test("mark: the name comes back as it was given", () => {
      expect(side.mark("x") !== undefined).toBe(protocol.capabilities.marks);
      if (!protocol.capabilities.marks) return;
      const { codec, sink } = started();
      const names = ["g17:item_3:9", 'quoted " and \\ and é'];
      for (const name of names) {
        const written = codec.writeMark(name);
        expect(side.readBack(written!)).toEqual({ type: "mark", name });
        feed(codec, side.mark(name)!, sink);
      }
      expect(sink.told).toEqual(names.map((text) => ({ type: "mark", text })));
    });

    test("unknown messages are ignored and counted, before start and after", () => {
      expect(tell(protocol, [side.unknown]).map((one) => one.type)).toEqual(["ignored"]);
      const { codec, sink } = started();
      feed(codec, side.unknown, sink);
      expect(sink.told.map((one) => one.type)).toEqual(["ignored"]);
    });

    test("writing: audio, clear and keys are what the carrier reads", () => {
      const { codec } = started();
      const dice = seededDice(5);
      for (const length of [1, 2, 3, 159, 160, 161, 1_600, 160]) {
        const payload = diceBytes(dice, length);
        const read = side.readBack(codec.writeAudio(payload));
        expect(read.type === "audio" && [...read.payload]).toEqual([...payload]);
      }
      const clear = codec.writeClear();
      expect(clear !== undefined).toBe(protocol.capabilities.clear);
      if (clear !== undefined) expect(side.readBack(clear)).toEqual({ type: "clear" });
      const dtmf = codec.writeDtmf("12#");
      expect(dtmf !== undefined).toBe(protocol.capabilities.dtmfOut);
      if (dtmf !== undefined) expect(side.readBack(dtmf)).toEqual({ type: "dtmf", digits: "12#" });
    });

    test("torture: cut, doubled, flipped and absurd messages never throw, and the stream goes on", () => {
      const { codec, sink } = started();
      const dice = seededDice(11);
      const sane = [
        ...side.start(token),
        side.media(diceBytes(dice, 160)),
        side.dtmf("5"),
        side.mark("m"),
        side.unknown,
      ].filter((message) => message !== undefined);
      for (const message of sane) {
        const bytes = typeof message === "string" ? encoder.encode(message) : message;
        const isBinary = typeof message !== "string";
        for (let cut = 0; cut < bytes.length; cut++) codec.read(bytes.subarray(0, cut), isBinary, sink);
        codec.read(Buffer.concat([bytes, bytes]), isBinary, sink);
        codec.read(bytes, !isBinary, sink);
        for (let round = 0; round < 500; round++) {
          const flipped = Uint8Array.from(bytes);
          for (let flips = 0; flips <= dice(4); flips++) flipped[dice(flipped.length)] = dice(256);
          codec.read(flipped, isBinary, sink);
        }
      }
      for (const absurd of ["", "null", "[]", "{}", "0", '"', "[".repeat(60_000), `{"a":${"[".repeat(30_000)}`]) {
        feed(codec, absurd, sink);
      }
      for (let round = 0; round < 200; round++) codec.read(diceBytes(dice, dice(3_000)), dice(2) === 0, sink);
      expect(sink.told.some((one) => one.type === "fault")).toBe(true);
      sink.told.length = 0;
      // A flipped byte cannot spell the protocol's word for stop, so the stream is still open.
      feed(codec, side.media(Uint8Array.of(7, 8)), sink);
      expect(sink.told).toEqual([{ type: "audio", payload: [7, 8] }]);
    });

    test("torture: what a stranger names is short and plain when it is counted", () => {
      const { codec, sink } = started();
      feed(codec, JSON.stringify({ event: "x".repeat(60_000) }), sink);
      feed(codec, JSON.stringify({ event: 'evil"\n{label}' }), sink);
      for (const told of sink.told) {
        if (told.type === "ignored") expect(told.text).toMatch(/^[\w:.?-]{1,32}$/);
      }
    });
  });
}

import { describe, expect, test, vi } from "vitest";
import type { StreamCodec } from "../../../src/media/streams/protocol.ts";
import { twilio } from "../../../src/media/streams/twilio.ts";
import { type Dice, diceBytes, seededDice } from "./dice.ts";
import { type CarrierMessage, feed, protocolSuite, TellTale, type Told, tell } from "./protocol-suite.ts";

const streamSid = `MZ${"0123456789abcdef".repeat(2)}`;
const callSid = `CA${"0123456789abcdef".repeat(2)}`;
const accountSid = `AC${"0123456789abcdef".repeat(2)}`;
const connected = JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" });

function startMessage(start: Record<string, unknown> = {}): string {
  return JSON.stringify({
    event: "start",
    sequenceNumber: "1",
    start: {
      accountSid,
      streamSid,
      callSid,
      tracks: ["inbound"],
      mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      customParameters: {},
      ...start,
    },
    streamSid,
  });
}

/** As it comes off the wire: compact, `media` before `streamSid`. */
function mediaMessage(payload: Uint8Array): string {
  const media = { track: "inbound", chunk: "2", timestamp: "20", payload: Buffer.from(payload).toString("base64") };
  return JSON.stringify({ event: "media", sequenceNumber: "4", media, streamSid });
}

protocolSuite({
  protocol: twilio,
  start: (token) => [connected, startMessage(token === undefined ? {} : { customParameters: { token } })],
  media: mediaMessage,
  dtmf: (digit) =>
    JSON.stringify({ event: "dtmf", sequenceNumber: "5", streamSid, dtmf: { track: "inbound_track", digit } }),
  mark: (name) => JSON.stringify({ event: "mark", sequenceNumber: "9", streamSid, mark: { name } }),
  stop: () => JSON.stringify({ event: "stop", sequenceNumber: "12", streamSid, stop: { accountSid, callSid } }),
  unknown: JSON.stringify({ event: "weather", streamSid, weather: { sun: true } }),
  readBack(message) {
    const read = JSON.parse(String(message));
    expect(read.streamSid).toBe(streamSid);
    if (read.event === "media") return { type: "audio", payload: Buffer.from(read.media.payload, "base64") };
    if (read.event === "mark") return { type: "mark", name: read.mark.name };
    expect(read).toEqual({ event: "clear", streamSid });
    return { type: "clear" };
  },
});

function startedCodec(): { readonly codec: StreamCodec; readonly sink: TellTale } {
  const codec = twilio.createCodec();
  const sink = new TellTale();
  feed(codec, startMessage(), sink);
  sink.told.length = 0;
  return { codec, sink };
}

describe("Twilio stream: start", () => {
  const told = (start: Record<string, unknown>) => tell(twilio, [startMessage(start)]);

  test("ids, μ-law 8 kHz both ways, and the custom parameters except the token", () => {
    expect(told({ customParameters: { token: "secret", to: "+15550100", lang: "en" } })).toEqual([
      {
        type: "start",
        start: {
          carrierCallId: callSid,
          carrierStreamId: streamSid,
          inbound: { encoding: "pcmu", sampleRateHz: 8000 },
          outbound: { encoding: "pcmu", sampleRateHz: 8000 },
          token: "secret",
          parameters: { to: "+15550100", lang: "en" },
        },
      },
    ]);
  });

  test("a format it cannot speak is unsupported, whatever was asked for", () => {
    for (const mediaFormat of [
      { encoding: "audio/x-l16", sampleRate: 8000, channels: 1 },
      { encoding: "audio/x-mulaw", sampleRate: 16000, channels: 1 },
      { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 2 },
      { encoding: 7, sampleRate: 8000, channels: 1 },
    ]) {
      expect(told({ mediaFormat })).toEqual([{ type: "fault", text: "unsupported-format" }]);
    }
  });

  test("numbers written as texts are numbers", () => {
    const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: "8000", channels: "1" };
    expect(told({ mediaFormat }).map((one) => one.type)).toEqual(["start"]);
  });

  test("missing or absurd members are malformed, and a good start may still follow", () => {
    const absurd: Record<string, unknown>[] = [
      { callSid: undefined },
      { callSid: "" },
      { callSid: 5 },
      { streamSid: "x".repeat(1_000) },
      { mediaFormat: null },
      { customParameters: [] },
      { customParameters: { token: 5 } },
      { customParameters: { token: "x".repeat(1_001) } },
      { customParameters: Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`p${index}`, ""])) },
    ];
    for (const start of absurd) expect(told(start)).toEqual([{ type: "fault", text: "malformed" }]);
    expect(tell(twilio, [startMessage({ callSid: "" }), startMessage()]).map((one) => one.type)).toEqual([
      "fault",
      "start",
    ]);
  });

  test("a parameter named like a JavaScript internal is a parameter", () => {
    const text = startMessage().replace('"customParameters":{}', '"customParameters":{"__proto__":"x"}');
    const [start] = tell(twilio, [text]);
    expect(start?.type === "start" && Object.entries(start.start.parameters)).toEqual([["__proto__", "x"]]);
  });
});

describe("Twilio stream: media", () => {
  test("a message as Twilio writes it never reaches the JSON parser", () => {
    const { codec, sink } = startedCodec();
    const parse = vi.spyOn(JSON, "parse");
    const message = new TextEncoder().encode(mediaMessage(Uint8Array.of(1, 2, 3)));
    codec.read(message, false, sink);
    const calls = parse.mock.calls.length;
    parse.mockRestore();
    expect(calls).toBe(0);
    expect(sink.told).toEqual([{ type: "audio", payload: [1, 2, 3] }]);
  });

  test("the same buffer is handed out again for a message of the same length", () => {
    const codec = twilio.createCodec();
    const views: Uint8Array[] = [];
    const sink = Object.assign(new TellTale(), { audio: (payload: Uint8Array) => void views.push(payload) });
    for (const message of [
      startMessage(),
      mediaMessage(new Uint8Array(160)),
      mediaMessage(new Uint8Array(160).fill(3)),
    ])
      feed(codec, message, sink);
    expect(views[0]).toBe(views[1]);
    expect(views[1]?.length).toBe(160);
  });

  test("the outbound track is not the caller: ignored", () => {
    const { codec, sink } = startedCodec();
    feed(codec, mediaMessage(Uint8Array.of(1)).replace("inbound", "outbound"), sink);
    expect(sink.told).toEqual([{ type: "ignored", text: "media-of-other-track" }]);
  });

  test("a payload that is not base64, not text, or longer than four seconds is malformed; an empty one is nothing", () => {
    const { codec, sink } = startedCodec();
    const media = (payload: unknown) => JSON.stringify({ event: "media", media: { track: "inbound", payload } });
    for (const payload of ["AA*A", "A", "AA=A", "=", "ÁAAA", "A AA", 5, null, ["AAAA"], "A".repeat(50_000)]) {
      feed(codec, media(payload), sink);
    }
    expect(sink.told).toEqual(Array.from({ length: 10 }, () => ({ type: "fault", text: "malformed" })));
    sink.told.length = 0;
    feed(codec, media(""), sink);
    expect(sink.told).toEqual([]);
  });

  test("the fast reader and the JSON parser agree on 5 000 random messages, odd and sane", () => {
    const dice = seededDice(2_024);
    let byFastReader = 0;
    for (let round = 0; round < 5_000; round++) {
      const message = randomMedia(dice);
      const fast = startedCodec();
      const parse = vi.spyOn(JSON, "parse");
      feed(fast.codec, message, fast.sink);
      if (parse.mock.calls.length === 0) byFastReader++;
      parse.mockRestore();
      // Leading white space is legal JSON that the fast reader leaves to the parser.
      const slow = startedCodec();
      feed(slow.codec, ` ${message}`, slow.sink);
      expect(fast.sink.told, message).toEqual(slow.sink.told);
    }
    expect(byFastReader).toBeGreaterThan(1_000);
    expect(byFastReader).toBeLessThan(4_500);
  });
});

/** A `media` message with members in any order, doubled, missing, escaped, of odd types, spaced out, cut or flipped. */
function randomMedia(dice: Dice): string {
  const odd = (chance: number) => dice(100) < chance;
  const payload = Buffer.from(diceBytes(dice, dice(12))).toString("base64");
  const text = (value: string) => {
    let json = JSON.stringify(value);
    if (odd(3)) json = json.replaceAll("/", "\\/");
    if (odd(3)) json = json.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
    return json;
  };
  const any = () => ["null", "5", "-1.5e3", "true", "[]", "{}", '"x"', '"é"', '{"payload":"AAAA"}'][dice(9)]!;
  const shuffled = (members: string[]) => {
    const out: string[] = [];
    for (const member of members) {
      if (!odd(3)) out.splice(dice(out.length + 1), 0, member);
      if (odd(3)) out.splice(dice(out.length + 1), 0, member);
    }
    const space = odd(10) ? " " : "";
    return `{${out.join(`,${space}`)}}`;
  };
  const member = (name: string, value: string) => `${text(name)}:${odd(3) ? any() : value}`;
  const media = shuffled([
    member("track", text(odd(5) ? "outbound" : "inbound")),
    member("chunk", text("2")),
    member("timestamp", text("20")),
    member("payload", text(odd(5) ? payload.replace(/=+$/, "") : odd(5) ? `${payload}!` : payload)),
    ...(odd(10) ? [member("extra", any())] : []),
  ]);
  const message = shuffled([
    member("event", text(odd(3) ? "mark" : "media")),
    member("sequenceNumber", text("4")),
    member("media", media),
    member("streamSid", text(streamSid)),
    ...(odd(10) ? [member("extra", any())] : []),
  ]);
  if (odd(3)) return message.slice(0, dice(message.length));
  if (odd(3)) return `${message}${[" ", "}", "x", "\n"][dice(4)]}`;
  return message;
}

describe("Twilio stream: marks, clear and keys", () => {
  test("a mark without a name is none of ours: ignored (twilio/twilio-agent-connect-python#82)", () => {
    const { codec, sink } = startedCodec();
    for (const message of [{ event: "mark" }, { event: "mark", mark: {} }]) feed(codec, JSON.stringify(message), sink);
    expect(sink.told).toEqual([
      { type: "ignored", text: "mark-without-name" },
      { type: "ignored", text: "mark-without-name" },
    ]);
  });

  test("binary messages are not Twilio's: malformed", () => {
    const { codec, sink } = startedCodec();
    codec.read(new TextEncoder().encode(mediaMessage(Uint8Array.of(1))), true, sink);
    expect(sink.told).toEqual([{ type: "fault", text: "malformed" }] satisfies Told[]);
  });

  test("connected says nothing, whenever it comes", () => {
    const messages: CarrierMessage[] = [connected, startMessage(), connected];
    expect(tell(twilio, messages).map((one) => one.type)).toEqual(["start"]);
  });
});

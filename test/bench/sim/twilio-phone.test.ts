import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { CallScript } from "../../../bench/sim/call-script.ts";
import type { PhoneEvent } from "../../../bench/sim/phone-measures.ts";
import { renderTimeline, timelineOf } from "../../../bench/sim/timeline.ts";
import { PhoneBank, placeCall } from "../../../bench/sim/twilio-phone.ts";
import { type LineOptions, TwilioPhoneCall } from "../../../bench/sim/twilio-phone-call.ts";
import { PhonePlayout } from "../../../bench/sim/twilio-phone-playout.ts";
import { encodeG711, pcmuLaw } from "../../../src/codecs/g711.ts";
import { speech } from "../../kit/speech.ts";

const streamSid = "MZtest";

/** μ-law of a tone as loud as speech. */
function tone(ms: number): Uint8Array {
  const samples = new Int16Array(ms * 8).map((_, index) => 8000 * Math.sin(index / 3));
  const bytes = new Uint8Array(samples.length);
  encodeG711(pcmuLaw, samples, bytes);
  return bytes;
}

const clip = (ms: number, label = "words") => ({
  label,
  samples: new Int16Array(ms * 8).map((_, index) => 6000 * Math.sin(index / 4)),
});

interface Message {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** A phone without a socket: `run(ms)` plays slots, `gateway` writes to it, `sent` is what it wrote. */
class Bench {
  readonly sent: Message[] = [];
  readonly events: PhoneEvent[] = [];
  readonly call: TwilioPhoneCall;
  hungUp = false;
  #slot = 0;

  constructor(script: CallScript = [], line: LineOptions = {}) {
    this.call = new TwilioPhoneCall(streamSid, script, line, {
      send: (message) => this.sent.push(JSON.parse(message) as Message),
      event: (event) => this.events.push(event),
      hangUp: () => {
        this.hungUp = true;
      },
    });
  }

  get nowMs(): number {
    return this.#slot * 20;
  }

  run(ms: number): this {
    for (let played = 0; played < ms; played += 20) {
      this.call.slot(this.#slot);
      this.#slot += 1;
    }
    return this;
  }

  gateway(message: object): this {
    this.call.message(JSON.stringify({ streamSid, ...message }), this.nowMs);
    return this;
  }

  media(ms: number): this {
    return this.gateway({ event: "media", media: { payload: Buffer.from(tone(ms)).toString("base64") } });
  }

  mark(name: string): this {
    return this.gateway({ event: "mark", mark: { name } });
  }

  marks(): unknown[] {
    return this.sent.filter(({ event }) => event === "mark").map(({ mark }) => (mark as { name: string }).name);
  }
}

describe("phone playout", () => {
  test("phone playout: plays chunks of any size in order and fills up with silence", () => {
    const playout = new PhonePlayout();
    playout.push(Uint8Array.of(1, 2, 3));
    playout.push(new Uint8Array(0));
    playout.push(Uint8Array.of(4));
    const out = new Uint8Array(2);
    expect([playout.pull(out), ...out]).toEqual([2, 1, 2]);
    expect([playout.pull(out), ...out]).toEqual([2, 3, 4]);
    expect([playout.pull(out), ...out]).toEqual([0, 255, 255]);
    expect(playout.maxBufferedMs).toBe(0.5);
  });

  test("phone playout: a mark comes back once all before it was played, and only once", () => {
    const playout = new PhonePlayout();
    playout.push(new Uint8Array(160));
    playout.mark("a");
    playout.push(new Uint8Array(160));
    playout.mark("b");
    const out = new Uint8Array(160);
    expect(playout.takePlayedMarks()).toEqual([]);
    playout.pull(out);
    expect(playout.takePlayedMarks()).toEqual(["a"]);
    expect(playout.takePlayedMarks()).toEqual([]);
    expect(playout.clear()).toEqual(["b"]);
    expect(playout.pull(out)).toBe(0);
  });
});

describe("twilio phone", () => {
  test("twilio phone: begins with connected and start, then sends 20 ms of media a slot, all numbers as text", () => {
    const bench = new Bench();
    bench.call.open("CA1", { token: "secret", colour: "blue" });
    bench.run(60);
    expect(bench.sent.map(({ event }) => event)).toEqual(["connected", "start", "media", "media", "media"]);
    expect(bench.sent[1]).toMatchObject({
      sequenceNumber: "1",
      streamSid,
      start: {
        callSid: "CA1",
        tracks: ["inbound"],
        customParameters: { token: "secret", colour: "blue" },
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
      },
    });
    expect(bench.sent[4]).toMatchObject({
      sequenceNumber: "4",
      media: { track: "inbound", chunk: "3", timestamp: "40" },
    });
    const { payload } = bench.sent[4]!.media as { payload: string };
    expect(Buffer.from(payload, "base64")).toEqual(Buffer.alloc(160, 0xff));
  });

  test("twilio phone: hears at real speed and returns a mark when it was played, not when it came", () => {
    const bench = new Bench().media(100).mark("g1:0");
    bench.run(100);
    expect(bench.marks()).toEqual([]);
    bench.run(20);
    expect(bench.marks()).toEqual(["g1:0"]);
    bench.mark("at once");
    expect(bench.marks()).toEqual(["g1:0", "at once"]);
    expect(bench.call.measures.marks).toEqual({ played: 2, flushed: 0 });
  });

  test("twilio phone: clear drops the buffer and returns its marks, in order", () => {
    const bench = new Bench().media(1000).mark("a").media(1000).mark("b").run(200).gateway({ event: "clear" });
    expect(bench.marks()).toEqual(["a", "b"]);
    bench.run(600);
    bench.call.finish();
    expect(bench.call.measures.agentSpeech).toEqual([{ startMs: 0, endMs: 200 }]);
    expect(bench.call.measures.marks).toEqual({ played: 0, flushed: 2 });
    expect(bench.events).toContainEqual({ type: "clear", atMs: 200, droppedMs: 1800 });
  });

  test("twilio phone: measures when the agent spoke; short pauses are part of it", () => {
    const bench = new Bench().run(100).media(200).run(500).media(100).run(1000).media(60).run(800);
    expect(bench.call.measures.agentSpeech).toEqual([
      { startMs: 100, endMs: 700 },
      { startMs: 1600, endMs: 1660 },
    ]);
    expect(bench.call.measures.firstAudioMs).toBe(100);
  });

  test("twilio phone: a buffer that runs dry inside speech is an underrun when more comes soon", () => {
    expect(new Bench().media(100).run(140).media(100).run(300).call.measures.underruns).toEqual([
      { atMs: 100, gapMs: 40 },
    ]);
  });

  test("twilio phone: no underrun when the next speech comes late, when it was cleared, or on time", () => {
    expect(new Bench().media(100).run(240).media(100).run(300).call.measures.underruns).toEqual([]);
    expect(new Bench().media(100).run(60).media(100).run(300).call.measures.underruns).toEqual([]);
    const cleared = new Bench().media(100).run(100).gateway({ event: "clear" }).run(40).media(100).run(300);
    expect(cleared.call.measures.underruns).toEqual([]);
  });

  test("twilio phone: barges in and measures the clear and the silence from its own first sound", () => {
    const clipWithLead = { label: "stop", samples: new Int16Array(400 * 8) };
    clipWithLead.samples.set(clip(320).samples, 80 * 8);
    const bench = new Bench([{ type: "barge-in", afterMs: 200, clip: clipWithLead }]).media(5000).run(480);
    bench.gateway({ event: "clear" }).run(600);
    expect(bench.call.measures.bargeIns).toEqual([{ onsetMs: 280, clearedMs: 480, silentMs: 480 }]);
    expect(bench.call.measures.callerSpeech).toEqual([{ label: "stop", startMs: 280, endMs: 600 }]);
  });

  test("twilio phone: an agent who goes on is not silent", () => {
    const bench = new Bench([{ type: "barge-in", afterMs: 200, clip: clip(300) }]).media(5000).run(1000);
    expect(bench.call.measures.bargeIns).toEqual([{ onsetMs: 200, clearedMs: undefined, silentMs: undefined }]);
  });

  test("twilio phone: keys are sent as dtmf messages of the inbound track", () => {
    const bench = new Bench([{ type: "dtmf", digits: "4#" }]).run(400);
    const keys = bench.sent.filter(({ event }) => event === "dtmf").map(({ dtmf }) => dtmf);
    expect(keys).toEqual([
      { track: "inbound_track", digit: "4" },
      { track: "inbound_track", digit: "#" },
    ]);
  });

  test("twilio phone: an echo is what was heard, later and softer", () => {
    const bench = new Bench([], { echo: { delayMs: 100, gain: 0.25 } }).media(200).run(400);
    const { said, heard } = bench.call;
    expect(said.subarray(0, 100 * 8).every((sample) => sample === 0)).toBe(true);
    for (const at of [100, 150, 299]) expect(said[at * 8 + 3]).toBeCloseTo(heard[(at - 100) * 8 + 3]! / 4, -1);
    expect(bench.sent.at(-10)).toMatchObject({ event: "media" });
  });

  test("twilio phone: nonsense from the gateway is a fault with its reason, and the call goes on", () => {
    const bench = new Bench();
    bench.call.message("{", 1);
    bench.call.message(undefined, 2);
    bench.call.message("7", 3);
    bench.call.message(JSON.stringify({ event: "media", streamSid: "MZother" }), 4);
    bench.gateway({ event: "dance" }).gateway({ event: "media", media: {} }).gateway({ event: "mark" });
    bench.gateway({ event: "media", media: { payload: "!!!!" } });
    bench.gateway({ event: "media", media: { payload: Buffer.from("RIFF1234").toString("base64") } });
    expect(bench.call.measures.faults.map((fault) => fault.replace(/^\d+ ms: /, ""))).toEqual([
      "a message that is no JSON",
      "a binary message",
      "a message that is no object",
      "a message with another streamSid",
      'an unknown event "dance"',
      "media without a payload",
      "a mark without a name",
      "media that is no base64",
      "media with a WAV header",
    ]);
    for (let index = 0; index < 100; index += 1) bench.gateway({ event: "dance" });
    expect(bench.call.measures.faults).toHaveLength(50);
    expect(bench.call.measures.faultCount).toBe(109);
  });
});

describe("timeline", () => {
  test("timeline: shows who spoke when, how fast the answer came and how fast the agent fell silent", () => {
    const bench = new Bench([
      { type: "wait-for-agent", quietMs: 500 },
      { type: "play", clip: clip(300, "question.wav") },
      { type: "barge-in", afterMs: 200, clip: clip(200, "stop.wav") },
    ]);
    bench.media(400).run(1500).media(2000).run(400).gateway({ event: "clear" }).run(1000);
    bench.call.finish();
    const rows = timelineOf(bench.call.measures, [{ role: "agent", text: "Hello\u001b[2J!", startMs: 50, endMs: 380 }]);
    expect(rows.map(({ who, startMs, latencyMs, stopMs }) => [who, startMs, latencyMs, stopMs])).toEqual([
      ["agent", 0, undefined, undefined],
      ["caller", 920, undefined, undefined],
      ["agent", 1500, 280, undefined],
      ["caller", 1700, undefined, 200],
    ]);
    const lines = renderTimeline(bench.call.measures, [
      { role: "agent", text: "Hello\u001b[2J!", startMs: 50, endMs: 380 },
    ]);
    expect(lines[0]).toBe("00:00.0–00:00.4  agent   Hello [2J!");
    expect(lines[2]).toContain("[answered after 280 ms]");
    expect(lines[3]).toBe("00:01.7–00:01.9  caller  (stop.wav)  [agent silent after 200 ms]");
    expect(lines[4]).toBe(
      "first audio after 0 ms · 1 answers, median 280 ms · 0 underruns · at most 2000 ms buffered · 0 faults",
    );
  });
});

describe("timeline of keys", () => {
  test("timeline: keys pressed together are one line, and the agent's answer to them is timed from the last", () => {
    const bench = new Bench([{ type: "dtmf", digits: "42#" }]).run(1000).media(200).run(1000);
    const rows = timelineOf(bench.call.measures);
    expect(rows.map(({ who, startMs, endMs, latencyMs, text }) => [who, startMs, endMs, latencyMs, text])).toEqual([
      ["caller", 0, 400, undefined, "[keys] 42#"],
      ["agent", 1000, 1200, 600, ""],
    ]);
  });
});

describe("placeCall", { timeout: 20_000 }, () => {
  let server: WebSocketServer;
  let url: string;
  const messages: Message[] = [];
  let onMessage: (socket: WebSocket, message: Message) => void = () => undefined;

  beforeEach(async () => {
    messages.length = 0;
    server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/media/twilio`;
    server.on("connection", (socket) => {
      socket.on("message", (data) => {
        const message = JSON.parse(String(data)) as Message;
        messages.push(message);
        onMessage(socket, message);
      });
    });
  });
  afterEach(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });

  /** Echoes the caller, as a gateway with an echo test would. */
  const echo = (socket: WebSocket, { event, streamSid: sid, media }: Message) => {
    if (event !== "media") return;
    const { payload } = media as { payload: string };
    socket.send(JSON.stringify({ event: "media", streamSid: sid, media: { payload } }));
  };

  test("placeCall: plays human speech at real speed, hears it back, and hangs up with a stop message", async () => {
    onMessage = echo;
    const samples = speech("vm-goodbye");
    const result = await placeCall({
      url,
      token: "secret",
      script: [
        { type: "wait", ms: 100 },
        { type: "play", clip: { label: "vm-goodbye", samples } },
        { type: "wait", ms: 200 },
        { type: "hang-up" },
      ],
      maxMs: 10_000,
    });
    expect(result.ending).toBe("script");
    expect(messages[1]).toMatchObject({ event: "start", start: { customParameters: { token: "secret" } } });
    expect(messages.at(-1)).toMatchObject({ event: "stop", stop: { callSid: result.callSid } });
    expect(result.faults).toEqual([]);
    const wholeMs = 100 + samples.length / 8 + 200;
    expect(Math.abs(result.durationMs - wholeMs)).toBeLessThanOrEqual(100);
    expect(messages.filter(({ event }) => event === "media")).toHaveLength(result.durationMs / 20);
    expect(result.agentSpeech.length).toBeGreaterThan(0);
    expect(result.heard.length).toBe(result.said.length);
  });

  test("placeCall: tells when the gateway ends the call, with its close code", async () => {
    onMessage = (socket, { event }) => event === "start" && socket.close(1008, "no such token");
    const result = await placeCall({ url, token: "wrong", script: [], maxMs: 5_000 });
    expect(result).toMatchObject({ ending: "gateway", closeCode: 1008, closeReason: "no such token" });
  });

  test("placeCall: hangs up after its longest time, or when aborted", async () => {
    onMessage = () => undefined;
    expect((await placeCall({ url, token: "t", script: [], maxMs: 60 })).ending).toBe("max-duration");
    const controller = new AbortController();
    const call = placeCall({ url, token: "t", script: [], maxMs: 5_000, signal: controller.signal });
    setTimeout(() => controller.abort(), 60);
    expect((await call).ending).toBe("aborted");
    const never = await placeCall({ url, token: "t", script: [], maxMs: 5_000, signal: AbortSignal.abort() });
    expect(never.ending).toBe("aborted");
  });

  test("placeCall: a gateway that is not there is a result, not a crash", async () => {
    const address = url;
    server.close();
    const result = await placeCall({ url: address, token: "t", script: [], maxMs: 1_000 });
    expect(result.ending).toBe("connect-failed");
    expect(result.closeReason).toMatch(/ECONNREFUSED/);
  });

  test("placeCall: a network delay holds back both ways and keeps the order", async () => {
    const arrivals: number[] = [];
    onMessage = (socket, message) => {
      if (message.event === "media") arrivals.push(Number((message.media as { timestamp: string }).timestamp));
      echo(socket, message);
    };
    const network = { toGateway: { delayMs: 80, jitterMs: 60 }, toPhone: { delayMs: 80, jitterMs: 0 }, seed: 7 };
    const script: CallScript = [{ type: "play", clip: clip(200) }, { type: "wait", ms: 600 }, { type: "hang-up" }];
    const result = await placeCall({ url, token: "t", script, maxMs: 5_000, network });
    expect(result.firstAudioMs).toBeGreaterThanOrEqual(158);
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
    expect(messages.at(-1)).toMatchObject({ event: "stop" });
  });

  test("placeCall: many phones share one clock and each keeps real time", async () => {
    onMessage = echo;
    const bank = new PhoneBank();
    const script: CallScript = [{ type: "play", clip: clip(500) }, { type: "wait", ms: 500 }, { type: "hang-up" }];
    const calls = Array.from({ length: 50 }, () => placeCall({ url, token: "t", script, maxMs: 10_000, bank }));
    const results = await Promise.all(calls);
    for (const result of results) {
      expect(result.ending).toBe("script");
      expect(result.messages.media).toBeGreaterThanOrEqual(25);
      expect(result.durationMs).toBeGreaterThanOrEqual(1000);
    }
    expect(bank.skippedSlots).toBe(0);
  });
});

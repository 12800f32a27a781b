import { afterEach, describe, expect, test } from "vitest";
import type { CallLeg, LegEvents } from "../../../../src/media/leg.ts";
import type { StreamOffer } from "../../../../src/media/protocol.ts";
import {
  type StreamServer,
  type StreamServerOptions,
  startStreamServer,
} from "../../../../src/media/streams/io/stream-server.ts";
import { connectSilently, until, WsClient } from "../../../kit/ws-client.ts";

const token = "tok_0123456789abcdefghij";
const streamSid = "MZ0123456789abcdef";
const connected = JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" });
const stop = JSON.stringify({ event: "stop", streamSid, stop: { callSid: "CA1" } });

function start(customParameters: Record<string, string> = { token }, encoding = "audio/x-mulaw"): string {
  const mediaFormat = { encoding, sampleRate: 8000, channels: 1 };
  return JSON.stringify({
    event: "start",
    start: { streamSid, callSid: "CA1", customParameters, mediaFormat },
    streamSid,
  });
}

function media(...bytes: number[]): string {
  const payload = Buffer.from(bytes).toString("base64");
  return JSON.stringify({ event: "media", media: { track: "inbound", payload }, streamSid });
}

const dtmf = (digit: string) => JSON.stringify({ event: "dtmf", streamSid, dtmf: { digit } });

/** Keeps all that a leg tells, as short texts. */
class LegLog implements LegEvents {
  readonly told: string[] = [];
  audio = (payload: Uint8Array) => void this.told.push(`audio ${[...payload].join(",")}`);
  dtmf = (digit: string) => void this.told.push(`key ${digit}`);
  mark = (name: string) => void this.told.push(`mark ${name}`);
  ended = (reason: string) => void this.told.push(`ended ${reason}`);
}

/** The owner of a stream server, as a media process would be. */
class Owner {
  readonly offers = new Map<string, StreamOffer>();
  readonly told: string[] = [];
  readonly failures: unknown[] = [];
  offered = (connectionId: string, offer: StreamOffer) => void this.offers.set(connectionId, offer);
  withdrawn = (connectionId: string) => {
    expect(this.offers.has(connectionId)).toBe(true);
    this.told.push("withdrawn");
  };
  refused = (reason: string) => void this.told.push(`refused ${reason}`);
  ignored = (name: string) => void this.told.push(`ignored ${name}`);
  fault = (kind: string) => void this.told.push(`fault ${kind}`);
  failed = (_connectionId: string, error: unknown) => void this.failures.push(error);

  /** The id of the nth offer, as soon as it came. */
  async offer(nth = 0): Promise<string> {
    await until(() => this.offers.size > nth, "an offer");
    return [...this.offers.keys()][nth]!;
  }
}

for (const engine of ["uws", "ws"] as const) {
  describe(`stream server (${engine})`, () => {
    let server: StreamServer | undefined;
    afterEach(async () => {
      await server?.close();
      server = undefined;
    });

    async function run(changes: Omit<Partial<StreamServerOptions>, "ws"> = {}) {
      const owner = new Owner();
      server = await startStreamServer(
        { ws: { engine, host: "127.0.0.1", port: 0, maxConnections: 20 }, ...changes },
        owner,
      );
      const url = `ws://127.0.0.1:${server.port}/media/twilio`;
      return { owner, server, url };
    }

    /** A call that was started, offered and accepted. */
    async function call(changes: Omit<Partial<StreamServerOptions>, "ws"> = {}) {
      const { owner, server, url } = await run(changes);
      const phone = await WsClient.connect(url);
      phone.send(connected);
      phone.send(start());
      const connectionId = await owner.offer();
      const log = new LegLog();
      const leg = server.accept(connectionId, log) as CallLeg;
      expect(leg).toBeDefined();
      return { owner, server, phone, connectionId, leg, log };
    }

    test("a whole call: offer, accept, audio both ways, mark, clear, keys, stop", async () => {
      const { owner, server, phone, connectionId, leg, log } = await call();
      expect(owner.offers.get(connectionId)).toEqual({
        carrier: "twilio",
        token,
        carrierCallId: "CA1",
        carrierStreamId: streamSid,
        remoteAddress: "127.0.0.1",
      });
      expect(connectionId).toMatch(/^conn_[0-9a-z]{26}$/);
      expect(server.openedAt(connectionId)).toBeLessThanOrEqual(performance.now());
      expect(leg.inbound).toEqual({ encoding: "pcmu", sampleRateHz: 8000 });
      expect(leg.capabilities).toEqual({ clear: true, marks: true, dtmfOut: false });

      phone.send(media(1, 2, 3));
      phone.send(dtmf("#"));
      expect(leg.sendAudio(Uint8Array.of(4, 5, 6))).toBe(true);
      expect(leg.sendAudio(new Uint8Array(0))).toBe(true);
      leg.sendMark("g1:0");
      leg.clear();
      expect(leg.sendDtmf("1")).toBe(false);
      expect(await phone.nextJson()).toEqual({ event: "media", streamSid, media: { payload: "BAUG" } });
      expect(await phone.nextJson()).toEqual({ event: "mark", streamSid, mark: { name: "g1:0" } });
      expect(await phone.nextJson()).toEqual({ event: "clear", streamSid });
      phone.send(JSON.stringify({ event: "mark", streamSid, mark: { name: "g1:0" } }));
      phone.send(stop);
      expect((await phone.closed).code).toBe(1000);
      expect(log.told).toEqual(["audio 1,2,3", "key #", "mark g1:0", "ended hung-up"]);
      expect(leg.sendAudio(Uint8Array.of(1))).toBe(false);
      leg.close();
      expect(server.openedAt(connectionId)).toBeUndefined();
      expect(owner.told).toEqual([]);
    });

    test("what the caller said and pressed before the accept follows it, in order and before anything newer", async () => {
      const { owner, server, url } = await run();
      const phone = await WsClient.connect(url);
      for (const message of [start(), media(1), media(2), dtmf("7"), media(3)]) phone.send(message);
      phone.send(JSON.stringify({ event: "marker-of-the-test" }));
      await until(() => owner.told.length === 1, "the last early message");
      const log = new LegLog();
      server.accept(await owner.offer(), log);
      expect(log.told).toEqual([]);
      phone.send(media(4));
      await until(() => log.told.includes("audio 4"), "new audio");
      expect(log.told).toEqual(["audio 1,2", "key 7", "audio 3", "audio 4"]);
    });

    test("early audio is bounded: the oldest goes, and is counted", async () => {
      const { owner, server, url } = await run({ earlyAudioMs: 1 });
      const phone = await WsClient.connect(url);
      phone.send(start());
      for (let byte = 0; byte < 20; byte++) phone.send(media(byte));
      phone.send(JSON.stringify({ event: "marker" }));
      await until(() => owner.told.length === 1, "the last early message");
      const log = new LegLog();
      server.accept(await owner.offer(), log);
      await until(() => log.told.length > 0, "replay");
      expect(log.told.join().match(/\d+/g)).toEqual(["12", "13", "14", "15", "16", "17", "18", "19"]);
      expect(owner.told).toEqual(["ignored marker", "fault early-audio-dropped"]);
    });

    test("a start without a token, or with nonsense for one, is closed with 1008 and never offered", async () => {
      const { owner, url } = await run();
      for (const parameters of [
        {},
        { token: "" },
        { token: "short" },
        { token: "x".repeat(129) },
        { token: `${token} ` },
      ]) {
        const phone = await WsClient.connect(url);
        phone.send(start(parameters as Record<string, string>));
        expect((await phone.closed).code).toBe(1008);
      }
      expect(owner.offers.size).toBe(0);
      expect(owner.told).toEqual(Array.from({ length: 5 }, () => "refused no-token"));
    });

    test("a refused stream is closed with 1008; refusing and accepting it again do nothing", async () => {
      const { owner, server, url } = await run();
      const phone = await WsClient.connect(url);
      phone.send(start());
      const connectionId = await owner.offer();
      server.refuse(connectionId, "token-unknown");
      server.refuse(connectionId, "token-unknown");
      expect((await phone.closed).code).toBe(1008);
      expect(server.accept(connectionId, new LegLog())).toBeUndefined();
      expect(owner.told).toEqual(["refused token-unknown"]);
    });

    test("a stream that leaves before the accept is withdrawn", async () => {
      const { owner, server, url } = await run();
      for (const leave of [(phone: WsClient) => phone.close(), (phone: WsClient) => phone.send(stop)]) {
        owner.offers.clear();
        owner.told.length = 0;
        const phone = await WsClient.connect(url);
        phone.send(start());
        const connectionId = await owner.offer();
        leave(phone);
        await until(() => owner.told.length > 0, "withdrawn");
        expect(owner.told).toEqual(["withdrawn"]);
        expect(server.accept(connectionId, new LegLog())).toBeUndefined();
      }
    });

    test("no start in time: 1008; no answer to the offer in time: 1011, withdrawn", async () => {
      const { owner, server, url } = await run({ startTimeoutMs: 40, acceptTimeoutMs: 40 });
      const silent = await WsClient.connect(url);
      expect(await silent.closed).toEqual({ code: 1008, reason: "start-timeout" });
      const offered = await WsClient.connect(url);
      offered.send(start());
      const connectionId = await owner.offer();
      expect(await offered.closed).toEqual({ code: 1011, reason: "accept-timeout" });
      expect(server.accept(connectionId, new LegLog())).toBeUndefined();
      expect(owner.told).toEqual(["refused start-timeout", "withdrawn", "refused accept-timeout"]);
    });

    test("a format it cannot speak is closed with 1003", async () => {
      const { owner, url } = await run();
      const phone = await WsClient.connect(url);
      phone.send(start({ token }, "audio/x-opus"));
      expect((await phone.closed).code).toBe(1003);
      expect(owner.told).toEqual(["fault unsupported-format", "refused unsupported-format"]);
    });

    test("media before start is out of order and not kept", async () => {
      const { owner, server, url } = await run();
      const phone = await WsClient.connect(url);
      for (const message of [media(1), media(2), start(), media(3)]) phone.send(message);
      const log = new LegLog();
      const connectionId = await owner.offer();
      server.accept(connectionId, log);
      await until(() => log.told.length > 0, "audio");
      expect(log.told).toEqual(["audio 3"]);
      expect(owner.told).toEqual(["fault out-of-order", "fault out-of-order"]);
    });

    test("other paths are 404, and so is a carrier we do not know", async () => {
      const { server } = await run();
      for (const path of [
        "/",
        "/media",
        "/media/",
        "/media/nobody",
        "/media/__proto__",
        "/media/twilio/",
        "/Media/twilio",
      ]) {
        await expect(WsClient.connect(`ws://127.0.0.1:${server.port}${path}`), path).rejects.toThrow("404");
      }
    });

    test("a flood of nonsense ends the call as a protocol error; a little does not", async () => {
      const { owner, phone, log } = await call({ maxFaults: 10 });
      for (let nonsense = 0; nonsense < 10; nonsense++) phone.send("{");
      phone.send(media(1));
      await until(() => log.told.length === 1, "audio after nonsense");
      for (let nonsense = 0; nonsense < 100; nonsense++) phone.send("{");
      expect((await phone.closed).code).toBe(1008);
      expect(log.told).toEqual(["audio 1", "ended protocol-error"]);
      expect(owner.told).toEqual(Array.from({ length: 11 }, () => "fault malformed"));
    });

    test("a flood of nonsense before the start is refused", async () => {
      const { owner, url } = await run({ maxFaults: 3 });
      const phone = await WsClient.connect(url);
      for (let nonsense = 0; nonsense < 10; nonsense++) phone.send("[]");
      expect((await phone.closed).code).toBe(1008);
      expect(owner.told.at(-1)).toBe("refused too-many-faults");
    });

    test("a socket that breaks is a lost connection; one that closes in order has hung up", async () => {
      const lost = await call();
      lost.phone.socket.terminate();
      await until(() => lost.log.told.length > 0, "ended");
      expect(lost.log.told).toEqual(["ended connection-lost"]);
      await server?.close();
      const left = await call();
      left.phone.close(1000);
      await until(() => left.log.told.length > 0, "ended");
      expect(left.log.told).toEqual(["ended hung-up"]);
    });

    test("a peer that stops reading: sendAudio says false and the leg ends as not reading", async () => {
      const { owner, server } = await run();
      const raw = await connectSilently(server.port, "/media/twilio");
      raw.pause();
      raw.write(textFrame(start()));
      const log = new LegLog();
      const leg = server.accept(await owner.offer(), log) as CallLeg;
      const second = new Uint8Array(8_000);
      let sent = 0;
      while (leg.sendAudio(second) && sent < 2_000) {
        sent++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sent).toBeLessThan(2_000);
      expect(log.told).toEqual([]);
      await until(() => log.told.length > 0, "ended");
      expect(log.told).toEqual(["ended not-reading"]);
      expect(leg.sendAudio(second)).toBe(false);
      raw.destroy();
    });

    test("a leg closed by its conversation closes with 1000 and hears nothing more", async () => {
      const { phone, leg, log } = await call();
      leg.close();
      leg.close();
      expect(leg.sendAudio(Uint8Array.of(1))).toBe(false);
      phone.send(media(1));
      expect((await phone.closed).code).toBe(1000);
      expect(log.told).toEqual([]);
    });

    test("a call whose code throws ends alone, with 1011, and its owner learns why", async () => {
      const { owner, server, url } = await run();
      const broken = await WsClient.connect(url);
      broken.send(start());
      const log = new LegLog();
      const bug = new Error("bug");
      server.accept(
        await owner.offer(0),
        Object.assign(log, {
          audio: () => {
            throw bug;
          },
        }),
      );
      const healthy = await WsClient.connect(url);
      healthy.send(start());
      const healthyLog = new LegLog();
      server.accept(await owner.offer(1), healthyLog);
      broken.send(media(1));
      expect((await broken.closed).code).toBe(1011);
      expect(owner.failures).toEqual([bug]);
      expect(log.told).toEqual(["ended connection-lost"]);
      healthy.send(media(2));
      await until(() => healthyLog.told.length > 0, "audio of the other call");
      expect(healthyLog.told).toEqual(["audio 2"]);
    });

    test("stopAccepting keeps the calls there are; close ends them", async () => {
      const { server, phone, log } = await call();
      server.stopAccepting();
      await expect(WsClient.connect(`ws://127.0.0.1:${server.port}/media/twilio`)).rejects.toThrow();
      phone.send(media(1));
      await until(() => log.told.length === 1, "audio");
      await server.close();
      expect((await phone.closed).code).toBe(1001);
      expect(log.told).toEqual(["audio 1", "ended connection-lost"]);
    });
  });
}

/** One masked text frame of 126 to 65 535 bytes (RFC 6455 §5.2), the mask being zero. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([header, payload]);
}

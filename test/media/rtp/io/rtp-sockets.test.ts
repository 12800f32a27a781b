import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { openRtpSockets, type RtpSocketPair } from "../../../../src/media/rtp/io/rtp-sockets.ts";
import { PortPool } from "../../../../src/media/rtp/port-pool.ts";
import { SeededRandom } from "../../../kit/seeded-random.ts";

const loopback = "127.0.0.1";
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function socket(): Promise<Socket> {
  const made = createSocket("udp4");
  closers.push(() => made.close());
  made.bind(0, loopback);
  await once(made, "listening");
  return made;
}

/** A pool of `pairs` pairs around a port the system just had free. */
async function poolOf(pairs: number): Promise<{ pool: PortPool; firstPort: number }> {
  const probe = createSocket("udp4");
  probe.bind(0, loopback);
  await once(probe, "listening");
  const free = probe.address().port;
  probe.close();
  const firstPort = Math.min(free + (free & 1), 65_000);
  const random = new SeededRandom(1);
  const options = { firstPort, lastPort: firstPort + pairs * 2 - 1, restMs: 0 };
  return { pool: new PortPool(options, () => random.next()), firstPort };
}

interface Heard {
  readonly what: "rtp" | "rtcp";
  readonly bytes: number[];
  readonly port: number;
}

function open(pool: PortPool, rtcpMux: boolean): Promise<{ pair: RtpSocketPair; next: () => Promise<Heard> }> {
  const heard: Heard[] = [];
  let wake: (() => void) | undefined;
  const hear = (what: Heard["what"]) => (bytes: Uint8Array, _address: string, port: number) => {
    heard.push({ what, bytes: [...bytes], port });
    wake?.();
  };
  const events = { rtp: hear("rtp"), rtcp: hear("rtcp"), unreachable: () => {} };
  return openRtpSockets({ address: loopback, ports: pool, now: () => 0, rtcpMux }, events).then((pair) => {
    closers.push(() => pair.close());
    const next = async () => {
      while (heard.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return heard.shift()!;
    };
    return { pair, next };
  });
}

describe("RTP sockets", () => {
  test("an even port for RTP and the next for RTCP, heard and spoken on both", async () => {
    const { pool } = await poolOf(8);
    const { pair, next } = await open(pool, false);
    expect(pair.port % 2).toBe(0);
    const peer = await socket();
    peer.send(Uint8Array.of(1, 2), pair.port, loopback);
    expect(await next()).toEqual({ what: "rtp", bytes: [1, 2], port: peer.address().port });
    peer.send(Uint8Array.of(3), pair.port + 1, loopback);
    expect(await next()).toMatchObject({ what: "rtcp", bytes: [3] });
    const to = { address: loopback, port: peer.address().port };
    const first = once(peer, "message");
    pair.sendRtcp(Uint8Array.of(4, 5, 6), 2, to);
    const [bytes, from] = (await first) as [Buffer, { port: number }];
    expect([[...bytes], from.port]).toEqual([[4, 5], pair.port + 1]);
  });

  test("with rtcp-mux one port does both", async () => {
    const { pool } = await poolOf(8);
    const { pair } = await open(pool, true);
    const peer = await socket();
    const first = once(peer, "message");
    pair.sendRtcp(Uint8Array.of(9), 1, { address: loopback, port: peer.address().port });
    const [, from] = (await first) as [Buffer, { port: number }];
    expect(from.port).toBe(pair.port);
  });

  test("a buffer may be filled again right after sending", async () => {
    const { pool } = await poolOf(8);
    const { pair } = await open(pool, true);
    const peer = await socket();
    const heard: number[] = [];
    const all = new Promise<void>((resolve) => {
      peer.on("message", (bytes) => {
        heard.push(bytes[0]!);
        if (heard.length === 20) resolve();
      });
    });
    const bytes = new Uint8Array(1);
    for (let i = 0; i < 20; i++) {
      bytes[0] = i;
      pair.sendRtp(bytes, 1, { address: loopback, port: peer.address().port });
    }
    await all;
    expect(heard).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("a port that is none, as the one after a far end's 65535, loses the packet and throws nothing", async () => {
    const { pool } = await poolOf(8);
    const { pair } = await open(pool, false);
    const bytes = Uint8Array.of(1);
    for (const port of [0, 65_536]) {
      expect(() => pair.sendRtp(bytes, 1, { address: loopback, port })).not.toThrow();
      expect(() => pair.sendRtcp(bytes, 1, { address: loopback, port })).not.toThrow();
    }
  });

  test("a port that somebody else has is passed over; close gives the pair back", async () => {
    const { pool, firstPort } = await poolOf(3);
    const taken = createSocket("udp4");
    closers.push(() => taken.close());
    taken.bind(firstPort + 1, loopback);
    await once(taken, "listening");
    const { pair } = await open(pool, false);
    expect(pair.port).not.toBe(firstPort);
    expect(pool.used).toBe(1);
    pair.close();
    pair.close();
    expect(pool.used).toBe(0);
    pair.sendRtp(Uint8Array.of(1), 1, { address: loopback, port: 9 });
  });

  test("an empty pool says so", async () => {
    const pool = new PortPool({ firstPort: 20_000, lastPort: 20_000, restMs: 0 }, () => 0);
    await expect(open(pool, false)).rejects.toThrow("all ports are in use");
  });
});

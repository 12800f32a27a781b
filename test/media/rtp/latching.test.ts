import { describe, expect, test } from "vitest";
import { defaultLatchOptions, Latch } from "../../../src/media/rtp/latching.ts";

const sdp = { address: "10.0.0.5", port: 4000 };
const nat = { address: "203.0.113.9", port: 61_000 };
const stranger = { address: "198.51.100.66", port: 9999 };

/** A packet that fits (or not) from an address; true: it was taken. */
function packet(latch: Latch, from: typeof sdp, now: number, fits = true): boolean {
  if (!latch.admits(from.address, from.port, now)) return false;
  if (fits) latch.fits(from.address, from.port, now);
  return fits;
}

describe("latching", () => {
  test("sends to the SDP's address until the first packet that fits, then to its source", () => {
    const latch = new Latch(sdp);
    expect(latch.target).toEqual(sdp);
    expect(packet(latch, stranger, 0, false)).toBe(false);
    expect(latch.target).toEqual(sdp);
    expect(packet(latch, nat, 20)).toBe(true);
    expect(latch.target).toEqual(nat);
  });

  test("an address that merely shouts never takes over, and is counted (RTP bleed)", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    for (let now = 20; now < 20_000; now += 20) {
      expect(packet(latch, nat, now)).toBe(true);
      for (let i = 0; i < 5; i++) expect(packet(latch, stranger, now)).toBe(false);
    }
    expect(latch.target).toEqual(nat);
    expect(latch.counters).toEqual({ refused: 4995, relatched: 0 });
  });

  test("another port of the same host is another address", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    expect(packet(latch, { ...nat, port: nat.port + 2 }, 20)).toBe(false);
  });

  test("after the set silence another address that fits may follow", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    const { silenceMs } = defaultLatchOptions;
    expect(packet(latch, stranger, silenceMs)).toBe(false);
    expect(packet(latch, stranger, silenceMs + 1, false)).toBe(false);
    expect(latch.target).toEqual(nat);
    expect(packet(latch, stranger, silenceMs + 2)).toBe(true);
    expect(latch.counters.relatched).toBe(1);
  });

  test("when another address is signalled, the last packets of the one before are taken and decide nothing", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    const taker = { address: "203.0.113.10", port: 7000 };
    latch.resignal(taker);
    for (let now = 20; now <= 400; now += 20) expect(packet(latch, nat, now)).toBe(true);
    expect(latch.target).toEqual(taker);
    const itsNat = { address: "203.0.113.11", port: 7777 };
    expect(packet(latch, itsNat, 420)).toBe(true);
    expect(latch.target).toEqual(itsNat);
    expect(packet(latch, nat, 440)).toBe(false);
  });

  test("one that signals another address and goes on sending from where it was is followed there after a second", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    latch.resignal({ ...sdp, port: 4002 });
    for (let now = 20; now <= 1000; now += 20) packet(latch, nat, now);
    expect(latch.target).toEqual({ ...sdp, port: 4002 });
    for (let now = 1020; now <= 1040; now += 20) packet(latch, nat, now);
    expect(latch.target).toEqual(nat);
  });

  test("after a re-INVITE the next packet that fits decides, then the door is closed again", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    const moved = { address: "203.0.113.10", port: 7000 };
    latch.resignal(moved);
    expect(latch.target).toEqual(moved);
    expect(packet(latch, moved, 40)).toBe(true);
    expect(packet(latch, nat, 60)).toBe(false);
    expect(latch.target).toEqual(moved);
  });

  test("a re-INVITE that moves nothing keeps sending where the packets come from", () => {
    const latch = new Latch(sdp);
    packet(latch, nat, 0);
    latch.resignal(sdp);
    expect(packet(latch, nat, 20)).toBe(true);
    expect(latch.target).toEqual(nat);
    expect(latch.counters.relatched).toBe(0);
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import { l16at16k, pcmu8k } from "../../../src/codecs/format.ts";
import { createLogger } from "../../../src/kit/log.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { CallerEars } from "../../../src/media/talk/io/caller-ears.ts";
import { LinkSeat, linkPacketBytes } from "../../../src/media/talk/link-seat.ts";
import type { RoomLink } from "../../../src/media/talk/rooms.ts";
import { type HouseCall, MediaHouse } from "../../kit/media-house.ts";
import { largestStep } from "../../kit/room-party.ts";

let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(createLogger("silent", "test"), createMetrics());
  return () => ears.close();
});

const token = new Uint8Array(16).fill(7);
const near6000 = expect.toSatisfy((level: number) => level > 5500 && level < 6500);
const near0 = expect.toSatisfy((level: number) => level < 60);

/** A wire of a virtual clock: what is sent is there at the next look, unless it is cut. */
class Wire {
  isCut = false;
  packets = 0;
  closed = 0;
  readonly links: readonly [RoomLink, RoomLink];
  readonly #seats: readonly [LinkSeat, LinkSeat];

  constructor() {
    const seat = (other: 0 | 1): LinkSeat =>
      new LinkSeat(token, (packet) => {
        this.packets++;
        if (!this.isCut) this.#seats[other].packet(packet.slice());
      });
    this.#seats = [seat(1), seat(0)];
    const link = (party: LinkSeat): RoomLink => ({
      party,
      failed: (error) => {
        throw error;
      },
      closed: () => this.closed++,
    });
    this.links = [link(this.#seats[0]), link(this.#seats[1])];
  }

  join(one: MediaHouse, other: MediaHouse, roomId = "room_1"): this {
    one.rooms.link(roomId, this.links[0]);
    other.rooms.link(roomId, this.links[1]);
    return this;
  }
}

/** Media processes whose ticks come one after the other. */
function run(houses: readonly MediaHouse[], ms: number): void {
  for (let done = 0; done < ms; done += 20) for (const house of houses) house.run(20);
}

function caller(house: MediaHouse, saysHz: number, format: typeof pcmu8k | typeof l16at16k = pcmu8k): HouseCall {
  const call = house.call({ leg: { format } });
  call.saysHz = saysHz;
  return call;
}

/** Forgets what was heard while the room came to rest. */
function settled(houses: readonly MediaHouse[]): void {
  run(houses, 400);
  for (const { calls } of houses) for (const call of calls) call.takeHeard();
}

describe("a room in several media processes", () => {
  test("two telephones hear each other and not themselves, whoever came first", () => {
    for (const format of [pcmu8k, l16at16k]) {
      const houses = [new MediaHouse(ears), new MediaHouse(ears)] as const;
      const [one, other] = [caller(houses[0], 500, format), caller(houses[1], 900, format)];
      one.join("room_1");
      new Wire().join(...houses);
      other.join("room_1");
      settled(houses);
      run(houses, 1000);
      expect(one.loudness(500, 900)).toEqual([near0, near6000]);
      expect(other.loudness(500, 900)).toEqual([near6000, near0]);
    }
  });

  test("five telephones in three processes, a star: each hears the four others once", () => {
    const houses = [new MediaHouse(ears), new MediaHouse(ears), new MediaHouse(ears)] as const;
    const [home, second, third] = houses;
    const tones = [400, 600, 800, 1000, 1200];
    const calls = [home, home, second, second, third].map((house, n) => caller(house, tones[n]!));
    for (const call of calls) call.join("room_1");
    new Wire().join(home, second);
    new Wire().join(home, third);
    settled(houses);
    run(houses, 1000);
    calls.forEach((call, own) => {
      // Four at 6000 reach the limit now and then, so they come a little softer.
      const heard = call.loudness(...tones);
      expect(heard[own]).toBeLessThan(500);
      for (const [n, level] of heard.entries()) if (n !== own) expect(level).toBeGreaterThan(4500);
    });
  });

  test("an agent is heard by the telephones of the other process, and hears them", () => {
    const houses = [new MediaHouse(ears), new MediaHouse(ears)] as const;
    const withAgent = houses[0].call({ agent: {}, plan: {} });
    const far = caller(houses[1], 900);
    withAgent.join("room_1", { agent: "listens" });
    far.join("room_1");
    new Wire().join(...houses);
    settled(houses);
    withAgent.agentHeard.length = 0;
    run(houses, 400);
    const loud = withAgent.agentHeard.filter((frame) => frame.some((byte) => byte !== 0xff));
    expect(loud.length).toBeGreaterThan(15);
  });

  test("silence is not sent", () => {
    const houses = [new MediaHouse(ears), new MediaHouse(ears)] as const;
    const [one, other] = [caller(houses[0], 500), caller(houses[1], 900)];
    one.join("room_1", { hears: "music" });
    other.join("room_1", { hears: "nothing" });
    const wire = new Wire().join(...houses);
    run(houses, 1000);
    expect(wire.packets).toBe(0);
  });

  test("a wire that is cut is silence within the cushion, without a click, and what comes after it is heard", () => {
    const houses = [new MediaHouse(ears), new MediaHouse(ears)] as const;
    const [one, other] = [caller(houses[0], 300), caller(houses[1], 900)];
    one.join("room_1");
    other.join("room_1");
    const wire = new Wire().join(...houses);
    settled(houses);
    wire.isCut = true;
    run(houses, 200);
    const cut = other.takeHeard();
    expect(largestStep(cut)).toBeLessThan(2000);
    // A leg that is sent nothing makes its own silence.
    expect(cut.length).toBeLessThanOrEqual(4 * 160);
    wire.isCut = false;
    settled(houses);
    run(houses, 400);
    expect(other.loudness(300)).toEqual([near6000]);
  });

  test("the last telephone of a side takes the link with it; the next one in the room is alone", () => {
    const houses = [new MediaHouse(ears), new MediaHouse(ears)] as const;
    const [one, other] = [caller(houses[0], 500), caller(houses[1], 900)];
    one.join("room_1");
    other.join("room_1");
    const wire = new Wire().join(...houses);
    settled(houses);
    one.session.leaveRoom(undefined);
    expect(wire.closed).toBe(1);
    houses[1].rooms.unlink("room_1", wire.links[1]);
    one.join("room_1");
    settled(houses);
    run(houses, 400);
    expect([...one.loudness(900), ...other.loudness(500)]).toEqual([near0, near0]);
    expect(wire.closed).toBe(1);
  });
});

describe("a link's packets", () => {
  const seat = () => new LinkSeat(token, () => undefined);

  test("another token, and any other length, is none of the link's", () => {
    const packet = new Uint8Array(linkPacketBytes);
    packet.set(token);
    expect(seat().packet(packet)).toBe(true);
    for (let i = 0; i < 16; i++) {
      const forged = packet.slice();
      forged[i]! ^= 1;
      expect(seat().packet(forged)).toBe(false);
    }
    expect(seat().packet(packet.subarray(1))).toBe(false);
    expect(seat().packet(new Uint8Array(linkPacketBytes + 1))).toBe(false);
    expect(seat().packet(new Uint8Array(0))).toBe(false);
  });
});

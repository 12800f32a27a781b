import { describe, expect, test } from "vitest";
import { Room, type RoomMember, type RoomParty, roomVoices } from "../../../src/media/talk/room.ts";
import { largestStep, TestParty, toneAmplitude } from "../../kit/room-party.ts";

const { talk, music } = roomVoices;

function enter(room: Room, party: RoomParty, place: Partial<RoomMember> = {}, wideband = false): RoomMember {
  return Object.assign(
    room.join(party, wideband, (error) => {
      throw error;
    }),
    { voice: talk, hears: talk, ...place },
  );
}

function ticks(room: Room, count: number): void {
  for (let i = 0; i < count; i++) room.tick();
}

describe("room", () => {
  test("each of eight hears the seven others at their level, and not itself", () => {
    const room = new Room();
    const parties = Array.from({ length: 8 }, (_, i) => new TestParty(300 + 200 * i));
    for (const party of parties) enter(room, party);
    ticks(room, 60);
    for (const party of parties) {
      const heard = party.samples(10);
      for (const other of parties) {
        const amplitude = toneAmplitude(heard, other.toneHz ?? 0, 8000);
        if (other === party) expect(amplitude).toBeLessThan(10);
        else expect(amplitude).toBeCloseTo(3000, -1);
      }
    }
  });

  test("of two, each hears the other's samples as they are", () => {
    const room = new Room();
    const [one, other] = [new TestParty(400), new TestParty(1000)];
    enter(room, one);
    enter(room, other);
    one.amplitude = 32_000;
    ticks(room, 3);
    const alone = new TestParty(400);
    alone.amplitude = 32_000;
    const said = Array.from({ length: 3 }, () => {
      const frame = new Int16Array(160);
      alone.speak(frame);
      return frame;
    });
    expect(other.heard.slice(1)).toEqual(said.slice(1));
  });

  test("a sum that does not fit is bent, never wrapped, and keeps its order", () => {
    const room = new Room();
    const loud = Array.from({ length: 4 }, () => new TestParty());
    const listener = new TestParty();
    enter(room, listener, { voice: 0 });
    for (const party of loud) enter(room, party);
    const heard: number[] = [];
    for (let level = 4000; level <= 32_000; level += 4000) {
      for (const party of loud) party.level = level;
      ticks(room, 2);
      heard.push(listener.heard.at(-1)?.[100] ?? 0);
    }
    expect(heard.slice(0, 1)).toEqual([16_000]);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    expect(Math.max(...heard)).toBeLessThanOrEqual(32_767);
    for (const party of loud) party.level = -32_768;
    ticks(room, 2);
    expect(listener.heard.at(-1)?.[100]).toBeLessThan(-28_000);
  });

  test("on hold: hears the music and no talk, and is not heard; the others do not hear the music", () => {
    const room = new Room();
    const [held, caller, callee, band] = [
      new TestParty(500),
      new TestParty(700),
      new TestParty(900),
      new TestParty(440),
    ];
    enter(room, held, { voice: 0, hears: music });
    enter(room, caller);
    enter(room, callee);
    enter(room, band, { voice: music, hears: 0 });
    ticks(room, 60);
    expect(toneAmplitude(held.samples(10), 440, 8000)).toBeCloseTo(3000, -1);
    expect(toneAmplitude(held.samples(10), 700, 8000)).toBeLessThan(10);
    expect(toneAmplitude(caller.samples(10), 900, 8000)).toBeCloseTo(3000, -1);
    expect(toneAmplitude(caller.samples(10), 500, 8000)).toBeLessThan(10);
    expect(toneAmplitude(caller.samples(10), 440, 8000)).toBeLessThan(10);
    expect(band.silentFrames).toBe(60);
  });

  test("a listener hears all and is not heard", () => {
    const room = new Room();
    const [listener, caller, callee] = [new TestParty(500), new TestParty(700), new TestParty(900)];
    enter(room, listener, { voice: 0 });
    enter(room, caller);
    enter(room, callee);
    ticks(room, 60);
    expect(toneAmplitude(listener.samples(10), 700, 8000)).toBeCloseTo(3000, -1);
    expect(toneAmplitude(listener.samples(10), 900, 8000)).toBeCloseTo(3000, -1);
    expect(toneAmplitude(callee.samples(10), 500, 8000)).toBeLessThan(10);
  });

  test("who is alone, or among the silent, hears nothing", () => {
    const room = new Room();
    const [one, other] = [new TestParty(500), new TestParty()];
    enter(room, one);
    ticks(room, 5);
    enter(room, other);
    ticks(room, 5);
    expect(one.silentFrames).toBe(10);
    expect(other.silentFrames).toBe(0);
  });

  test("voices come, go, fall silent and are put on hold without a click", () => {
    const room = new Room();
    const listener = new TestParty();
    const place = enter(room, listener, { voice: 0, hears: talk | music });
    const steady = new TestParty(63);
    enter(room, steady);
    enter(room, new TestParty(84), { voice: music, hears: 0 });
    const coming = new TestParty(73);
    ticks(room, 5);
    const member = enter(room, coming);
    ticks(room, 5);
    coming.toneHz = undefined;
    ticks(room, 5);
    coming.toneHz = 73;
    ticks(room, 5);
    member.voice = 0;
    ticks(room, 5);
    member.voice = talk;
    ticks(room, 5);
    room.leave(member);
    ticks(room, 5);
    place.hears = music;
    ticks(room, 5);
    place.hears = talk;
    ticks(room, 5);
    // The steepest that the three tones can be together, and what two fades of 40 samples add.
    const steepest = (2 * Math.PI * 3000 * (63 + 73 + 84)) / 8000;
    expect(largestStep(listener.samples(1))).toBeLessThan(steepest + (2 * 3000) / 40);
  });

  test("works at 16 kHz while two are wideband, at 8 kHz otherwise, and goes from one to the other without a click", () => {
    const room = new Room();
    const [listener, wide, wider] = [new TestParty(), new TestParty(63), new TestParty()];
    enter(room, listener, { voice: 0 });
    enter(room, wide, {}, true);
    ticks(room, 5);
    expect(room.rateHz).toBe(8000);
    const member = enter(room, wider, {}, true);
    ticks(room, 5);
    expect([room.rateHz, listener.rateHz, wide.rateHz]).toEqual([16_000, 16_000, 16_000]);
    room.leave(member);
    ticks(room, 5);
    expect([room.rateHz, listener.rateHz]).toEqual([8000, 8000]);
    expect(listener.heard.map((frame) => frame.length)).toEqual([
      ...new Array(6).fill(160),
      ...new Array(5).fill(320),
      ...new Array(4).fill(160),
    ]);
    const steepest = (2 * Math.PI * 3000 * 63) / 8000;
    expect(largestStep(listener.samples(1))).toBeLessThan(steepest + 3000 / 40);
  });

  test("a party that breaks is silent for that tick, is told on, and disturbs nobody", () => {
    const room = new Room();
    const errors: unknown[] = [];
    const broken: RoomParty = {
      setRate: () => {},
      speak: () => {
        throw new Error("broken mouth");
      },
      hear: () => {
        throw new Error("broken ear");
      },
    };
    const member = room.join(broken, false, (error) => {
      errors.push(error);
      room.leave(member);
    });
    Object.assign(member, { voice: talk, hears: talk });
    const [one, other] = [new TestParty(500), new TestParty(700)];
    enter(room, one);
    enter(room, other);
    ticks(room, 10);
    expect(errors).toHaveLength(1);
    expect(room.size).toBe(2);
    expect(toneAmplitude(one.samples(1), 700, 8000)).toBeGreaterThan(2900);
  });
});

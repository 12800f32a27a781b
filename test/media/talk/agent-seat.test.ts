import { describe, expect, test } from "vitest";
import { l16at24k, pcmu8k } from "../../../src/codecs/format.ts";
import { pcmuLaw } from "../../../src/codecs/g711.ts";
import { AgentSeat } from "../../../src/media/talk/agent-seat.ts";
import { Playout, type PlayoutSink } from "../../../src/media/talk/playout.ts";
import { markedAudio } from "../../kit/playout-call.ts";

/** A seat of a G.711 leg, with what its agent was told and what it said. */
class Seated {
  readonly marks: string[] = [];
  readonly heard: Uint8Array[] = [];
  readonly said: number[] = [];
  readonly seat = new AgentSeat(
    { inbound: pcmu8k, outbound: pcmu8k },
    { audio: (payload) => this.heard.push(payload.slice()), mark: (name) => this.marks.push(name) },
  );

  constructor() {
    this.seat.setRate(8000);
  }

  /** Some ticks of the room; returns how many of them had something said. */
  ticks(count: number): number {
    const frame = new Int16Array(160);
    let spoken = 0;
    for (let i = 0; i < count; i++) {
      if (!this.seat.speak(frame)) continue;
      spoken++;
      this.said.push(...frame);
    }
    return spoken;
  }
}

const decoded = (bytes: Uint8Array): number[] => [...bytes].map((byte) => pcmuLaw.decode[byte] ?? 0);

describe("an agent's seat in a room", () => {
  test("says what it was sent, in order, 20 ms a tick, the last piece filled up with silence", () => {
    const seated = new Seated();
    const audio = markedAudio(0, 400);
    expect(seated.seat.sendAudio(audio)).toBe(true);
    expect(seated.ticks(5)).toBe(3);
    expect(seated.said.slice(0, 400)).toEqual(decoded(audio));
    expect(seated.said.slice(400)).toEqual(new Array(80).fill(0));
  });

  test("a mark comes back when all before it was said", () => {
    const seated = new Seated();
    seated.seat.sendMark("at once");
    seated.seat.sendAudio(markedAudio(0, 320));
    seated.seat.sendMark("after two");
    seated.seat.sendAudio(markedAudio(320, 160));
    seated.seat.sendMark("after three");
    expect(seated.marks).toEqual([]);
    seated.ticks(1);
    expect(seated.marks).toEqual(["at once"]);
    seated.ticks(1);
    expect(seated.marks).toEqual(["at once", "after two"]);
    seated.ticks(1);
    expect(seated.marks.at(-1)).toBe("after three");
  });

  test("cleared, it says nothing more, and its marks come back with the next tick, not at once", () => {
    const seated = new Seated();
    seated.seat.sendAudio(markedAudio(0, 1600));
    seated.seat.sendMark("one");
    seated.ticks(2);
    seated.seat.clear();
    expect(seated.marks).toEqual([]);
    expect(seated.ticks(3)).toBe(0);
    expect(seated.marks).toEqual(["one"]);
  });

  test("left, every mark is back", () => {
    const seated = new Seated();
    seated.seat.sendAudio(markedAudio(0, 1600));
    seated.seat.sendMark("one");
    seated.seat.sendMark("two");
    seated.seat.close();
    expect(seated.marks).toEqual(["one", "two"]);
    expect(seated.ticks(3)).toBe(0);
  });

  test("more than two seconds ahead is refused, and so are marks without number", () => {
    const seated = new Seated();
    expect(seated.seat.sendAudio(new Uint8Array(16_000))).toBe(true);
    expect(seated.seat.sendAudio(new Uint8Array(160))).toBe(false);
    for (let i = 0; i < 1000; i++) seated.seat.sendMark(`${i}`);
    seated.seat.close();
    expect(seated.marks.length).toBeLessThan(300);
  });

  test("hears the room in its leg's format, silence too", () => {
    const seated = new Seated();
    seated.seat.hear(new Int16Array(160).fill(1000));
    seated.seat.hear(undefined);
    expect(decoded(seated.heard[0] ?? new Uint8Array(0))[50]).toBeCloseTo(1000, -2);
    expect(seated.heard[1]).toEqual(new Uint8Array(160).fill(0xff));
  });

  test("an agent of a wideband leg hears and speaks at its own rate, whatever the room's", () => {
    const heard: number[] = [];
    const seat = new AgentSeat(
      { inbound: l16at24k, outbound: l16at24k },
      { audio: (payload) => heard.push(payload.length), mark: () => {} },
    );
    for (const rateHz of [8000, 16_000] as const) {
      seat.setRate(rateHz);
      seat.sendAudio(new Uint8Array(960));
      expect(seat.speak(new Int16Array(rateHz / 50))).toBe(true);
      seat.hear(new Int16Array(rateHz / 50));
    }
    expect(heard).toEqual([960, 960]);
  });

  test("a playout that believes in a carrier with marks is heard to the end here too, across a pause", () => {
    const seated = new Seated();
    const audio = markedAudio(0, 8000);
    const playout = new Playout({ format: pcmu8k, marks: true });
    let heardBytes = 0;
    const sink: PlayoutSink = {
      audio: (payload) => void seated.seat.sendAudio(payload),
      mark: (name) => seated.seat.sendMark(name),
      clear: () => seated.seat.clear(),
      heard: (payload) => {
        heardBytes += payload.length;
      },
    };
    playout.push("r1", "i1", audio, 0);
    playout.endItem("i1");
    playout.endResponse("r1");
    for (let now = 0; now < 3000; now += 20) {
      seated.ticks(1);
      for (const name of seated.marks.splice(0)) playout.onMark(name, now);
      if (now === 400) playout.pause(now, sink);
      if (now === 700) playout.resume(now);
      playout.tick(now, sink);
    }
    expect(playout.idle).toBe(true);
    expect(heardBytes).toBe(8000);
    expect(playout.counts).toMatchObject({ markTimeouts: 0, unknownMarks: 0 });
    // What was said before the pause and not yet proven is said again.
    expect(seated.said.slice(-4000)).toEqual(decoded(audio).slice(-4000));
  });
});

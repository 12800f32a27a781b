import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { l16at24k, pcma8k } from "../../../../src/codecs/format.ts";
import { parseWav } from "../../../../src/codecs/wav.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { CallerEars } from "../../../../src/media/talk/io/caller-ears.ts";
import { temporaryFolder } from "../../../control/gateway.ts";
import { type HouseCall, MediaHouse } from "../../../kit/media-house.ts";
import { toneAmplitude } from "../../../kit/room-party.ts";

let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(createLogger("silent", "test"), createMetrics());
  return () => ears.close();
});

const story = "Once upon a time there was a tandem switch that joined two lines which spoke different languages.";
const near6000 = [expect.toSatisfy((level: number) => level > 5500 && level < 6500)];

/** Two calls without agents, in a room. */
function bridge(house = new MediaHouse(ears)): { house: MediaHouse; one: HouseCall; other: HouseCall } {
  const [one, other] = [house.call(), house.call()];
  [one.saysHz, other.saysHz] = [500, 900];
  one.join("room_1");
  other.join("room_1");
  return { house, one, other };
}

/** A caller whose agent is in the middle of a story, and a human who was called. */
function storyTold(): { house: MediaHouse; caller: HouseCall; human: HouseCall } {
  const house = new MediaHouse(ears);
  const caller = house.call({ agent: { firstMessage: story } });
  const human = house.call();
  [caller.saysHz, human.saysHz] = [500, 900];
  house.run(2000);
  return { house, caller, human };
}

describe("calls in a room", () => {
  test("two people talk: each hears the other and not himself, in its own format", () => {
    const house = new MediaHouse(ears);
    const calls = [house.call(), house.call({ leg: { format: pcma8k } }), house.call({ leg: { format: l16at24k } })];
    for (const [first, second] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const [one, other] = [calls[first] as HouseCall, calls[second] as HouseCall];
      [one.saysHz, other.saysHz] = [500, 900];
      one.join("room_1");
      other.join("room_1");
      house.run(400);
      one.takeHeard();
      other.takeHeard();
      house.run(1000);
      expect(one.loudness(900)).toEqual(near6000);
      expect(other.loudness(500)).toEqual(near6000);
      for (const call of [one, other]) call.session.leaveRoom(undefined);
    }
    expect(calls[0]?.of("room-changed").map(({ roomId }) => roomId)).toEqual(["room_1", null, "room_1", null]);
  });

  test("one hangs up: the other stays, in silence, and goes when it is told to", async () => {
    const { house, one, other } = bridge();
    house.run(500);
    one.session.legEvents.ended("hung-up");
    house.run(100);
    other.takeHeard();
    house.run(1000);
    expect(other.loudness(500)).toEqual([0]);
    await one.over();
    expect(one.of("call-ended")).toMatchObject([{ cause: "caller-hung-up" }]);
    expect(other.of("call-ended")).toEqual([]);
    other.session.end("api-hung-up", "");
    await other.over();
    const third = house.call();
    third.join("room_1");
    third.saysHz = 500;
    house.run(200);
    expect(third.leg.sent).toEqual([]);
  });

  test("a conference of eight: each hears the seven others; a ninth telephone is refused and stays as it was", () => {
    const house = new MediaHouse(ears);
    const calls = Array.from({ length: 9 }, () => house.call());
    calls.forEach((call, n) => {
      call.saysHz = 400 + 200 * n;
      call.join("room_1");
    });
    house.run(200);
    for (const call of calls) call.takeHeard();
    house.run(1000);
    calls.slice(0, 8).forEach((call, n) => {
      const levels = call.loudness(...calls.slice(0, 8).map(({ saysHz }) => saysHz ?? 0));
      levels.forEach((level, m) => {
        if (m === n) expect(level).toBeLessThan(600);
        else expect(level).toBeGreaterThan(3000);
      });
    });
    expect(calls[8]?.of("call-error")).toMatchObject([{ kind: "room-full", fatal: false }]);
    expect(calls[8]?.of("room-changed")).toEqual([]);
    expect(calls[8]?.leg.sent).toEqual([]);
    const late = house.call({ agent: { firstMessage: story } });
    late.join("room_1", { agent: "listens" });
    house.run(8000);
    expect(late.of("utterance").map(({ utterance }) => utterance.text)).toEqual([story]);
  });

  test("a broken rule in one call ends that one, and the room goes on", async () => {
    const { house, one, other } = bridge();
    const third = house.call();
    third.saysHz = 1300;
    third.join("room_1");
    house.run(200);
    one.leg.breaks = true;
    house.run(200);
    await one.over();
    expect(one.of("call-ended")).toMatchObject([{ cause: "internal-error" }]);
    other.takeHeard();
    house.run(1000);
    expect(other.loudness(1300)).toEqual(near6000);
    expect(other.ended).toBe(false);
  });

  test("on hold a telephone hears music, or ringing, or nothing, and is not heard", () => {
    const { house, one, other } = bridge();
    one.join("room_1", { hears: "music" });
    house.run(100);
    one.takeHeard();
    other.takeHeard();
    house.run(1400);
    const [note, talk] = one.loudness(392, 900);
    expect(note).toBeGreaterThan(300);
    expect(talk).toBeLessThan(50);
    expect(other.loudness(500)).toEqual([0]);
    one.join("room_1", { hears: "ringback" });
    house.run(1000);
    expect(one.loudness(440)[0]).toBeGreaterThan(1000);
    one.join("room_1", { hears: "nothing" });
    house.run(100);
    one.takeHeard();
    house.run(500);
    expect(one.takeHeard().every((sample) => sample === 0)).toBe(true);
    one.join("room_1");
    house.run(100);
    one.takeHeard();
    house.run(1000);
    expect(one.loudness(900)).toEqual(near6000);
  });

  test("a leg that can works at the room's rate, and at its agent's again when it has left; the recording is whole", async () => {
    const recordingPath = join(temporaryFolder(), "call.wav");
    const house = new MediaHouse(ears);
    const leg = { format: l16at24k, rates: true };
    const [one, other] = [house.call({ leg, agent: {}, plan: { recordingPath } }), house.call()];
    [one.saysHz, other.saysHz] = [500, 900];
    house.run(1000);
    one.join("room_1", { agent: "suspended" });
    other.join("room_1");
    expect(one.leg.inbound.sampleRateHz).toBe(8000);
    house.run(1000);
    expect(one.loudness(900)).toEqual(near6000);
    one.join("room_1", { agent: "listens" });
    house.call({ leg }).join("room_1");
    house.run(100);
    expect(one.leg.inbound.sampleRateHz).toBe(16_000);
    one.session.leaveRoom(undefined);
    expect(one.leg.inbound.sampleRateHz).toBe(24_000);
    one.agentHeard.length = 0;
    house.run(900);
    expect(one.agentHeard.map((frame) => frame.length)).toEqual(new Array(45).fill(160));
    one.session.end("api-hung-up", "");
    await one.over();
    expect(one.of("call-ended")).toMatchObject([{ stats: { framesIn: 150 } }]);
    const wav = parseWav(new Uint8Array(await readFile(recordingPath)));
    if ("fault" in wav) throw new Error(wav.fault);
    const left = wav.samples.filter((_, i) => i % 2 === 0);
    for (const fromMs of [200, 1200, 2200]) {
      const piece = left.slice(fromMs * 8, (fromMs + 700) * 8);
      expect(toneAmplitude(piece, 500, 8000)).toBeGreaterThan(5500);
    }
  });

  test("a carrier's stream drops what it holds of the room when it leaves", () => {
    const house = new MediaHouse(ears);
    const [one, other] = [house.call({ leg: { marks: true } }), house.call()];
    other.saysHz = 900;
    one.join("room_1");
    other.join("room_1");
    house.run(400);
    expect(one.leg.did).not.toContain("clear");
    one.session.leaveRoom(undefined);
    expect(one.leg.did.at(-1)).toBe("clear");
    house.run(400);
    expect(one.leg.did.at(-1)).toBe("clear");
  });

  test("the recording holds the caller left, and right what he was sent, whoever said it", async () => {
    const recordingPath = join(temporaryFolder(), "call.wav");
    const house = new MediaHouse(ears);
    const one = house.call({ agent: { firstMessage: story }, plan: { recordingPath } });
    const other = house.call({ leg: { format: l16at24k } });
    [one.saysHz, other.saysHz] = [500, 900];
    house.run(1000);
    one.join("room_1", { agent: "listens" });
    other.join("room_1");
    house.run(1000);
    one.session.end("api-hung-up", "");
    await one.over();
    const wav = parseWav(new Uint8Array(await readFile(recordingPath)));
    if ("fault" in wav) throw new Error(wav.fault);
    const channel = (n: number, fromMs: number) =>
      wav.samples.filter((_, i) => i % 2 === n).slice(fromMs * 8, (fromMs + 700) * 8);
    for (const fromMs of [200, 1200]) expect(toneAmplitude(channel(0, fromMs), 500, 8000)).toBeGreaterThan(5500);
    expect(toneAmplitude(channel(1, 200), 900, 8000)).toBeLessThan(1000);
    expect(toneAmplitude(channel(1, 1200), 900, 8000)).toBeGreaterThan(5500);
    expect(toneAmplitude(channel(1, 1200), 500, 8000)).toBeLessThan(100);
  });
});

describe("an agent in a room", () => {
  test("taken along in the middle of a word, it goes on where it was, for all to hear, and hears all", () => {
    const { house, caller, human } = storyTold();
    caller.join("room_1", { agent: "speaks" });
    human.join("room_1");
    house.run(200);
    human.takeHeard();
    caller.agentHeard.length = 0;
    house.run(1000);
    expect(human.loudness(500)).toEqual(near6000);
    // The story's bytes, on top of the caller's tone.
    const heard = Int16Array.from(caller.agentHeard.flatMap((frame) => [...frame]));
    expect(heard.length).toBe(50 * 160);
    house.run(10_000);
    expect(caller.of("utterance").map(({ utterance }) => [utterance.text, utterance.interrupted])).toEqual([
      [story, false],
    ]);
    expect(caller.of("call-ended")).toEqual([]);
  });

  test("only listens: it is not heard any more, and hears both", () => {
    const { house, caller, human } = storyTold();
    caller.join("room_1", { agent: "listens" });
    human.join("room_1");
    [caller.saysHz, human.saysHz] = [undefined, undefined];
    house.run(200);
    for (const call of [caller, human]) call.takeHeard();
    caller.agentHeard.length = 0;
    house.run(1000);
    expect(caller.takeHeard().every((sample) => sample === 0)).toBe(true);
    expect(human.takeHeard().every((sample) => sample === 0)).toBe(true);
    expect(caller.agentHeard).toHaveLength(50);
    expect(caller.of("utterance")).toMatchObject([{ utterance: { role: "agent", interrupted: true } }]);
    human.saysHz = 900;
    caller.agentHeard.length = 0;
    house.run(1000);
    expect(caller.agentHeard.some((frame) => frame.some((byte) => byte !== 0xff))).toBe(true);
  });

  test("waits while a human is rung, and comes back with the news", () => {
    const { house, caller } = storyTold();
    caller.join("room_1", { hears: "ringback", agent: "suspended" });
    house.run(200);
    caller.agentHeard.length = 0;
    caller.takeHeard();
    house.run(1000);
    expect(caller.agentHeard).toEqual([]);
    expect(caller.loudness(440)[0]).toBeGreaterThan(1000);
    caller.ai?.replies.push({ text: "I am sorry, nobody answered." });
    caller.session.leaveRoom("Nobody answered.");
    house.run(4000);
    expect(caller.orders.slice(-3)).toEqual([
      "add-text system: Nobody answered.",
      "respond instruction",
      "heard item_2",
    ]);
    expect(caller.of("utterance").at(-1)?.utterance.text).toBe("I am sorry, nobody answered.");
    expect(caller.agentHeard.length).toBeGreaterThan(190);
  });

  test("briefs a human while the caller hears music and neither of them; then all three talk", () => {
    const { house, caller, human } = storyTold();
    house.run(10_000);
    caller.ai?.replies.push({ text: "A customer asks for the ferry." });
    human.join("room_1");
    caller.join("room_1", { hears: "music", agent: "speaks", instruct: "Tell the colleague what the caller wants." });
    house.run(300);
    caller.takeHeard();
    house.run(1200);
    expect(caller.loudness(900)[0]).toBeLessThan(50);
    expect(human.takeHeard().some((sample) => Math.abs(sample) > 1000)).toBe(true);
    expect(human.loudness(500)[0]).toBe(0);
    expect(caller.orders).toContain("add-text system: Tell the colleague what the caller wants.");
    caller.join("room_1", { agent: "leaves" });
    house.run(100);
    caller.takeHeard();
    house.run(1000);
    expect(caller.loudness(900)).toEqual(near6000);
    expect(caller.ai?.closed).toBe(true);
  });

  test("leaves for good: the call goes on without it, in the room and after", async () => {
    const { house, caller, human } = storyTold();
    caller.join("room_1", { agent: "leaves" });
    human.join("room_1");
    house.run(1000);
    expect(caller.ai?.closed).toBe(true);
    expect(caller.of("utterance")).toMatchObject([{ utterance: { interrupted: true } }]);
    caller.session.leaveRoom("Nobody is there to read this.");
    caller.session.legEvents.dtmf("7");
    caller.takeHeard();
    house.run(1000);
    expect(caller.takeHeard()).toHaveLength(0);
    expect(caller.of("dtmf").map(({ digit }) => digit)).toEqual(["7"]);
    caller.session.leave("api-hung-up");
    await caller.over();
    expect(caller.of("call-ended")).toMatchObject([{ cause: "api-hung-up" }]);
  });

  test("lost in a room, it leaves the others alone; the call ends when it would need it again", async () => {
    const { house, caller, human } = storyTold();
    caller.join("room_1", { agent: "listens" });
    human.join("room_1");
    house.run(500);
    caller.session.aiSink.event({ type: "error", kind: "socket-closed", message: "gone", fatal: true });
    house.run(100);
    human.takeHeard();
    house.run(1000);
    expect(human.loudness(500)).toEqual(near6000);
    expect(caller.of("call-error")).toMatchObject([{ kind: "socket-closed", fatal: true }]);
    expect([caller.ai?.closed, caller.ended]).toEqual([true, false]);
    caller.session.leaveRoom(undefined);
    await caller.over();
    expect(caller.of("call-ended")).toMatchObject([{ cause: "provider-failed", detail: "socket-closed: gone" }]);
  });

  test("an agent who only listens does not hold a call that is over its time, nor one that is to be hung up", async () => {
    const house = new MediaHouse(ears);
    const late = house.call({ agent: { maxDurationMs: 30_000 } });
    const done = house.call({ agent: {} });
    late.join("room_1", { agent: "listens" });
    done.join("room_2", { agent: "suspended" });
    house.run(29_900);
    expect(late.ended).toBe(false);
    house.run(200);
    done.session.leave("api-hung-up");
    await late.over();
    await done.over();
    expect(late.of("call-ended")).toMatchObject([{ cause: "max-duration" }]);
    expect(done.of("call-ended")).toMatchObject([{ cause: "api-hung-up" }]);
  });
});

describe("a call without an agent", () => {
  test("keys that its line cannot send are told as trouble, without the keys", () => {
    const call = new MediaHouse(ears).call({ leg: { dtmfOut: false } });
    call.session.sendDtmf("123");
    expect(call.of("call-error")).toMatchObject([{ kind: "dtmf-not-sent", fatal: false }]);
    expect(JSON.stringify(call.events)).not.toContain("123");
  });

  test("sends nothing, tells its keys, presses ours, and cannot speak", async () => {
    const house = new MediaHouse(ears);
    const call = house.call({ leg: { dtmfOut: true } });
    call.saysHz = 500;
    call.session.legEvents.dtmf("4");
    call.session.sendDtmf("12#");
    call.session.say("Hello.");
    house.run(1000);
    expect(call.leg.sent).toEqual([]);
    expect(call.leg.did).toEqual(["keys 12#"]);
    expect(call.events.map(({ type }) => type)).toEqual(["call-started", "dtmf", "call-error"]);
    call.session.end("api-hung-up", "");
    await call.over();
    expect(call.of("call-ended")).toMatchObject([{ stats: { framesIn: 50, framesOut: 0 }, durationMs: 1000 }]);
  });

  test("an echo sends back each frame as it came, and both sides are on record", async () => {
    const recordingPath = join(temporaryFolder(), "echo.wav");
    const house = new MediaHouse(ears);
    const call = house.call({ plan: { echo: true, recordingPath } });
    call.saysHz = 500;
    house.run(1000);
    expect(call.loudness(500)).toEqual(near6000);
    call.session.end("api-hung-up", "");
    await call.over();
    expect(call.of("call-ended")).toMatchObject([{ stats: { framesIn: 50, framesOut: 50 } }]);
    const wav = parseWav(new Uint8Array(await readFile(recordingPath)));
    if ("fault" in wav) throw new Error(wav.fault);
    for (const side of [0, 1]) {
      expect(toneAmplitude(wav.samples.filter((_, i) => i % 2 === side).slice(800), 500, 8000)).toBeGreaterThan(5500);
    }
  });

  test("ends at its longest duration, and names the far end of a call of ours as the one who hung up", async () => {
    const house = new MediaHouse(ears);
    const late = house.call({ plan: { maxDurationMs: 1000 } });
    const unpaid = house.call({ plan: { maxDurationMs: 1000, durationCause: "out-of-credit" } });
    const called = house.call({ plan: { direction: "outbound" } });
    called.session.legEvents.ended("hung-up");
    house.run(1100);
    await late.over();
    await unpaid.over();
    await called.over();
    expect(unpaid.of("call-ended")).toMatchObject([{ cause: "out-of-credit", durationMs: 1000 }]);
    expect(late.of("call-ended")).toMatchObject([{ cause: "max-duration", durationMs: 1000 }]);
    expect(called.of("call-ended")).toMatchObject([{ cause: "callee-hung-up" }]);
  });
});

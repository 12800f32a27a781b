import { describe, expect, test } from "vitest";
import { l16at16k, pcma8k } from "../../../src/codecs/format.ts";
import { Playout } from "../../../src/media/talk/playout.ts";
import { markedAudio, PlayoutCall } from "../../kit/playout-call.ts";

const roundTrip = (ms: number) => ({ toCarrier: () => ms / 2, back: () => ms / 2 });

describe("playout: sending", () => {
  test("a reply leaves at once, 300 ms ahead in messages of at most 100 ms, then 20 ms a tick", () => {
    const call = new PlayoutCall();
    call.push(2000);
    call.tick();
    expect(call.carrier.messages).toMatchObject({ audio: 3, longestBytes: 800 });
    call.run(100);
    expect(call.carrier.messages.audio).toBe(3 + 4);
    expect(call.types()).toEqual(["item-started"]);
  });

  test("a mark is asked for every 100 ms of audio", () => {
    const call = new PlayoutCall();
    call.say(2000);
    call.run(3000);
    expect(call.carrier.messages.marks).toBe(20);
  });

  test("the caller hears all of it, without a gap", () => {
    const call = new PlayoutCall({}, roundTrip(160));
    const audio = call.say(2000);
    call.run(3000);
    expect(call.carrier.playedAll).toEqual([...audio]);
    expect(call.heardAll).toEqual([...audio]);
    expect(call.carrier.gapMs).toBe(0);
    expect(call.playout.idle).toBe(true);
  });

  test("silence fills the last frame of a run and nothing else", () => {
    const call = new PlayoutCall({ format: pcma8k });
    const first = call.push(47, "item1");
    call.run(40);
    call.playout.endItem("item1");
    const second = call.say(30, "item2");
    call.run(200);
    expect(call.carrier.playedAll).toEqual([...first, ...second, ...new Array(3 * 8).fill(0xd5)]);
    expect(call.playout.item("item2")).toMatchObject({ heardMs: 30, receivedMs: 30, done: true });
  });

  test("half a frame of an item that may still grow waits for its other half", () => {
    const call = new PlayoutCall();
    const audio = [...call.push(30)];
    call.run(60);
    expect(call.carrier.playedAll).toHaveLength(160);
    audio.push(...call.push(10));
    call.playout.endItem("item1");
    call.run(60);
    expect(call.carrier.playedAll).toEqual(audio);
  });

  test("16-bit audio that comes in odd pieces stays whole samples", () => {
    const call = new PlayoutCall({ format: l16at16k });
    const audio = markedAudio(0, 6400);
    for (let at = 0; at < audio.length; at += 333) {
      call.playout.push("response1", "item1", audio.subarray(at, at + 333), 0);
    }
    call.playout.endItem("item1");
    call.run(400);
    expect(call.carrier.playedAll).toEqual([...audio]);
  });

  test("a leg without marks gets one frame a tick, also after a stall, and what was sent was heard", () => {
    const call = new PlayoutCall({ marks: false });
    call.push(400);
    call.run(60);
    expect(call.carrier.messages).toMatchObject({ audio: 3, marks: 0, longestBytes: 160 });
    call.now += 100;
    call.tick();
    expect(call.carrier.messages.audio).toBe(4);
    expect(call.playout.item("item1")?.heardMs).toBe(80);
    expect(call.interrupt()[0]).toMatchObject({ heardMs: 80 });
    expect(call.carrier.messages.clears).toBe(0);
  });

  test("a leg without marks is heard a far jitter buffer later", () => {
    const call = new PlayoutCall({ marks: false, farBufferMs: 60 });
    call.push(40);
    call.run(40);
    expect(call.reports).toEqual([
      { atMs: 60, lengthMs: 20 },
      { atMs: 80, lengthMs: 20 },
    ]);
  });

  test("a carrier that stalls is not buried: a second unproven, then we wait for it", () => {
    const call = new PlayoutCall({ markTimeoutMs: 5000 });
    call.push(10_000);
    call.deaf = true;
    call.run(3000);
    const sent = call.carrier.playedAll.length / 8;
    expect(sent).toBeGreaterThan(1300);
    expect(sent).toBeLessThanOrEqual(1400);
    expect(call.types()).toEqual(["item-started"]);
  });

  test("too much is refused, and the call goes on with what was taken", () => {
    const call = new PlayoutCall({ maxBufferedMs: 1000 });
    const audio = call.push(900);
    expect(call.playout.push("response1", "item1", markedAudio(0, 808), 0)).toBe("overflow");
    call.playout.endItem("item1");
    call.run(1500);
    expect(call.carrier.playedAll).toEqual([...audio]);
    expect(call.playout.counts.overflows).toBe(1);
  });

  test("a provider that opens items without end is refused at 256", () => {
    const playout = new Playout({ format: pcma8k, marks: true });
    const frame = new Uint8Array(160);
    const results = Array.from({ length: 257 }, (_, n) => playout.push("response1", `item${n}`, frame, 0));
    expect(results.filter((result) => result === "queued")).toHaveLength(256);
    expect(results.at(-1)).toBe("overflow");
  });
});

describe("playout: what was heard", () => {
  test("follows the far end between marks, to the sample", () => {
    const call = new PlayoutCall();
    call.push(2000);
    call.run(1013);
    expect(call.interrupt()).toMatchObject([{ itemId: "item1", heardMs: 1013, receivedMs: 2000, complete: false }]);
  });

  test("is behind the far end by the network, never ahead of it by more than a mark", () => {
    const call = new PlayoutCall({}, roundTrip(200));
    call.push(2000);
    for (let n = 0; n < 100; n++) {
      call.run(17);
      const heard = call.playout.item("item1")?.heardMs ?? 0;
      expect(heard).toBeLessThanOrEqual(call.carrier.playedAll.length / 8 + 100);
    }
    expect(call.interrupt()[0]?.heardMs).toBe(1500);
  });

  test("marks that come back at once prove nothing: nobody hears 300 ms in no time", () => {
    const playout = new Playout({ format: pcma8k, marks: true });
    playout.push("response1", "item1", markedAudio(0, 8000), 0);
    const marks: string[] = [];
    const sink = { audio() {}, mark: (name: string) => marks.push(name), clear() {}, heard() {} };
    playout.tick(0, sink);
    for (const name of marks) playout.onMark(name, 1);
    expect(playout.interrupt(50, sink)[0]?.heardMs).toBe(50);
  });

  test("marks of an earlier generation were flushed, strange ones are counted", () => {
    const call = new PlayoutCall();
    call.push(1000);
    call.tick();
    expect(call.playout.onMark("g1:0", 20)).toBe("played");
    for (const name of ["", "item7", "g1:0", "g1:99", "g9:0", "g1:-1", "g99999999999999999999:1"]) {
      expect(call.playout.onMark(name, 20), name).toBe("unknown");
    }
    expect(call.playout.counts.unknownMarks).toBe(7);
    call.pause();
    expect(call.playout.onMark("g1:2", 30)).toBe("flushed");
    expect(call.playout.unheardMs(40)).toBe(1000);
  });

  test("when echoes stop for 2 s past their time, wall time is believed and it is counted", () => {
    const call = new PlayoutCall();
    call.deaf = true;
    call.say(1000);
    call.run(2000);
    expect(call.playout.idle).toBe(false);
    call.run(200);
    expect(call.playout.idle).toBe(true);
    expect(call.playout.counts.markTimeouts).toBe(1);
    expect(call.types()).toEqual(["item-started", "item-heard", "response-heard"]);
  });

  test("an echo after that brings the marks back into use", () => {
    const call = new PlayoutCall();
    call.deaf = true;
    call.push(8000);
    call.run(3000);
    expect(call.playout.counts.markTimeouts).toBe(1);
    call.deaf = false;
    call.run(1000);
    call.deaf = true;
    call.run(1000);
    expect(call.playout.item("item1")?.heardMs).toBeLessThan(4200);
  });

  test("is reported once, in order, at the time it was heard at the earliest", () => {
    const call = new PlayoutCall();
    call.say(200, "item1", "response1");
    call.run(1000);
    call.say(100, "item2", "response2");
    call.run(1000);
    let until = 0;
    for (const { atMs, lengthMs } of call.reports) {
      expect(atMs).toBeGreaterThanOrEqual(until);
      until = atMs + lengthMs;
    }
    expect(call.reports.at(-1)).toMatchObject({ atMs: 1080 });
    expect(call.heardAll).toEqual(call.carrier.playedAll);
  });

  test("tells when items begin and end, and when a response was heard", () => {
    const call = new PlayoutCall();
    call.run(40);
    call.push(200, "item1");
    call.playout.addText("item1", "Hello there.");
    call.playout.endItem("item1");
    call.push(100, "item2");
    call.run(100);
    call.playout.endResponse("response1");
    call.run(1000);
    expect(call.news).toEqual([
      { type: "item-started", itemId: "item1", responseId: "response1", atMs: 40 },
      { type: "item-started", itemId: "item2", responseId: "response1", atMs: 40 },
      {
        type: "item-heard",
        itemId: "item1",
        responseId: "response1",
        startMs: 40,
        endMs: 240,
        text: "Hello there.",
        interrupted: false,
        heardMs: 200,
      },
      expect.objectContaining({ type: "item-heard", itemId: "item2", endMs: 340, heardMs: 100 }),
      { type: "response-heard", responseId: "response1" },
    ]);
  });
});

describe("playout: pause and resume", () => {
  test("goes on from the exact sample: each byte is played once when the clear takes effect at once", () => {
    const call = new PlayoutCall();
    const audio = call.say(2000);
    for (const ms of [313, 7, 450, 101, 99]) {
      call.run(ms);
      call.pause();
      const played = call.carrier.playedAll.length;
      call.run(200);
      expect(call.carrier.playedAll).toHaveLength(played);
      call.resume();
    }
    call.run(3000);
    expect(call.carrier.playedAll.slice(0, audio.length)).toEqual([...audio]);
    expect(call.heardAll).toEqual(call.carrier.playedAll);
    expect(call.playout.item("item1")).toMatchObject({ heardMs: 2000, done: true });
  });

  test("takes audio while paused, and is not idle", () => {
    const call = new PlayoutCall();
    const audio = [...call.push(100)];
    call.run(50);
    call.pause();
    audio.push(...call.push(100));
    call.run(500);
    expect(call.playout.idle).toBe(false);
    call.resume();
    call.playout.endItem("item1");
    call.run(500);
    expect(call.carrier.playedAll.slice(0, 1600)).toEqual(audio);
    expect(call.types()).not.toContain("underrun");
  });

  test("clears nothing when the far end has nothing", () => {
    const call = new PlayoutCall();
    call.pause();
    call.resume();
    call.say(100);
    call.run(500);
    call.pause();
    expect(call.carrier.messages.clears).toBe(0);
  });

  test("twice is once", () => {
    const call = new PlayoutCall();
    call.push(1000);
    call.run(100);
    call.pause();
    call.pause();
    expect(call.carrier.messages.clears).toBe(1);
    call.resume();
    call.resume();
    expect(call.playout.paused).toBe(false);
  });
});

describe("playout: interruption", () => {
  test("clears the far end and tells how much of each item was heard", () => {
    const call = new PlayoutCall();
    call.push(400, "item1");
    call.playout.addText("item1", "One two three four five six.");
    call.playout.endItem("item1");
    call.push(400, "item2");
    call.run(300);
    expect(call.interrupt()).toEqual([
      {
        responseId: "response1",
        itemId: "item1",
        heardMs: 300,
        receivedMs: 400,
        heardText: "One two three four",
        complete: true,
      },
      { responseId: "response1", itemId: "item2", heardMs: 0, receivedMs: 400, heardText: "", complete: false },
    ]);
    expect(call.carrier.messages.clears).toBe(1);
    call.run(500);
    expect(call.carrier.playedAll).toHaveLength(300 * 8);
  });

  test("leaves out what was heard to its end", () => {
    const call = new PlayoutCall();
    call.say(200, "item1", "response1");
    call.run(500);
    call.push(400, "item2", "response2");
    call.run(100);
    expect(call.interrupt().map((item) => item.itemId)).toEqual(["item2"]);
  });

  test("is not idle while a rest is kept, and is once it is forgotten", () => {
    const call = new PlayoutCall();
    call.say(1000);
    call.run(300);
    call.interrupt();
    expect(call.playout.idle).toBe(false);
    call.playout.discardKept();
    expect(call.playout.idle).toBe(true);
    expect(call.playout.unheardMs(call.now)).toBe(0);
  });

  test("late audio of the reply is kept with the rest, and stale once that is forgotten", () => {
    const call = new PlayoutCall();
    call.push(400);
    call.run(300);
    call.interrupt();
    call.push(100);
    expect(call.playout.item("item1")).toMatchObject({ receivedMs: 500, heardMs: 300 });
    call.playout.discardKept();
    expect(call.playout.push("response1", "item1", markedAudio(0, 160), call.now)).toBe("stale");
    expect(call.playout.push("response1", "item2", markedAudio(0, 160), call.now)).toBe("stale");
    call.run(500);
    expect(call.carrier.playedAll).toHaveLength(300 * 8);
    expect(call.playout.counts.stalePushes).toBe(2);
  });

  test("the kept rest counts against the bound", () => {
    const call = new PlayoutCall({ maxBufferedMs: 1000 });
    call.push(900);
    call.interrupt();
    expect(call.playout.push("response1", "item1", markedAudio(0, 1600), 0)).toBe("overflow");
  });

  test("news of the item comes when it is final, with the text that was heard", () => {
    const call = new PlayoutCall();
    call.say(1000, "item1", "response1", "I can book you for nine or for ten tomorrow.");
    call.run(500);
    call.interrupt();
    call.run(100);
    expect(call.types()).toEqual(["item-started"]);
    call.playout.discardKept();
    call.run(20);
    expect(call.news.at(-1)).toMatchObject({
      type: "item-heard",
      interrupted: true,
      heardMs: 500,
      endMs: 500,
      text: "I can book you for",
    });
    expect(call.types()).not.toContain("response-heard");
  });

  test("a false one: the rest is heard from the exact sample, and the words of it are told", () => {
    const call = new PlayoutCall();
    const audio = call.say(1000, "item1", "response1", "I can book you for nine or for ten tomorrow.");
    call.run(503);
    call.interrupt();
    call.run(2000);
    expect(call.playout.restore(call.now)).toEqual([{ itemId: "item1", remainderText: "nine or for ten tomorrow." }]);
    call.run(2000);
    expect(call.carrier.playedAll.slice(0, audio.length)).toEqual([...audio]);
    expect(call.heardAll).toEqual(call.carrier.playedAll);
    expect(call.news.at(-2)).toMatchObject({ type: "item-heard", interrupted: false, heardMs: 1000 });
    expect(call.news.at(-1)).toEqual({ type: "response-heard", responseId: "response1" });
    expect(call.playout.idle).toBe(true);
  });

  test("a false one of a reply that was called off half-made: what is here is heard, and then it is over", () => {
    const call = new PlayoutCall();
    const audio = call.push(600);
    call.playout.addText("item1", "I was going to say a great deal more than this, and then even more.");
    call.run(400);
    call.interrupt();
    call.playout.restore(call.now);
    expect(call.playout.push("response1", "item1", markedAudio(0, 160), call.now)).toBe("stale");
    call.run(1000);
    expect(call.carrier.playedAll.slice(0, audio.length)).toEqual([...audio]);
    expect(call.playout.idle).toBe(true);
    const item = call.news.find((news) => news.type === "item-heard");
    // 600 ms of speech, not the 67 characters that were to come.
    expect(item?.text).toBe("I was");
  });

  test("a false one when nothing was left unheard is over at once", () => {
    const call = new PlayoutCall();
    call.push(200);
    call.run(400);
    expect(call.interrupt()).toMatchObject([{ heardMs: 200, receivedMs: 200, complete: false }]);
    call.playout.restore(call.now);
    expect(call.playout.idle).toBe(true);
    call.tick();
    expect(call.types()).toEqual(["item-started", "starved", "item-heard", "response-heard"]);
  });

  test("a false one while another reply is playing is heard after what is on its way", () => {
    const call = new PlayoutCall();
    const first = call.say(400, "item1", "response1");
    call.run(200);
    call.interrupt();
    const second = call.say(1000, "item2", "response2");
    call.run(100);
    call.playout.restore(call.now);
    call.run(2000);
    const all = call.carrier.playedAll;
    expect(all.slice(0, 1600)).toEqual([...first.slice(0, 1600)]);
    const sent = all.findIndex((_, n) => n > 1600 && first.slice(1600, 1664).every((byte, k) => all[n + k] === byte));
    expect(all.slice(1600, sent)).toEqual([...second.slice(0, sent - 1600)]);
    expect(all.slice(sent, sent + 1600)).toEqual([...first.slice(1600)]);
    expect(all.slice(sent + 1600, 1600 + 1600 + 8000)).toEqual([...second.slice(sent - 1600)]);
    expect(call.heardAll).toEqual(all);
  });

  test("a second interruption forgets what the first kept", () => {
    const call = new PlayoutCall();
    call.say(400, "item1", "response1");
    call.run(100);
    call.interrupt();
    call.say(400, "item2", "response2");
    call.run(100);
    expect(call.interrupt().map((item) => item.itemId)).toEqual(["item2"]);
    expect(call.playout.restore(call.now).map((item) => item.itemId)).toEqual(["item2"]);
    call.run(1000);
    expect(call.carrier.playedAll).toHaveLength((100 + 400) * 8);
  });

  test("ends a pause", () => {
    const call = new PlayoutCall();
    call.push(1000);
    call.run(100);
    call.pause();
    call.interrupt();
    call.playout.discardKept();
    expect(call.carrier.messages.clears).toBe(1);
    const next = call.say(200, "item2", "response2");
    call.run(1000);
    expect(call.carrier.playedAll.slice(800)).toEqual([...next]);
  });

  test("a response nobody wants any more is stale before its first audio", () => {
    const playout = new Playout({ format: pcma8k, marks: true });
    playout.discardResponse("response1");
    expect(playout.push("response1", "item1", new Uint8Array(160), 0)).toBe("stale");
    expect(playout.idle).toBe(true);
  });

  test("text that never gets audio keeps nothing open", () => {
    const playout = new Playout({ format: pcma8k, marks: true });
    playout.addText("item1", "never spoken");
    expect(playout.idle).toBe(true);
    expect(playout.item("item1")).toBeUndefined();
  });
});

describe("playout: running dry", () => {
  test("inside an item, with nothing pushed, is the provider's doing", () => {
    const call = new PlayoutCall();
    call.push(200);
    call.run(500);
    expect(call.types()).toEqual(["item-started", "starved"]);
    call.push(200);
    call.run(500);
    expect(call.types().filter((type) => type === "starved")).toHaveLength(2);
  });

  test("inside an item whose audio was here is ours", () => {
    const call = new PlayoutCall();
    call.push(2000);
    call.run(100);
    call.now += 500;
    call.tick();
    expect(call.news.at(-1)).toEqual({ type: "underrun", itemId: "item1" });
    call.run(500);
    expect(call.types().filter((type) => type === "underrun")).toHaveLength(1);
  });

  test("a tick that comes 200 ms late is covered by the lead", () => {
    const call = new PlayoutCall();
    call.say(2000);
    call.run(100);
    call.now += 200;
    call.run(3000);
    expect(call.types()).not.toContain("underrun");
    expect(call.carrier.gapMs).toBe(0);
  });

  test("between items, or at the end, is nobody's", () => {
    const call = new PlayoutCall();
    call.push(200, "item1");
    call.playout.endItem("item1");
    call.run(500);
    call.say(200, "item2");
    call.run(500);
    expect(call.types()).not.toContain("underrun");
    expect(call.types()).not.toContain("starved");
  });
});

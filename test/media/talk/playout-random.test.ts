import { describe, expect, test } from "vitest";
import { l16at24k, pcmu8k } from "../../../src/codecs/format.ts";
import { PlayoutCall } from "../../kit/playout-call.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { noDelay } from "../../kit/simulated-carrier.ts";

const markMs = 100;
const frameMs = 20;
const silence = 0xff;

/** True when one of two runs begins with the other. */
function agree(a: readonly number[], b: readonly number[]): boolean {
  for (let n = Math.min(a.length, b.length) - 1; n >= 0; n--) if (a[n] !== b[n]) return false;
  return true;
}

interface Play {
  readonly call: PlayoutCall;
  /** Bytes pushed, in order, of replies that were never discarded. */
  readonly pushed: number[];
}

/**
 * A random call: a provider that sends in bursts, faster and slower than speech; pauses, interruptions false and real.
 * `check` is called every few steps.
 */
function play(call: PlayoutCall, random: SeededRandom, real: boolean, check: () => void): Play {
  const pushed: number[] = [];
  let reply = 0;
  let item = 0;
  let left = 0;
  let held: "nothing" | "pause" | "kept" = "nothing";
  const ids = () => [`item${reply}.${item}`, `response${reply}`] as const;
  const nextReply = () => {
    reply += 1;
    item = 0;
    left = random.int(1, 4);
  };
  nextReply();
  for (let step = 0; step < 60; step++) {
    call.run(random.int(1, random.chance(0.2) ? 900 : 150));
    check();
    if (held === "nothing" && random.chance(0.15)) {
      call.pause();
      held = "pause";
    } else if (held === "pause" && random.chance(0.5)) {
      if (random.chance(0.5)) {
        call.resume();
        held = "nothing";
      } else {
        call.interrupt();
        held = "kept";
      }
    } else if (held === "kept" && random.chance(0.4)) {
      if (real && random.chance(0.5)) call.playout.discardKept();
      else call.playout.restore(call.now);
      held = "nothing";
      nextReply();
    } else if (held !== "kept" && left > 0 && call.playout.unheardMs(call.now) < 3000) {
      const [itemId, responseId] = ids();
      pushed.push(...call.push(random.int(1, 400), itemId, responseId));
      if (random.chance(0.3)) {
        call.playout.endItem(itemId);
        item += 1;
        left -= 1;
        if (left === 0) {
          call.playout.endResponse(responseId);
          if (held === "nothing") nextReply();
        }
      }
    } else if (left === 0) nextReply();
  }
  if (held === "pause") call.resume();
  if (held === "kept") call.playout.restore(call.now);
  for (let n = 1; n <= reply; n++) call.playout.endResponse(`response${n}`);
  call.run(8000);
  check();
  return { call, pushed };
}

describe("playout, random calls", () => {
  test("what counts as heard is what the far end played, over networks of 0 to 200 ms each way", () => {
    let clears = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = new SeededRandom(seed);
      const format = random.chance(0.8) ? pcmu8k : l16at24k;
      const worstMs = random.int(0, 200);
      const delays = { toCarrier: () => random.int(0, worstMs), back: () => random.int(0, worstMs) };
      const call = new PlayoutCall({ format }, delays);
      const perMs = call.bytesPerMs;
      const heardMs = new Map<string, number>();
      const check = () => {
        const where = `seed ${seed}, ${call.now} ms`;
        const generation = call.heard.length - 1;
        const heard = call.heard[generation]?.length ?? 0;
        const played = call.carrier.played[generation]?.length ?? 0;
        if (heard > played + markMs * perMs) throw new Error(`${where}: ahead of the far end`);
        for (const news of call.news) {
          if (news.type !== "item-started") continue;
          const item = call.playout.item(news.itemId);
          if (!item) continue;
          if (item.heardMs < (heardMs.get(news.itemId) ?? 0)) throw new Error(`${where}: ${news.itemId} shrank`);
          if (item.heardMs > item.receivedMs) throw new Error(`${where}: ${news.itemId} longer than it is`);
          heardMs.set(news.itemId, item.heardMs);
        }
      };
      play(call, random, true, check);
      const { heard, carrier } = call;
      clears += carrier.messages.clears;
      expect(heard.length, `seed ${seed}`).toBe(carrier.played.length);
      for (const [generation, bytes] of heard.entries()) {
        const played = carrier.played[generation] ?? [];
        const where = `seed ${seed}, generation ${generation}`;
        expect(agree(bytes, played), `${where}: other bytes`).toBe(true);
        expect(bytes.length - played.length, `${where}: too much`).toBeLessThanOrEqual(markMs * perMs);
        const lateMs = (played.length - bytes.length) / perMs;
        expect(lateMs, `${where}: too little`).toBeLessThanOrEqual(2 * worstMs + frameMs);
      }
      expect(heard.at(-1)?.length, `seed ${seed}: the end`).toBe(carrier.played.at(-1)?.length);
      expect(call.playout.idle, `seed ${seed}`).toBe(true);
      expect(call.playout.counts).toMatchObject({ markTimeouts: 0, unknownMarks: 0, overflows: 0 });
      expect(call.types()).not.toContain("underrun");
    }
    // Otherwise the above says little.
    expect(clears).toBeGreaterThan(200);
  });

  test("when a clear takes effect at once each byte is played exactly once, whatever was paused and brought back", () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const { call, pushed } = play(new PlayoutCall({}, noDelay), random, false, () => {});
      const played = call.carrier.playedAll.filter((byte) => byte !== silence);
      expect(played.length, `seed ${seed}`).toBe(pushed.length);
      expect(agree(played, pushed), `seed ${seed}: order`).toBe(true);
      expect(agree(call.heardAll, call.carrier.playedAll), `seed ${seed}: heard`).toBe(true);
    }
  });

  test("every item that began is told to have ended exactly once, and never to have been heard longer than it is", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new SeededRandom(seed);
      const delays = { toCarrier: () => random.int(0, 90), back: () => random.int(0, 90) };
      const { call } = play(new PlayoutCall({}, delays), random, true, () => {});
      const began = call.news.flatMap((news) => (news.type === "item-started" ? [news.itemId] : []));
      const ended = call.news.flatMap((news) => (news.type === "item-heard" ? [news.itemId] : []));
      expect(ended.toSorted(), `seed ${seed}`).toEqual(began.toSorted());
      for (const news of call.news) {
        if (news.type !== "item-heard") continue;
        expect(news.heardMs).toBeLessThanOrEqual(news.endMs - news.startMs + 1e-6);
      }
    }
  });
});

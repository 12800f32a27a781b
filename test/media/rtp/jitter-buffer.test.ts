import { describe, expect, test } from "vitest";
import { defaultDelayOptions } from "../../../src/media/rtp/delay-estimate.ts";
import { JitterBuffer } from "../../../src/media/rtp/jitter-buffer.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { rtpPacket } from "./datagrams.ts";

interface Sent {
  readonly seq: number;
  readonly at: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly event: boolean;
}

/**
 * Plays "seq@arrival" for `untilMs` in 20 ms ticks: the sequence number, `lost`, or `-`. Timestamps follow from the
 * number (160 units each) unless given as "seq@arrival:mediaMs"; "e" before the number is a telephone event, "/2" after
 * it the second SSRC.
 */
function play(script: string, untilMs: number, { ptimeMs = 20, firstSeq = 0, firstTimestamp = 0 } = {}) {
  const buffer = new JitterBuffer(8000);
  const sent: Sent[] = script.split(/\s+/).map((word) => {
    const match = /^(e?)(\d+)@(\d+)(?::(-?\d+))?(?:\/(\d))?$/.exec(word);
    if (!match) throw new Error(`no packet: ${word}`);
    const seq = Number(match[2]);
    const mediaMs = match[4] === undefined ? seq * ptimeMs : Number(match[4]);
    return {
      seq,
      at: Number(match[3]),
      timestamp: mediaMs * 8,
      ssrc: Number(match[5] ?? 1),
      event: match[1] === "e",
    };
  });
  sent.sort((a, b) => a.at - b.at);
  const heard: string[] = [];
  let heardUntil = 0;
  for (let now = 0; now <= untilMs; now += 20) {
    while (sent[0] && sent[0].at <= now) {
      const { seq, timestamp, ssrc, at, event } = sent.shift()!;
      const packet = rtpPacket(firstSeq + seq, firstTimestamp + timestamp, new Uint8Array([seq]), { ssrc });
      buffer.push(packet, event ? 0 : ptimeMs * 8, at);
    }
    heardUntil = Math.max(heardUntil, now);
    while (heardUntil < now + 20) {
      const pulled = buffer.pull(now);
      heard.push(pulled === "frame" ? String(buffer.unit.payload[0]) : pulled === "lost" ? "lost" : "-");
      heardUntil = pulled === "empty" ? now + 20 : heardUntil + buffer.durationTicks / 8;
    }
  }
  return { heard: heard.join(" "), buffer, counters: buffer.counters };
}

/** "1@20 2@40 …" from `first` to `last`, each `delay` ms after it was sent. */
function run(first: number, last: number, ptimeMs = 20, delay: (seq: number) => number = () => 0): string {
  const words: string[] = [];
  for (let seq = first; seq <= last; seq++) words.push(`${seq}@${(seq - first) * ptimeMs + delay(seq)}`);
  return words.join(" ");
}

describe("jitter buffer", () => {
  test("a missing packet is lost at its time, the next one plays on", () => {
    expect(play("1@0 2@20 4@60", 120).heard).toBe("- - - 1 2 lost 4");
  });

  test("packets out of order play in order", () => {
    expect(play("1@0 3@40 2@45 4@60", 120).heard).toBe("- - - 1 2 3 4");
  });

  test("packets that arrive before the first one in order still play", () => {
    expect(play("2@20 1@25 3@40", 120).heard).toBe("- - - 1 2 3 lost");
  });

  test("a duplicate plays once and is counted", () => {
    const { heard, counters } = play("1@0 2@20 2@21 1@22 3@40 1@110", 120);
    expect(heard).toBe("- - - 1 2 3 lost");
    expect(counters.duplicate).toBe(3);
  });

  test("a packet that comes after a later one was heard is late", () => {
    const { heard, counters } = play("1@0 2@20 4@60 5@80 3@121 6@100 7@120", 180);
    expect(heard).toBe("- - - 1 2 lost 4 5 6 7");
    expect(counters).toMatchObject({ late: 1, lost: 1, received: 7, played: 6 });
  });

  test("a packet slower than the delay still plays when nothing newer was heard", () => {
    const { heard, counters } = play("1@0 2@20 3@40 4@130 5@131 6@132", 220);
    expect(heard).toBe("- - - 1 2 3 lost 4 5 6 lost lost");
    expect(counters).toMatchObject({ late: 0, underruns: 2 });
  });

  test("carries on across 65535 → 0 (RFC 3550 §5.1)", () => {
    const script = run(0, 5);
    expect(play(script, 160, { firstSeq: 65533 }).heard).toBe("- - - 0 1 2 3 4 5");
  });

  test("carries on when the timestamp wraps at 2^32 (RFC 3550 §5.1)", () => {
    const { heard, counters } = play(run(0, 5), 160, { firstTimestamp: 2 ** 32 - 300 });
    expect(heard).toBe("- - - 0 1 2 3 4 5");
    expect(counters.resyncs).toBe(0);
  });

  test("reordering across the wrap of both numbers", () => {
    const options = { firstSeq: 65534, firstTimestamp: 2 ** 32 - 320 };
    expect(play("0@0 2@40 1@42 3@60", 120, options).heard).toBe("- - - 0 1 2 3");
  });

  test("a pause of the sender is silence, not loss", () => {
    const { heard, counters } = play("1@0:0 2@20:20 3@200:200 4@220:220", 300);
    expect(heard).toBe("- - - 1 2 lost lost lost lost lost - - - 3 4 lost");
    expect(counters).toMatchObject({ lost: 0 });
  });

  test("a loss inside a pause is one lost packet, then silence until the next one is due", () => {
    const { heard } = play("1@0:0 2@20:20 4@90:90", 180);
    expect(heard).toBe("- - - 1 2 lost - 4 lost lost");
  });

  test("a new SSRC starts over with a full delay", () => {
    const { heard, counters } = play("1@0 2@20 9@60:9000/2 10@80:9020/2", 160);
    expect(heard).toBe("- - - - - - 9 10 lost");
    expect(counters.resyncs).toBe(1);
  });

  test("a source that restarts its numbers is followed after two packets", () => {
    const { heard } = play(`${run(500, 505)} 10@120:10120 11@140:10140 12@160:10160`, 240);
    expect(heard.endsWith("11 12 lost")).toBe(true);
  });

  test("timestamps that jump back without a new SSRC are followed", () => {
    const { heard, counters } = play("1@0:50000 2@20:50020 3@40:0 4@60:20 5@80:40", 180);
    expect(heard).toBe("- - - - - 3 4 5 lost lost");
    expect(counters).toMatchObject({ resyncs: 1, dropped: 2, lost: 0 });
  });

  test.each([10, 20, 30, 40, 60])("plays packets of %i ms without a gap", (ptimeMs) => {
    const { heard, counters } = play(run(1, 20, ptimeMs), 20 * ptimeMs, { ptimeMs });
    expect(heard.replace(/^(- )+/, "").replace(/( lost| -)+$/, "")).toBe(
      Array.from({ length: 20 }, (_, i) => i + 1)
        .slice(0, Math.floor((20 * ptimeMs - 60 + 20 + ptimeMs - 1) / ptimeMs))
        .join(" "),
    );
    expect(counters.lost).toBe(0);
  });

  test("a telephone event keeps its number, so that the audio around it is not missing", () => {
    const { heard, counters } = play("1@0:0 e2@20:0 e3@40:0 4@60:60 5@80:80", 140);
    expect(heard).toBe("- - - 1 - - 4 5");
    expect(counters.lost).toBe(0);
  });

  test("follows the measured jitter between 20 and 200 ms", () => {
    const random = new SeededRandom(7);
    const quiet = play(run(0, 249), 5000).buffer;
    expect(quiet.targetMs).toBe(20);
    expect(quiet.delayMs).toBeLessThan(61);
    const rough = play(
      run(0, 249, 20, () => random.int(0, 100)),
      5000,
    ).buffer;
    expect(rough.targetMs).toBeGreaterThanOrEqual(95);
    expect(rough.targetMs).toBeLessThanOrEqual(115);
    const absurd = play(
      run(0, 249, 20, () => random.int(0, 900)),
      5000,
    ).buffer;
    expect(absurd.targetMs).toBeLessThanOrEqual(200);
  });

  test("jitter inside the learned delay costs next to no packets", () => {
    const random = new SeededRandom(3);
    const { counters } = play(
      run(0, 249, 20, () => random.int(0, 80)),
      5060,
    );
    expect(counters.late + counters.lost).toBeLessThan(5);
    expect(counters.played).toBeGreaterThan(240);
  });

  test("a second of packets that arrive at once does not leave a second of delay", () => {
    const stalled = run(0, 199, 20, (seq) => (seq >= 50 && seq < 100 ? (100 - seq) * 20 : 0));
    const { buffer, counters } = play(stalled, 4000);
    expect(buffer.delayMs).toBeLessThan(270);
    expect(counters.dropped).toBeGreaterThan(20);
    expect(counters.played).toBeGreaterThan(140);
  });

  test("asks for shorter audio until the delay is what the jitter needs", () => {
    const buffer = new JitterBuffer(8000);
    const wishes = new Set<string>();
    for (let seq = 0, playAt = 60; seq < 400; seq++, playAt += 20) {
      buffer.push(rtpPacket(seq, seq * 160, new Uint8Array(160)), 160, seq * 20);
      buffer.pull(playAt);
      wishes.add(`${seq < 100 ? "settling" : "settled"}: ${buffer.scale}`);
      if (buffer.scale === "shrink") {
        buffer.scaled(playAt);
        playAt -= 5;
      }
    }
    expect([...wishes].sort()).toEqual(["settled: none", "settled: shrink", "settling: none"]);
    expect(buffer.delayMs).toBeLessThanOrEqual(buffer.targetMs + 15);
  });

  test("streams that are all too late wish in turn, not all in the same tick", () => {
    const buffers = Array.from({ length: 15 }, (_, turn) => new JitterBuffer(8000, defaultDelayOptions, turn));
    const wishes: number[] = [];
    for (let seq = 0; seq < 300; seq++) {
      for (const buffer of buffers) {
        buffer.push(rtpPacket(seq, seq * 160, new Uint8Array(160)), 160, seq * 20);
        buffer.pull(100 + seq * 20);
      }
      wishes.push(buffers.filter(({ scale }) => scale === "shrink").length);
    }
    expect(wishes.slice(-15)).toEqual(Array(15).fill(5));
  });

  test("two hundred thousand random packets neither throw nor upset the counts", () => {
    const random = new SeededRandom(11);
    const buffer = new JitterBuffer(8000);
    const payload = new Uint8Array(160);
    const packet = rtpPacket(0, 0, payload);
    let frames = 0;
    for (let i = 0; i < 200_000; i++) {
      packet.seq = random.int(0, 65535) as typeof packet.seq;
      packet.timestamp = random.int(0, 0xffffffff) as typeof packet.timestamp;
      packet.ssrc = random.int(0, 3);
      buffer.push(packet, random.pick([0, 80, 160, 480, 960]), i * 2);
      if (i % 10 === 0 && buffer.pull(i * 2) === "frame") frames++;
    }
    expect(frames).toBe(buffer.counters.played);
    expect(buffer.counters.received).toBe(200_000);
  });
});

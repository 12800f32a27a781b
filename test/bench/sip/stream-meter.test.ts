import { describe, expect, test } from "vitest";
import { markBytes, writeMark } from "../../../bench/sip/frame-mark.ts";
import { StreamMeter } from "../../../bench/sip/stream-meter.ts";
import { seqNo } from "../../../src/media/rtp/wrap.ts";

const frameBytes = 160;

function frame(phone: number, number: number): Uint8Array {
  const bytes = new Uint8Array(frameBytes).fill(0xff);
  writeMark(bytes, 0, phone, number);
  return bytes;
}

/** Plays "number@arrival …" in. */
function arrivals(meter: StreamMeter, picture: string): void {
  for (const packet of picture.split(" ")) {
    const [seq, at] = packet.split("@");
    meter.arrived(seqNo(Number(seq)), Number(at));
  }
}

describe("bench: what a telephone hears", () => {
  test("stream meter: lateness counts from the grid through the earliest packet", () => {
    const meter = new StreamMeter(0);
    arrivals(meter, "7@103 8@121 9@140 10@168");
    expect(meter.figures(0, 1000)).toMatchObject({ arrived: 4, lost: 0, latenessMs: [3, 1, 0, 8] });
  });

  test("stream meter: missing numbers are lost, those that come twice are counted once, across 65535 → 0", () => {
    const meter = new StreamMeter(0);
    arrivals(meter, "65534@0 65535@20 0@40 0@41 3@100 2@101");
    expect(meter.figures(0, 1000)).toMatchObject({ arrived: 5, lost: 1, duplicates: 1 });
  });

  test("stream meter: only what happens in the time that is measured counts", () => {
    const meter = new StreamMeter(0);
    arrivals(meter, "0@0 1@20 2@40 4@80 5@100 9@200");
    for (let n = 0; n < 5; n++) meter.sent(n, n * 20);
    expect(meter.figures(40, 120)).toMatchObject({ arrived: 3, lost: 1, framesSent: 3, framesBack: 0 });
  });

  test("stream meter: a frame is found again wherever packets cut the echo", () => {
    const meter = new StreamMeter(5);
    const echo = new Uint8Array(3 * frameBytes);
    for (let n = 0; n < 3; n++) {
      meter.sent(n, n * 20);
      echo.set(frame(5, n), n * frameBytes);
    }
    // The cut goes through the second frame's mark.
    const cut = frameBytes + markBytes / 2;
    meter.heard(echo, 0, cut, 50);
    meter.heard(echo, cut, echo.length, 70);
    expect(meter.figures(0, 1000)).toMatchObject({ framesSent: 3, framesBack: 3, turnaroundMs: [50, 50, 30] });
  });

  test("stream meter: a frame of another call is told apart, a damaged one did not come back", () => {
    const meter = new StreamMeter(5);
    meter.sent(0, 0);
    meter.sent(1, 20);
    meter.heard(frame(6, 0), 0, frameBytes, 40);
    const damaged = frame(5, 1);
    damaged[markBytes - 1] = 0x10;
    meter.heard(damaged, 0, frameBytes, 60);
    expect(meter.figures(0, 1000)).toMatchObject({ framesSent: 2, framesBack: 0, foreignFrames: 1 });
  });
});

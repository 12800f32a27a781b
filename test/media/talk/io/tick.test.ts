import { createSocket } from "node:dgram";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { startTick } from "../../../../src/media/talk/io/tick.ts";

/** Runs a tick until `count` slots ran; `work` runs in each. */
function run(count: number, work: (i: number) => void = () => {}): Promise<{ at: number[]; late: number[] }> {
  return new Promise((done) => {
    const at: number[] = [];
    const late: number[] = [];
    const tick = startTick({
      clock: systemClock,
      slot: (now) => {
        at.push(now);
        work(at.length);
        if (at.length < count) return;
        tick.close();
        tick.close();
        setTimeout(() => done({ at, late }), 50);
      },
      late: (lateMs) => late.push(lateMs),
    });
  });
}

describe("20 ms tick", () => {
  test("tick: stays on the grid of its start, reports its lateness, and stops when closed", async () => {
    const { at, late } = await run(10);
    expect(at).toHaveLength(10);
    expect(late).toHaveLength(10);
    // Time minus lateness is the grid, however busy the machine is.
    const grid = at.map((now, i) => (now - late[i]! - (at[0]! - late[0]!)) / 20);
    for (const slots of grid) expect(Math.abs(slots - Math.round(slots))).toBeLessThan(0.001);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  });

  test("tick: leaves out the slots that were over before a stall's end, and runs none twice", async () => {
    const { at, late } = await run(5, (i) => {
      const until = systemClock.now() + 70;
      while (i === 2 && systemClock.now() < until);
    });
    expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(70);
    const slots = at.map((now, i) => Math.round((now - late[i]! - (at[0]! - late[0]!)) / 20));
    for (let i = 1; i < slots.length; i += 1) expect(slots[i]!).toBeGreaterThan(slots[i - 1]!);
    expect(slots[2]! - slots[1]!).toBeGreaterThanOrEqual(3);
  });

  /** Runs a slot, then stalls for 70 ms while a datagram comes in; what happened, in order. */
  async function stall(closeOnRead: boolean): Promise<string[]> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    await new Promise<void>((resolve) => socket.connect(socket.address().port, "127.0.0.1", resolve));
    const order: string[] = [];
    const tick = startTick({
      clock: systemClock,
      slot: () => {
        order.push("slot");
        if (order.length > 1) tick.close();
        // After the loop's look at the sockets, so that the next thing it looks at are timers.
        else setImmediate(hold);
      },
    });
    const hold = () => {
      socket.send(Uint8Array.of(1));
      const until = systemClock.now() + 70;
      while (systemClock.now() < until);
    };
    socket.on("message", () => {
      order.push("read");
      if (closeOnRead) tick.close();
    });
    while (order.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 40));
    tick.close();
    socket.close();
    return order;
  }

  test("tick: what came in during a stall is read before the slot that ends it", async () => {
    expect(await stall(false)).toEqual(["slot", "read", "slot"]);
  });

  test("tick: closed by what came in during a stall, it runs no more", async () => {
    expect(await stall(true)).toEqual(["slot", "read"]);
  });
});

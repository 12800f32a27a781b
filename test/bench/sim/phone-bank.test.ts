import { createSocket } from "node:dgram";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { PhoneBank } from "../../../bench/sim/phone-bank.ts";

test("phone bank: what came in while this process stood still is read before the slots that are made up", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => socket.connect(socket.address().port, "127.0.0.1", resolve));
  const bank = new PhoneBank();
  const order: string[] = [];
  await new Promise<void>((done) => {
    const user = {
      slot: (index: number) => {
        order.push(`slot ${index}`);
        if (index === 0) setImmediate(hold);
        if (index < 4) return;
        bank.remove(user);
        done();
      },
    };
    const hold = () => {
      socket.send(Uint8Array.of(1));
      const until = performance.now() + 90;
      while (performance.now() < until);
    };
    socket.on("message", () => order.push("read"));
    bank.add(user);
  });
  socket.close();
  expect(order).toEqual(["slot 0", "read", "slot 1", "slot 2", "slot 3", "slot 4"]);
});

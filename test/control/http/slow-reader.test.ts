import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ringingCall, testGateway } from "../gateway.ts";

test("event stream: a reader that stops reading is cut off, and the gateway holds only so much for it", async () => {
  const limits = { heartbeatMs: 60_000, maxBufferedBytes: 65_536, stallMs: 50, maxPerKey: 5 };
  const gateway = await testGateway({ eventStreams: limits });
  await gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = gateway.app.server.address() as AddressInfo;
  const callId = await ringingCall(gateway);
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  const closed = new Promise<void>((resolve) => {
    gateway.app.server.once("connection", (serverSide) => serverSide.once("close", () => resolve()));
  });
  socket.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.key}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause(); // from here nobody reads
  const output = "x".repeat(100_000);
  for (let index = 0; index < 200; index++) {
    await gateway.services.own.calls.applyMediaEvent({
      type: "tool-ended",
      callId,
      toolCallId: `t${index}`,
      name: "a",
      ok: true,
      output,
      durationMs: 1,
      atMs: 1,
    });
  }
  await closed;
  expect(gateway.app.server.listening).toBe(true);
  expect((await gateway.ask("GET", `/calls/${callId}`)).status).toBe(200);
});

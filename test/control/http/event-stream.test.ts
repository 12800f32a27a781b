import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { expect, test, vi } from "vitest";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { ringingCall, testGateway } from "../gateway.ts";

test("event stream: a reader that leaves before its stream begins gives its place back", async () => {
  const limits = { heartbeatMs: 60_000, maxBufferedBytes: 65_536, stallMs: 50, maxPerKey: 1 };
  const gateway = await testGateway({ eventStreams: limits });
  await gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = gateway.app.server.address() as AddressInfo;
  const callId = await ringingCall(gateway);
  const url = `/api/v1/calls/${callId}/events`;

  const { calls } = gateway.services.tenant(firstOrgId);
  const get = calls.get;
  const looking = vi.spyOn(calls, "get");
  const left = new Promise<void>((resolve) => {
    gateway.app.server.once("connection", (serverSide) => serverSide.once("close", resolve));
  });
  const lookedUp = new Promise<void>((resolve) => {
    looking.mockImplementationOnce(async (id) => {
      reader.destroy();
      await left;
      setImmediate(resolve);
      return get(id);
    });
  });
  const reader = connect(port, "127.0.0.1");
  reader.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.key}\r\n\r\n`);
  await lookedUp;

  const next = connect(port, "127.0.0.1");
  next.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.key}\r\n\r\n`);
  const [answer] = await once(next, "data");
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  next.destroy();
});

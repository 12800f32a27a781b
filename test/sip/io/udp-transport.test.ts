import { describe, expect, onTestFinished, test } from "vitest";
import { UdpTransport } from "../../../src/sip/io/udp-transport.ts";

describe("SIP over UDP", () => {
  test.each([0, 65_536])("a message for port %i, which is none, is lost and told of", async (port) => {
    const user = { onMessage: () => undefined, onConnectionClosed: () => undefined };
    const transport = await UdpTransport.open({ address: "127.0.0.1", port: 0 }, user);
    onTestFinished(() => transport.close());
    let failures = 0;
    transport.send(new Uint8Array(8), { transport: "UDP", address: "127.0.0.1", port }, () => failures++);
    expect(failures).toBe(1);
  });
});

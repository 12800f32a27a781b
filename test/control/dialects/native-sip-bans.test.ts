import { describe, expect, test } from "vitest";
import { testGateway } from "../gateway.ts";

describe("native API, SIP bans", () => {
  test("SIP bans: they are listed with their end, and one is lifted by its address", async () => {
    const gateway = await testGateway();
    gateway.control.banned = [
      { address: "192.0.2.7", until: Date.UTC(2026, 10, 22, 13) },
      { address: "2001:db8::7", until: Date.UTC(2026, 10, 22, 14) },
    ];
    const list = async () => (await gateway.ask("GET", "/sip/bans")).body;
    expect(await list()).toEqual({
      data: [
        { address: "192.0.2.7", until: "2026-11-22T13:00:00.000Z" },
        { address: "2001:db8::7", until: "2026-11-22T14:00:00.000Z" },
      ],
      next_cursor: null,
    });
    const lifted = await gateway.ask("DELETE", `/sip/bans/${encodeURIComponent("2001:db8::7")}`);
    expect(lifted.status).toBe(204);
    expect((await list()).data).toEqual([{ address: "192.0.2.7", until: "2026-11-22T13:00:00.000Z" }]);
  });
});

import { expect, test } from "vitest";
import { Ladder, type LadderMessage } from "../../src/cli/sip-ladder.ts";

const message = (at_ms: number, direction: "in" | "out", summary: string, peer = "192.0.2.1:5060"): LadderMessage => ({
  sip_call_id: "c",
  at_ms,
  direction,
  transport: "UDP",
  peer,
  summary,
  raw: `${summary}\r\n`,
});

test("ladder: one far end, arrows both ways, times from the first message", () => {
  const lines = new Ladder(60).draw([
    message(0, "in", "INVITE sip:bob@192.0.2.2 (PCMU)"),
    message(1.25, "out", "100 Trying"),
    message(1234.5, "in", "BYE sip:bob@192.0.2.2"),
  ]);
  expect(lines).toEqual([
    "        ms  Tandem                        192.0.2.1:5060 UDP",
    "       0.0  |<----- INVITE sip:bob@192.0.2.2 (PCMU) -------|",
    "       1.3  |----------------- 100 Trying ---------------->|",
    "    1234.5  |<---------- BYE sip:bob@192.0.2.2 ------------|",
  ]);
});

test("ladder: an arrow to the second far end goes through the first one's line, and its head comes when it is met", () => {
  const ladder = new Ladder(73);
  const first = ladder.draw([message(0, "in", "INVITE sip:b")]);
  const second = ladder.draw([
    message(5, "out", "INVITE sip:c", "192.0.2.9:5060"),
    message(6, "in", "180 Ringing", "192.0.2.9:5060"),
    message(7, "out", "180 Ringing"),
  ]);
  expect(first.length).toBe(2);
  expect(second).toEqual([
    "        ms  Tandem       192.0.2.1:5060 UDP            192.0.2.9:5060 UDP",
    "       5.0  |-----------------------------|------- INVITE sip:c ------->|",
    "       6.0  |<----------------------------|-------- 180 Ringing --------|",
    "       7.0  |-------- 180 Ringing ------->|                             |",
  ]);
});

test("ladder: what is too long is cut, and nothing in it can speak to the terminal", () => {
  const ladder = new Ladder(40, true);
  const bad = {
    ...message(0, "in", `INVITE sip:${"x".repeat(100)}\u001b[2J`),
    raw: "A: \u001b[31mred\r\nB: \u202eevil\u0007\r\n",
  };
  const lines = ladder.draw([bad]);
  expect(lines.slice(1)).toEqual(["       0.0  |<-- INVITE sip:xxxxxx… ---|", "  A: ?[31mred", "  B: ?evil?", "", ""]);
});

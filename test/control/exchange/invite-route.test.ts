import { describe, expect, test } from "vitest";
import { type Caller, routeInvite } from "../../../src/control/exchange/invite-route.ts";
import type { Trunk } from "../../../src/control/exchange/trunk.ts";
import { defaultTrunk } from "../../../src/control/service/trunks.ts";
import { type E164, firstOrgId } from "../../../src/kit/ids.ts";
import type { SipRequest } from "../../../src/sip/message.ts";
import { parseMessage } from "../../../src/sip/parse.ts";

const open = { agents: ["+15550100" as E164], echo: "+15550101" as E164 };
const guest: Caller = { type: "guest" };

function trunk(change: Partial<Trunk> = {}): Caller {
  return { type: "trunk", trunk: { ...defaultTrunk, id: "trunk_1", orgId: firstOrgId, name: "Carrier", ...change } };
}

function invite(user: string, to = user): SipRequest {
  const lines = [
    `INVITE sip:${user}@gw.example SIP/2.0`,
    "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
    "From: <sip:a@example.com>;tag=1",
    `To: <sip:${to}@gw.example>`,
    "Call-ID: 1",
    "CSeq: 1 INVITE",
    "",
    "",
  ];
  const message = parseMessage(Buffer.from(lines.join("\r\n")));
  if (message.type !== "request") throw new Error("no request");
  return message;
}

describe("where an INVITE goes", () => {
  test("routing: a guest reaches the open numbers and the echo, nothing else", () => {
    expect(routeInvite(guest, invite("+15550100"), open)).toEqual({
      type: "number",
      number: "+15550100",
      orTrunk: false,
    });
    expect(routeInvite(guest, invite("15550101"), open)).toEqual({ type: "echo", number: "+15550101" });
    expect(routeInvite(guest, invite("+15550199"), open)).toEqual({ type: "refuse", status: 404 });
    expect(routeInvite(guest, invite("alice"), open)).toEqual({ type: "refuse", status: 404 });
  });

  test("routing: a trunk reaches every number and the echo, both as its rules write them", () => {
    const rewriting = { inbound: [{ match: "0", replace: "+1555" }], outbound: [] };
    expect(routeInvite(trunk({ rewriting }), invite("00101"), open)).toEqual({ type: "echo", number: "+15550101" });
    expect(routeInvite(trunk(), invite("+15550101"), open)).toEqual({ type: "echo", number: "+15550101" });
    expect(routeInvite(trunk(), invite("+15550199"), open)).toEqual({
      type: "number",
      number: "+15550199",
      orTrunk: false,
    });
    expect(routeInvite(trunk(), invite("alice"), open)).toEqual({ type: "refuse", status: 404 });
  });

  test("routing: a call to a Contact we registered goes to the number in To", () => {
    expect(routeInvite(trunk(), invite("c0ntact", "+15550101"), open)).toEqual({ type: "echo", number: "+15550101" });
  });
});

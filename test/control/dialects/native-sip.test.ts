import { expect, test } from "vitest";
import type { CallId } from "../../../src/kit/ids.ts";
import type { Hop } from "../../../src/sip/hop.ts";
import { respond } from "../../../src/sip/message.ts";
import { sipRequest } from "../../kit/sip-messages.ts";
import { ringingCall, type TestGateway, testGateway } from "../gateway.ts";

const hop: Hop = { transport: "UDP", address: "192.0.2.1", port: 5060 };

/** An INVITE that came and what was answered, 10 ms later. */
function invited({ services, clock }: TestGateway, sipCallId: string, status: number): void {
  const { trace } = services.sipTraces;
  const invite = sipRequest("INVITE", { callId: sipCallId });
  trace.record("in", invite, hop, { now: clock.now(), wall: clock.wall() });
  clock.ms += 10;
  trace.record("out", respond(invite, status, { toTag: "t" }), hop, { now: clock.now(), wall: clock.wall() });
}

test("GET /calls/:id/sip: the call's messages in the order of time, with ms from the first", async () => {
  const gateway = await testGateway();
  invited(gateway, "a/b%c@192.0.2.1", 200);
  const id = await ringingCall(gateway, { carrier: "sip", carrierCallId: "a/b%c@192.0.2.1" });
  const { status, body } = await gateway.ask("GET", `/calls/${id}/sip`);
  expect(status).toBe(200);
  expect(body.messages[0].raw).toMatch(/^INVITE sip:bob@192.0.2.2 SIP\/2.0\r\n/);
  for (const message of body.messages) delete message.raw;
  expect(body).toEqual({
    call_id: id,
    dropped: 0,
    messages: [
      {
        sip_call_id: "a/b%c@192.0.2.1",
        at: "2026-11-22T12:00:00.000Z",
        at_ms: 0,
        direction: "in",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "INVITE sip:bob@192.0.2.2",
      },
      {
        sip_call_id: "a/b%c@192.0.2.1",
        at: "2026-11-22T12:00:00.010Z",
        at_ms: 10,
        direction: "out",
        transport: "UDP",
        peer: "192.0.2.1:5060",
        summary: "200 OK",
      },
    ],
  });
});

test("GET /calls/:id/sip: further Call-IDs of the call stand in the same ladder", async () => {
  const gateway = await testGateway();
  const id = await ringingCall(gateway, { carrier: "sip", carrierCallId: "second" });
  invited(gateway, "first", 503);
  gateway.services.sipTraces.trace.assign("first", id);
  invited(gateway, "second", 200);
  gateway.services.sipTraces.trace.assign("second", id);
  invited(gateway, "stranger", 403);
  const { body } = await gateway.ask("GET", `/calls/${id}/sip`);
  const lines = body.messages.map((one: { sip_call_id: string; summary: string }) => [one.sip_call_id, one.summary]);
  expect(lines).toEqual([
    ["first", "INVITE sip:bob@192.0.2.2"],
    ["first", "503 Service Unavailable"],
    ["second", "INVITE sip:bob@192.0.2.2"],
    ["second", "200 OK"],
  ]);
});

test("GET /calls/:id/sip: a call that came another way has no messages; an unknown one is not found", async () => {
  const gateway = await testGateway();
  invited(gateway, "CA1", 200);
  const id = await ringingCall(gateway, { carrierCallId: "CA1" });
  expect((await gateway.ask("GET", `/calls/${id}/sip`)).body).toEqual({ call_id: id, dropped: 0, messages: [] });
  expect((await gateway.ask("GET", "/calls/call_00000000000000000000000000/sip")).status).toBe(404);
  expect((await gateway.ask("GET", "/calls/nonsense/sip")).status).toBe(404);
});

test("GET /sip/dialogs: the Call-IDs heard of last, refused ones too", async () => {
  const gateway = await testGateway();
  invited(gateway, "ours", 200);
  gateway.services.sipTraces.trace.assign("ours", "call_00000000000000000000000000" as CallId);
  invited(gateway, "stranger", 403);
  const { body } = await gateway.ask("GET", "/sip/dialogs");
  expect(body.data.map((one: { sip_call_id: string }) => one.sip_call_id)).toEqual(["stranger", "ours"]);
  expect(body.data[0]).toEqual({
    sip_call_id: "stranger",
    call_id: null,
    method: "INVITE",
    from: "sip:alice@example.com",
    to: "sip:bob@example.com",
    peer: "192.0.2.1:5060",
    status: 403,
    messages: 2,
    first_at: "2026-11-22T12:00:00.010Z",
    last_at: "2026-11-22T12:00:00.020Z",
  });
  expect(body.data[1].call_id).toBe("call_00000000000000000000000000");
  expect((await gateway.ask("GET", "/sip/dialogs?limit=1")).body.data.length).toBe(1);
  expect((await gateway.ask("GET", "/sip/dialogs?limit=0")).status).toBe(400);
});

test("GET /sip/messages: one Call-ID's messages, whatever characters it is made of", async () => {
  const gateway = await testGateway();
  const sipCallId = "a/b%20c?&=@[::1]";
  invited(gateway, sipCallId, 404);
  const path = `/sip/messages?sip_call_id=${encodeURIComponent(sipCallId)}`;
  const { status, body } = await gateway.ask("GET", path);
  expect([status, body.sip_call_id, body.call_id, body.messages.length]).toEqual([200, sipCallId, null, 2]);
  const unknown = await gateway.ask("GET", "/sip/messages?sip_call_id=nobody");
  expect([unknown.status, unknown.body.error.field]).toEqual([404, "sip_call_id"]);
  expect((await gateway.ask("GET", "/sip/messages")).status).toBe(400);
});

import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/kit/errors.ts";
import { ringingCall, type TestGateway, testGateway } from "../gateway.ts";

const nobody = "call_00000000000000000000000000";

/** Data of a call's events of one kind, as the API told them until the call's end. */
async function eventsOf({ app, key }: TestGateway, id: string, type: string): Promise<unknown[]> {
  const { body } = await app.inject({
    method: "GET",
    url: `/api/v1/calls/${id}/events`,
    headers: { authorization: `Bearer ${key}` },
  });
  return body
    .split("\n")
    .filter((line) => line.startsWith("data:"))
    .map((line) => JSON.parse(line.slice(5)))
    .filter((event) => event.type === type)
    .map(({ data }) => data);
}

describe("native API, transfers", () => {
  test("a transfer is taken on with all it may say, in call control's own words", async () => {
    const gateway = await testGateway();
    const id = await ringingCall(gateway);
    const body = {
      to: "+15550177",
      mode: "attended",
      from: "+15550100",
      trunk: "carrier",
      briefing: "Ada calls about her invoice.",
      confirm: "key",
      agent_after: "listens",
      ring_timeout_ms: 20_000,
      briefing_timeout_ms: 30_000,
    };
    const answer = await gateway.ask("POST", `/calls/${id}/transfer`, body);
    expect([answer.status, answer.body.id]).toEqual([202, id]);
    expect(gateway.control.transferred).toEqual([
      [
        id,
        {
          to: "+15550177",
          mode: "attended",
          from: "+15550100",
          trunkId: "carrier",
          briefing: "Ada calls about her invoice.",
          confirm: "key",
          agentAfter: "listens",
          ringTimeoutMs: 20_000,
          briefingTimeoutMs: 30_000,
        },
      ],
    ]);
  });

  test("a number is enough: then it is blind; an extension will do", async () => {
    const { ask, control, ...gateway } = await testGateway();
    const id = await ringingCall(gateway);
    expect((await ask("POST", `/calls/${id}/transfer`, { to: "101" })).status).toBe(202);
    expect(control.transferred).toMatchObject([[id, { to: "101", mode: "blind" }]]);
  });

  test.each([
    [{}, "to"],
    [{ to: "somebody" }, "to"],
    [{ to: "101", mode: "warm" }, "mode"],
    [{ to: "101", from: "101" }, "from"],
    [{ to: "101", briefing: "" }, "briefing"],
    [{ to: "101", briefing: "x".repeat(2001) }, "briefing"],
    [{ to: "101", confirm: "voice" }, "confirm"],
    [{ to: "101", agent_after: "dances" }, "agent_after"],
    [{ to: "101", ring_timeout_ms: 1 }, "ring_timeout_ms"],
    [{ to: "101", briefing_timeout_ms: 400_000 }, "briefing_timeout_ms"],
    [{ to: "101", loudly: true }, "loudly"],
  ])("a transfer that says %j is refused", async (body, field) => {
    const { ask, control, ...gateway } = await testGateway();
    const refused = await ask("POST", `/calls/${await ringingCall(gateway)}/transfer`, body);
    expect([refused.status, refused.body.error.field]).toEqual([400, field]);
    expect(control.transferred).toEqual([]);
  });

  test("decided: joined now, or called off; anything else is refused", async () => {
    const { ask, control, ...gateway } = await testGateway();
    const id = await ringingCall(gateway);
    for (const decision of ["complete", "cancel"]) {
      expect((await ask("POST", `/calls/${id}/transfer/decide`, { decision })).status).toBe(202);
    }
    expect(control.transferred).toEqual([
      [id, "complete"],
      [id, "cancel"],
    ]);
    const refused = await ask("POST", `/calls/${id}/transfer/decide`, { decision: "maybe" });
    expect([refused.status, refused.body.error.field]).toEqual([400, "decision"]);
  });

  test("a call that has ended is a conflict, an unknown one 404; call control's own refusal comes through", async () => {
    const { ask, control, ...gateway } = await testGateway();
    const id = await ringingCall(gateway);
    const asked = [
      ["transfer", { to: "101" }],
      ["transfer/decide", { decision: "cancel" }],
    ] as const;
    control.transfers.start = () => {
      throw new GatewayError("conflict", "The call is not in progress.");
    };
    const early = await ask("POST", `/calls/${id}/transfer`, { to: "101" });
    expect([early.status, early.body.error.message]).toEqual([409, "The call is not in progress."]);
    await gateway.services.own.calls.endCall(id, "caller-hung-up", "");
    for (const [verb, body] of asked) {
      expect((await ask("POST", `/calls/${id}/${verb}`, body)).status).toBe(409);
      expect((await ask("POST", `/calls/${nobody}/${verb}`, body)).status).toBe(404);
    }
  });

  test("how a transfer goes is told in the call's events, and nothing more once the call has ended", async () => {
    const gateway = await testGateway();
    const { calls } = gateway.services.own;
    const id = await ringingCall(gateway);
    const callee = await ringingCall(gateway);
    await calls.noteTransfer(id, { state: "ringing", to: "101", cause: undefined, calleeId: callee });
    await calls.noteTransfer(id, { state: "failed", to: "101", cause: "busy", calleeId: callee });
    await calls.endCall(id, "caller-hung-up", "");
    await calls.noteTransfer(id, { state: "completed", to: "101", cause: undefined, calleeId: callee });
    expect(await eventsOf(gateway, id, "call.transfer")).toEqual([
      { state: "ringing", to: "101", cause: null, callee_call_id: callee },
      { state: "failed", to: "101", cause: "busy", callee_call_id: callee },
    ]);
  });
});

describe("native API, conferences", () => {
  test("opened, listed, joined, left", async () => {
    const { ask, ...gateway } = await testGateway();
    const [a, b, c] = [await ringingCall(gateway), await ringingCall(gateway), await ringingCall(gateway)];
    const opened = await ask("POST", "/conferences", { members: [{ call_id: a }, { call_id: b, agent: "listens" }] });
    const first = { call_id: a, agent: "speaks" };
    const second = { call_id: b, agent: "listens" };
    expect([opened.status, opened.body]).toEqual([201, { id: "room_1", members: [first, second] }]);
    const joined = await ask("POST", "/conferences/room_1/members", { call_id: c, agent: "leaves" });
    const third = { call_id: c, agent: "leaves" };
    expect([joined.status, joined.body.members]).toEqual([200, [first, second, third]]);
    expect((await ask("GET", "/conferences")).body).toEqual({
      data: [{ id: "room_1", members: [first, second, third] }],
      next_cursor: null,
    });
    const left = await ask("DELETE", `/conferences/room_1/members/${a}`);
    expect([left.status, left.body.members]).toEqual([200, [second, third]]);
    expect((await ask("GET", "/conferences/room_1")).body.members).toEqual([second, third]);
  });

  test("an unknown conference is 404, whatever is wanted of it", async () => {
    const { ask, ...gateway } = await testGateway();
    const id = await ringingCall(gateway);
    expect((await ask("GET", "/conferences/room_9")).status).toBe(404);
    expect((await ask("POST", "/conferences/room_9/members", { call_id: id })).status).toBe(404);
    expect((await ask("DELETE", `/conferences/room_9/members/${id}`)).status).toBe(404);
  });

  test.each([
    [{ members: [] }, "members"],
    [{}, "members"],
    [{ members: Array.from({ length: 9 }, () => ({ call_id: nobody })) }, "members"],
    [{ members: [{ call_id: nobody, agent: "sings" }] }, "members[0].agent"],
  ])("refused: %j", async (body, field) => {
    const { ask } = await testGateway();
    const refused = await ask("POST", "/conferences", body);
    expect([refused.status, refused.body.error.field]).toEqual([400, field]);
  });

  test("a call nobody knows is 404, one that has ended a conflict", async () => {
    const { ask, ...gateway } = await testGateway();
    const id = await ringingCall(gateway);
    await gateway.services.own.calls.endCall(id, "caller-hung-up", "");
    expect((await ask("POST", "/conferences", { members: [{ call_id: nobody }] })).status).toBe(404);
    expect((await ask("POST", "/conferences", { members: [{ call_id: "x" }] })).status).toBe(404);
    expect((await ask("POST", "/conferences", { members: [{ call_id: id }] })).status).toBe(409);
  });
});

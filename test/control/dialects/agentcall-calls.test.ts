import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CallId } from "../../../src/kit/ids.ts";
import { plainAgent, ringingCall } from "../gateway.ts";
import { agentCallHouse } from "./agentcall-house.ts";

const replayed = "x-agentcall-idempotency-replayed";
const to = "+14155551234";
const example = {
  systemPrompt: "You are calling to schedule a dentist appointment for Tuesday afternoon.",
  voice: "shimmer",
  language: "auto",
  firstMessage: "Hi, I'd like to schedule an appointment please.",
  maxDurationSecs: 600,
  record: false,
};
const saved = {
  systemPrompt: "You are calling on behalf of Acme Plumbing to confirm tomorrow's 10am appointment.",
  voice: "coral",
  language: "es",
  firstMessage: "Hi, calling to confirm tomorrow's appointment.",
  maxDurationSecs: 300,
  record: false,
};

/** Limits are another test's. */
const unlimited = { publicUrl: "https://gw.example.com", twilioAuthToken: "", rateLimitFactor: 0 };

/** A house with a number. */
async function withNumber() {
  const house = await agentCallHouse();
  return { ...house, own: await house.buy() };
}

describe("AgentCall, placing calls", () => {
  test("AI call: the documented request is answered before anybody rings", async () => {
    const { ask, own, control, clock } = await withNumber();
    const answer = await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example });
    const { id } = answer.body;
    expect([answer.status, answer.body]).toEqual([
      201,
      {
        id: expect.stringMatching(/^call_[0-9a-z]{26}$/),
        callId: id,
        type: "ai",
        direction: "outbound",
        status: "initiated",
        from: own.number,
        to,
        duration: null,
        recorded: false,
        metadata: null,
        peerCallId: null,
        toolCallCount: 0,
        cost: 0,
        createdAt: new Date(clock.wall()).toISOString(),
        startedAt: null,
        endedAt: null,
      },
    ]);
    expect((await ask("GET", `/v1/calls/${id}`)).body).toEqual(answer.body);
    expect(control.placed).toMatchObject([
      {
        from: own.number,
        to,
        record: false,
        agent: { voice: "shimmer", maxDurationMs: 600_000, firstMessage: example.firstMessage },
      },
    ]);
    expect(control.placed[0]?.agent?.instructions).toContain(example.systemPrompt);
  });

  test("AI call: what is left out has the documented defaults", async () => {
    const { ask, own, control } = await withNumber();
    await ask("POST", "/v1/calls/ai", { from: own.id, to, systemPrompt: "Say hello." });
    expect(control.placed).toMatchObject([{ record: false, agent: { voice: "shimmer", maxDurationMs: 600_000 } }]);
  });

  test("AI call: record says so before anything else, unless the first message does", async () => {
    const { ask, own, control } = await withNumber();
    for (const firstMessage of ["Hi.", "Hi, this call is recorded."]) {
      await ask("POST", "/v1/calls/ai", { from: own.id, to, systemPrompt: "x", firstMessage, record: true });
    }
    expect(control.placed.map(({ agent }) => agent?.firstMessage)).toEqual([
      "This call may be recorded for quality. Hi.",
      "Hi, this call is recorded.",
    ]);
    expect(control.placed.map(({ record }) => record)).toEqual([true, true]);
  });

  test("AI call: metadata comes back on the call; liveTranscript is asked for", async () => {
    const { ask, own, control } = await withNumber();
    const metadata = { showId: "show_1", segmentId: "7" };
    const body = { from: own.id, to, systemPrompt: "x", metadata, liveTranscript: true };
    const { id, ...call } = (await ask("POST", "/v1/calls/ai", body)).body;
    expect(call.metadata).toEqual(metadata);
    expect((await ask("GET", `/v1/calls/${id}`)).body.metadata).toEqual(metadata);
    expect(control.placed).toMatchObject([{ metadata, liveTranscript: true }]);
  });

  test("useSavedAgent: what is left out is the saved agent's, what is said wins", async () => {
    const { ask, own, control } = await withNumber();
    await ask("POST", `/v1/numbers/${own.id}/outbound-defaults`, saved);
    const firstMessage = "Hi Jamie, calling to confirm tomorrow's 10am appointment.";
    const row = { from: own.id, to, useSavedAgent: true, idempotencyKey: "batch-2026-05-25:row-0042", firstMessage };
    expect((await ask("POST", "/v1/calls/ai", row)).status).toBe(201);
    const agent = control.placed[0]?.agent;
    expect(agent).toMatchObject({ voice: "coral", maxDurationMs: 300_000, firstMessage });
    expect(agent?.instructions).toContain(saved.systemPrompt);
    expect(agent?.instructions).toContain("Spanish");
  });

  test("useSavedAgent: 400 no_saved_agent where none is saved", async () => {
    const { ask, own } = await withNumber();
    const { status, body } = await ask("POST", "/v1/calls/ai", { from: own.id, to, useSavedAgent: true });
    expect([status, body.error.code]).toEqual([400, "no_saved_agent"]);
  });

  test("idempotencyKey: said again, the original response comes again, even when the call has moved on", async () => {
    const { ask, own, control, talk } = await withNumber();
    const body = { from: own.id, to, ...example, idempotencyKey: "batch-1:row-1" };
    const first = await ask("POST", "/v1/calls/ai", body);
    await talk(first.body.id, [["agent", "Hello."]], 5000);
    const again = await ask("POST", "/v1/calls/ai", { ...body, from: own.number, firstMessage: "Another one." });
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect([first.headers[replayed], again.headers[replayed]]).toEqual([undefined, "true"]);
    expect(control.placed).toHaveLength(1);
  });

  test("idempotencyKey: is each number's own", async () => {
    const { ask, own, buy, control } = await withNumber();
    const other = await buy();
    for (const { id: from } of [own, other]) {
      await ask("POST", "/v1/calls/ai", { from, to, systemPrompt: "x", idempotencyKey: "row-1" });
    }
    expect(control.placed.map(({ from }) => from)).toEqual([own.number, other.number]);
  });

  test("idempotencyKey: 50 requests at once place one call", async () => {
    const { ask, buy } = await agentCallHouse({ config: unlimited });
    const body = { from: (await buy()).id, to, systemPrompt: "x", idempotencyKey: "row-1" };
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask("POST", "/v1/calls/ai", body)));
    expect(new Set(answers.map(({ status, body: { id } }) => `${status} ${id}`)).size).toBe(1);
    expect((await ask("GET", "/v1/calls")).body.data).toHaveLength(1);
  });

  test("standard call: the documented request joins people, no agent talks", async () => {
    const { ask, own, control } = await withNumber();
    const answer = await ask("POST", "/v1/calls/initiate", { from: own.id, to, record: false });
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { type: "standard", status: "initiated", from: own.number, to },
    ]);
    expect(control.placed).toMatchObject([{ from: own.number, to, record: false }]);
    expect(control.placed[0]?.agent).toBeUndefined();
    await ask("POST", "/v1/calls/initiate", { from: own.id, to, connectTo: "+14155550111" });
    expect(control.placed[1]).toMatchObject({ bridgeTo: "+14155550111" });
  });
});

describe("AgentCall, what became of calls", () => {
  test("transcript: who said what and when, a summary, and the seconds it took", async () => {
    const { ask, own, talk, clock } = await withNumber();
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example })).body;
    const began = clock.wall();
    await talk(
      id,
      [
        ["agent", "Hi, I'd like an appointment."],
        ["caller", "Tuesday at 3 works."],
      ],
      111_000,
    );
    const { status, body } = await ask("GET", `/v1/calls/${id}/transcript`);
    expect([status, body]).toEqual([
      200,
      {
        entries: [
          { role: "ai", text: "Hi, I'd like an appointment.", timestamp: new Date(began).toISOString() },
          { role: "human", text: "Tuesday at 3 works.", timestamp: new Date(began + 1000).toISOString() },
        ],
        summary: expect.stringContaining("Tuesday at 3"),
        duration: 111,
      },
    ]);
    expect((await ask("GET", `/v1/calls/${id}`)).body).toMatchObject({
      status: "completed",
      duration: 111,
      cost: 0.74,
    });
  });

  test("statuses: initiated, ringing, in-progress, completed", async () => {
    const { ask, own, services, clock } = await withNumber();
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example })).body;
    const seen: string[] = [];
    const look = async () => seen.push((await ask("GET", `/v1/calls/${id}`)).body.status);
    await look();
    await services.callRecords.noteSignalling(id, { isRinging: true });
    await look();
    await services.callRecords.applyMediaEvent({ type: "call-started", callId: id, wallMs: clock.wall() });
    await look();
    await services.callRecords.endCall(id, "callee-hung-up", "");
    await look();
    expect(seen).toEqual(["initiated", "ringing", "in-progress", "completed"]);
  });

  test.each([
    ["busy", "busy"],
    ["no-answer", "no_answer"],
    ["call-refused", "failed"],
    ["call-unreachable", "failed"],
  ] as const)("statuses: one that never connected because of %s is %s", async (cause, status) => {
    const { ask, own, services } = await withNumber();
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example })).body;
    await services.callRecords.endCall(id, cause, "");
    expect((await ask("GET", `/v1/calls/${id}`)).body).toMatchObject({ status, startedAt: null });
  });

  test("statuses: a call in beyond the Free plan's minutes is trial_exhausted", async () => {
    const house = await agentCallHouse();
    const ask = await house.askAs({ plan: "free", hasPaymentMethod: false });
    const { number } = await house.buy(ask);
    const change = { orgId: ask.orgId, to: number as never, agent: plainAgent };
    const first = await ringingCall(house, change);
    await house.talk(first, [], 5 * 60_000);
    await expect(ringingCall(house, change)).rejects.toMatchObject({ reason: "plan-limit-inbound-ai" });
    const { data } = (await ask("GET", "/v1/calls")).body;
    expect(data.map(({ status }: { status: string }) => status).sort()).toEqual(["completed", "trial_exhausted"]);
  });

  test("peerCallId: both legs of a call between two numbers of ours name the other, and carry its metadata", async () => {
    const house = await withNumber();
    const { ask, own, services } = house;
    const other = await house.buy();
    const metadata = { showId: "show_1" };
    const order = { from: own.id, to: other.number, systemPrompt: "x", metadata };
    const { id } = (await ask("POST", "/v1/calls/ai", order)).body;
    const answering = await ringingCall(house, {
      to: other.number as never,
      from: own.number,
      peerCallId: id,
      metadata,
    });
    await services.callRecords.noteSignalling(id, { peerCallId: answering });
    expect((await ask("GET", `/v1/calls/${id}`)).body).toMatchObject({ peerCallId: answering, metadata });
    expect((await ask("GET", `/v1/calls/${answering}`)).body).toMatchObject({ peerCallId: id, metadata });
  });

  test("list: newest first, in pages", async () => {
    const { ask, own, clock } = await withNumber();
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      ids.unshift((await ask("POST", "/v1/calls/ai", { from: own.id, to, systemPrompt: "x" })).body.id);
      clock.ms += 1000;
    }
    const all = await ask("GET", "/v1/calls?limit=20");
    expect(all.body).toMatchObject({ data: ids.map((id) => ({ id })), hasMore: false, nextCursor: null });
    const first = await ask("GET", "/v1/calls?limit=2");
    const second = await ask("GET", `/v1/calls?limit=2&cursor=${first.body.nextCursor}`);
    expect([first.body.hasMore, second.body]).toMatchObject([true, { data: [{ id: ids[2] }], hasMore: false }]);
  });

  test("hang up: call control is told; one that has ended is a conflict", async () => {
    const { ask, own, control, services } = await withNumber();
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example })).body;
    const answer = await ask("POST", `/v1/calls/${id}/hangup`);
    expect([answer.status, answer.body.id]).toEqual([200, id]);
    expect(control.told).toEqual([["hang-up", id, "api-hung-up"]]);
    await services.callRecords.endCall(id, "api-hung-up", "");
    const again = await ask("POST", `/v1/calls/${id}/hangup`);
    expect([again.status, again.body.error.code]).toEqual([409, "conflict"]);
  });

  test("recording: a link that opens without a key and expires", async () => {
    const { ask, own, app, services, talk } = await withNumber();
    const { id } = (await ask("POST", "/v1/calls/ai", { from: own.id, to, ...example, record: true })).body;
    const none = await ask("GET", `/v1/calls/${id}/recording`);
    expect([none.status, none.body.error.code]).toEqual([404, "not_found"]);
    writeFileSync(services.callRecords.recordingPath(id as CallId), Buffer.alloc(44));
    await talk(id, [], 1000);
    expect((await ask("GET", `/v1/calls/${id}`)).body.recorded).toBe(true);
    const { status, body } = await ask("GET", `/v1/calls/${id}/recording`);
    expect([status, body]).toEqual([200, { callId: id, url: expect.any(String), expiresAt: expect.any(String) }]);
    const { pathname, search } = new URL(body.url);
    const opened = await app.inject(`${pathname}${search}`);
    expect([opened.statusCode, opened.rawPayload.length]).toEqual([200, 44]);
  });
});

describe("AgentCall, bad input about calls", () => {
  const many = Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`k${n}`, "v"]));
  test.each([
    ["ai", { systemPrompt: "x", from: undefined }, "from"],
    ["ai", { systemPrompt: "x", from: "+15005550000" }, "from"],
    ["ai", { systemPrompt: "x", to: "4155551234" }, "to"],
    ["ai", {}, "systemPrompt"],
    ["ai", { useSavedAgent: false }, "systemPrompt"],
    ["ai", { systemPrompt: "x", voice: "robot" }, "voice"],
    ["ai", { systemPrompt: "x", language: "tlh" }, "language"],
    ["ai", { systemPrompt: "x", maxDurationSecs: "600" }, "maxDurationSecs"],
    ["ai", { systemPrompt: "x", record: "yes" }, "record"],
    ["ai", { systemPrompt: "x", idempotencyKey: "k".repeat(201) }, "idempotencyKey"],
    ["ai", { systemPrompt: "x", idempotencyKey: "" }, "idempotencyKey"],
    ["ai", { systemPrompt: "x", metadata: { a: 1 } }, "metadata.a"],
    ["ai", { systemPrompt: "x", metadata: many }, "metadata"],
    ["ai", { systemPrompt: "x", metadata: { ["k".repeat(65)]: "v" } }, "metadata"],
    ["ai", { systemPrompt: "x", metadata: { a: "v".repeat(513) } }, "metadata.a"],
    [
      "ai",
      {
        systemPrompt: "x",
        metadata: {
          a: "v".repeat(500),
          b: "v".repeat(500),
          c: "v".repeat(500),
          d: "v".repeat(500),
          e: "v".repeat(500),
        },
      },
      "metadata",
    ],
    ["initiate", { to: "somebody" }, "to"],
    ["initiate", { record: 1 }, "record"],
    ["initiate", { connectTo: "me" }, "connectTo"],
  ])("%s %j: 422, and %s is named", async (what, change, field) => {
    const { ask, own, control } = await withNumber();
    const { status, body } = await ask("POST", `/v1/calls/${what}`, { from: own.id, to, ...change });
    expect([status, body.error.code, body.error.field]).toEqual([422, "validation_error", field]);
    expect(control.placed).toEqual([]);
  });

  test.each(["", "/transcript", "/recording"])(
    "calls that are not there: GET /v1/calls/:callId%s is 404",
    async (rest) => {
      const { ask } = await agentCallHouse();
      const { status, body } = await ask("GET", `/v1/calls/call_none${rest}`);
      expect([status, body.error.code]).toEqual([404, "not_found"]);
    },
  );
});

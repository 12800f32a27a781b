import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { GatewayError } from "../../../src/kit/errors.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { ringingCall, type TestGateway, testGateway } from "../gateway.ts";

async function withAgent(gateway: TestGateway, record = false): Promise<string> {
  const { body: agent } = await gateway.ask("POST", "/agents", { name: "A", record });
  await gateway.ask("POST", "/numbers", { number: "+15550123", inbound_agent_id: agent.id });
  return agent.id;
}

const opening = { carrier: "twilio", to: "+15550123", from: "+15550199", metadata: { order: "7" } };

describe("native API, streams", () => {
  test("streams: a way in is made for a number with an agent, and its call rings", async () => {
    const gateway = await testGateway();
    const agentId = await withAgent(gateway);
    const made = await gateway.ask("POST", "/streams", opening);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      call_id: expect.stringMatching(/^call_[0-9a-z]{26}$/),
      url: "wss://gw.example.com/media/twilio",
      token: expect.any(String),
      expires_at: "2026-11-22T12:01:00.000Z",
    });
    const call = await gateway.ask("GET", `/calls/${made.body.call_id}`);
    expect(call.body).toEqual({
      id: made.body.call_id,
      answered_by: null,
      cost_micros: 0,
      live_transcript: false,
      trunk_id: null,
      phone_id: null,
      peer_call_id: null,
      sip_status: null,
      status: "ringing",
      direction: "inbound",
      carrier: "twilio",
      carrier_call_id: null,
      from: "+15550199",
      to: "+15550123",
      agent_id: agentId,
      metadata: { order: "7" },
      created_at: "2026-11-22T12:00:00.000Z",
      started_at: null,
      ended_at: null,
      duration_ms: null,
      cause: null,
      ended_by: null,
      detail: null,
      recorded: false,
      stats: null,
      usage: {
        input_text_tokens: 0,
        input_audio_tokens: 0,
        input_cached_tokens: 0,
        output_text_tokens: 0,
        output_audio_tokens: 0,
        transcription_tokens: 0,
        transcription_seconds: 0,
        speech_characters: 0,
      },
    });
  });

  test("streams: a number nobody answers is 404 and names the field", async () => {
    const { ask } = await testGateway();
    const refused = await ask("POST", "/streams", opening);
    expect(refused.status).toBe(404);
    expect(refused.body.error).toMatchObject({ code: "not_found", field: "to" });
  });

  test("streams: when no media process can take a call the answer is 503", async () => {
    const { ask, control } = await testGateway();
    control.refuse = new GatewayError("unavailable", "no media process is ready");
    const refused = await ask("POST", "/streams", opening);
    expect(refused.status).toBe(503);
    expect(refused.body.error).toEqual({ code: "unavailable", message: "no media process is ready" });
  });

  test.each([
    ["the carrier is unknown", { ...opening, carrier: "acme" }, "carrier"],
    ["the number is none", { ...opening, to: "15550123" }, "to"],
    ["the caller is missing", { ...opening, from: undefined }, "from"],
    ["metadata holds a number", { ...opening, metadata: { a: 1 } }, "metadata.a"],
    ["metadata has a strange name", { ...opening, metadata: { "a b": "1" } }, "metadata.a b"],
    ["metadata holds too much", { ...opening, metadata: { a: "x".repeat(513) } }, "metadata.a"],
    ["a field is unknown", { ...opening, token: "x" }, "token"],
  ])("streams: refused when %s", async (_what, body, field) => {
    const { ask } = await testGateway();
    const refused = await ask("POST", "/streams", body);
    expect(refused.status).toBe(400);
    expect(refused.body.error).toMatchObject({ code: "invalid_request", field });
  });
});

describe("native API, calls", () => {
  test("calls: hang up, say and dtmf reach call control", async () => {
    const gateway = await testGateway();
    const { ask, control } = gateway;
    const id = await ringingCall(gateway);
    expect((await ask("POST", `/calls/${id}/say`, { text: "One moment." })).status).toBe(202);
    expect((await ask("POST", `/calls/${id}/dtmf`, { digits: "12#" })).status).toBe(202);
    const hungUp = await ask("POST", `/calls/${id}/hangup`);
    expect(hungUp.status).toBe(202);
    expect(hungUp.body.id).toBe(id);
    expect(control.told).toEqual([
      ["say", id, "One moment."],
      ["dtmf", id, "12#"],
      ["hang-up", id, "api-hung-up"],
    ]);
  });

  test("calls: commands to a call that has ended are a conflict, to an unknown one 404", async () => {
    const gateway = await testGateway();
    const { ask, control, services } = gateway;
    const id = await ringingCall(gateway);
    await services.own.calls.endCall(id, "caller-hung-up", "");
    const commands = [
      ["hangup", undefined],
      ["say", { text: "a" }],
      ["dtmf", { digits: "1" }],
    ] as const;
    for (const [verb, body] of commands) {
      expect([verb, (await ask("POST", `/calls/${id}/${verb}`, body)).status]).toEqual([verb, 409]);
      const unknown = await ask("POST", `/calls/call_00000000000000000000000000/${verb}`, body);
      expect([verb, unknown.status]).toEqual([verb, 404]);
    }
    expect(control.told).toEqual([]);
  });

  test.each([
    ["say", {}, "text"],
    ["say", { text: "" }, "text"],
    ["say", { text: "x".repeat(2001) }, "text"],
    ["dtmf", {}, "digits"],
    ["dtmf", { digits: "" }, "digits"],
    ["dtmf", { digits: "12x" }, "digits"],
    ["dtmf", { digits: "1".repeat(33) }, "digits"],
  ])("calls: %s is refused with %j", async (verb, body, field) => {
    const gateway = await testGateway();
    const id = await ringingCall(gateway);
    const refused = await gateway.ask("POST", `/calls/${id}/${verb}`, body);
    expect(refused.status).toBe(400);
    expect(refused.body.error.field).toBe(field);
    expect(JSON.stringify(refused.body)).not.toContain("12x");
  });

  test.each(["", "/transcript", "/timeline", "/tool-calls", "/recording", "/events"])(
    "calls: /calls/:id%s of an unknown call is 404",
    async (path) => {
      const { ask } = await testGateway();
      for (const id of ["call_00000000000000000000000000", "nonsense", "..%2f..%2fetc", "%00"]) {
        expect((await ask("GET", `/calls/${id}${path}`)).status).toBe(404);
      }
    },
  );

  test("calls: transcript, timeline and tool calls are told in this API's words", async () => {
    const gateway = await testGateway();
    const { ask, services } = gateway;
    const callId = await ringingCall(gateway);
    const said = { startMs: 100, endMs: 900, interrupted: true, via: "speech" } as const;
    for (const [utteranceId, role, text, startMs] of [
      ["utt_2", "caller", "Hello?", 1000],
      ["utt_1", "agent", "Welcome to", 100],
    ] as const) {
      const utterance = { ...said, utteranceId, role, text, startMs };
      await services.own.calls.applyMediaEvent({ type: "utterance", callId, utterance });
    }
    const turn = { turnId: "turn_1", reason: "greeting", callerLastVoicedAtMs: undefined, decidedAtMs: 5 };
    await services.own.calls.applyMediaEvent({
      type: "turn",
      callId,
      turn: { ...turn, providerFirstByteAtMs: 50, firstFrameOnWireAtMs: 60.5 },
    });
    await services.own.calls.applyMediaEvent({
      type: "interruption",
      callId,
      interruption: { onsetAtMs: 800, silencedAtMs: 860, decidedAtMs: 1300, outcome: "yielded", heardMs: 700 },
    });
    const tool = { type: "tool-started", toolCallId: "t1", name: "order", atMs: 1500 } as const;
    await services.own.calls.applyMediaEvent({ ...tool, callId, argumentsJson: '{"n":2}' });
    await services.own.calls.applyMediaEvent({ ...tool, callId, toolCallId: "t2", argumentsJson: "not json" });

    const agentLine = {
      id: "utt_1",
      role: "agent",
      text: "Welcome to",
      start_ms: 100,
      end_ms: 900,
      interrupted: true,
      via: "speech",
    };
    const transcript = await ask("GET", `/calls/${callId}/transcript`);
    expect(transcript.body.next_cursor).toBeNull();
    expect(transcript.body.data).toEqual([agentLine, expect.objectContaining({ id: "utt_2", text: "Hello?" })]);
    const timeline = await ask("GET", `/calls/${callId}/timeline`);
    expect(timeline.body).toEqual({
      call_id: callId,
      turns: [
        {
          id: "turn_1",
          reason: "greeting",
          caller_last_voiced_at_ms: null,
          decided_at_ms: 5,
          provider_first_byte_at_ms: 50,
          first_frame_on_wire_at_ms: 60.5,
          endpointing_ms: null,
          provider_ms: 45,
          playout_ms: 10.5,
          latency_ms: null,
        },
      ],
      interruptions: [
        {
          onset_at_ms: 800,
          silenced_at_ms: 860,
          decided_at_ms: 1300,
          time_to_silence_ms: 60,
          outcome: "yielded",
          heard_ms: 700,
        },
      ],
      utterances: transcript.body.data,
    });
    const tools = await ask("GET", `/calls/${callId}/tool-calls`);
    expect(tools.body.data).toEqual([
      {
        id: "t1",
        name: "order",
        arguments: { n: 2 },
        output: null,
        ok: null,
        started_at_ms: 1500,
        ended_at_ms: null,
        duration_ms: null,
      },
      expect.objectContaining({ id: "t2", arguments: "not json" }),
    ]);
  });

  test("calls: the list is narrowed by each filter", async () => {
    const gateway = await testGateway();
    const { ask, services, clock } = gateway;
    const first = await ringingCall(gateway, { from: "+15550001" });
    clock.ms += 60_000;
    const second = await ringingCall(gateway, { to: "+15550555" as never });
    for (const callId of [first, second]) {
      await services.own.calls.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
      clock.ms += 60_000;
    }
    await services.own.calls.endCall(first, "max-duration", "");
    const ids = async (query: string) =>
      (await ask("GET", `/calls?${query}`)).body.data.map((call: { id: string }) => call.id);
    expect(await ids("")).toEqual([second, first]);
    expect(await ids("status=ended")).toEqual([first]);
    expect(await ids("status=in-progress")).toEqual([second]);
    expect(await ids("from=%2B15550001")).toEqual([first]);
    expect(await ids("to=%2B15550555")).toEqual([second]);
    expect(await ids("cause=max-duration")).toEqual([first]);
    expect(await ids("agent_id=agent_test")).toEqual([second, first]);
    expect(await ids("agent_id=agent_other")).toEqual([]);
    expect(await ids("started_after=2026-11-22T12:01:30Z")).toEqual([second]);
    expect(await ids("started_before=2026-11-22T12:01:30Z")).toEqual([first]);
    expect(await ids("status=ended&from=%2B15550002")).toEqual([]);
    expect(await ids("number=%2B15550001")).toEqual([first]);
    expect(await ids("direction=inbound")).toEqual([second, first]);
    expect(await ids("direction=outbound")).toEqual([]);
    expect(await ids("created_after=2026-11-22T12:00:30Z")).toEqual([second]);
    expect(await ids("created_before=2026-11-22T12:00:30Z")).toEqual([first]);
    const page = (await ask("GET", "/calls?limit=1")).body;
    expect(await ids(`limit=1&cursor=${page.next_cursor}`)).toEqual([first]);
  });

  test.each([
    ["status=done", "status"],
    ["cause=bored", "cause"],
    ["started_after=yesterday", "started_after"],
    ["direction=in", "direction"],
    ["status=ended&status=ringing", "status"],
  ])("calls: the list refuses ?%s", async (query, field) => {
    const { ask } = await testGateway();
    const refused = await ask("GET", `/calls?${query}`);
    expect(refused.status).toBe(400);
    expect(refused.body.error.field).toBe(field);
  });

  test("calls: how one ended is told by cause and by whom", async () => {
    const gateway = await testGateway();
    const id = await ringingCall(gateway);
    await gateway.services.own.calls.endCall(id, "provider-failed", "the provider closed the session");
    expect((await gateway.ask("GET", `/calls/${id}`)).body).toMatchObject({
      status: "ended",
      cause: "provider-failed",
      ended_by: "provider",
      detail: "the provider closed the session",
    });
  });
});

describe("native API, placing calls", () => {
  async function caller(): Promise<{ gateway: TestGateway; numberId: string }> {
    const gateway = await testGateway();
    const { body } = await gateway.ask("POST", "/agents", { name: "Saved", instructions: "Be kind." });
    const number = await gateway.ask("POST", "/numbers", { number: "+12125559123", outbound_agent_id: body.id });
    return { gateway, numberId: number.body.id };
  }
  const to = "+14155550199";

  test("calls: placed from a number's id by the saved agent, with what this call has otherwise", async () => {
    const { gateway, numberId } = await caller();
    const placed = await gateway.ask("POST", "/calls", {
      from: numberId,
      to,
      use_saved_agent: true,
      agent: { first_message: "Hi Jamie." },
      language: "es",
      record: true,
      live_transcript: true,
    });
    expect(placed.status).toBe(201);
    expect(placed.body).toMatchObject({
      from: "+12125559123",
      status: "queued",
      live_transcript: true,
      cost_micros: 0,
    });
    expect(gateway.control.placed).toMatchObject([
      { record: true, agent: { name: "Saved", firstMessage: "This call may be recorded for quality. Hi Jamie." } },
    ]);
    expect(gateway.control.placed[0]?.agent?.instructions).toMatch(/^Be kind\..*Spanish/s);
    await gateway.ask("POST", "/calls", { from: numberId, to, record: true, recording_disclosure: false });
    expect(gateway.control.placed[1]).toMatchObject({ record: true, agent: { firstMessage: undefined } });
  });

  test("calls: a bridge call joins people", async () => {
    const { gateway, numberId } = await caller();
    const bridge = { kind: "bridge", from: numberId, to, bridge_to: "101" };
    const placed = await gateway.ask("POST", "/calls", bridge);
    expect([placed.status, placed.body.agent_id]).toEqual([201, null]);
    expect(gateway.control.placed).toMatchObject([{ agent: undefined, bridgeTo: "101" }]);
    const refused = await gateway.ask("POST", "/calls", { ...bridge, agent: { name: "A" } });
    expect([refused.status, refused.body.error.field]).toEqual([400, "agent"]);
  });

  test("calls: what cannot be paid is 402 and says where to pay, what the plan does not have is 403", async () => {
    const { gateway, numberId } = await caller();
    await gateway.services.orgs.update(firstOrgId, { billing: "prepaid" });
    const unpaid = await gateway.ask("POST", "/calls", { from: numberId, to });
    expect(unpaid.status).toBe(402);
    expect(unpaid.body.error).toMatchObject({ code: "payment_required", reason: expect.stringMatching(/credits/) });
    await gateway.services.orgs.update(firstOrgId, { plan: "free" });
    expect((await gateway.ask("POST", "/calls", { from: numberId, to })).status).toBe(403);
    expect((await gateway.ask("GET", "/calls")).body.data).toEqual([]);
  });

  test.each([
    ["a kind nobody knows", { kind: "conference" }, "kind"],
    ["a language nobody speaks", { language: "xx" }, "language"],
    ["a number that is another's or nobody's", { from: "+12125559000" }, "from"],
    ["somebody to be joined with, and an agent", { bridge_to: "101" }, "bridge_to"],
  ])("calls: refused with %s", async (_what, change, field) => {
    const { gateway, numberId } = await caller();
    const refused = await gateway.ask("POST", "/calls", { from: numberId, to, ...change });
    expect([refused.status, refused.body.error.field]).toEqual([400, field]);
    expect(gateway.control.placed).toEqual([]);
  });
});

describe("native API, recordings", () => {
  const wav = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));

  async function recorded(): Promise<{ gateway: TestGateway; link: string; callId: string }> {
    const gateway = await testGateway();
    const callId = await ringingCall(gateway, { record: true });
    writeFileSync(gateway.services.own.calls.recordingPath(callId), wav);
    await gateway.services.own.calls.endCall(callId, "caller-hung-up", "");
    const { body, status } = await gateway.ask("GET", `/calls/${callId}/recording`);
    expect(status).toBe(200);
    expect(body.expires_at).toBe("2026-11-22T13:00:00.000Z");
    return { gateway, link: body.url.replace("https://gw.example.com", ""), callId };
  }

  test("recording: the link gives the WAV without a key", async () => {
    const { gateway, link } = await recorded();
    const answer = await gateway.app.inject({ url: link });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ "content-type": "audio/wav", "accept-ranges": "bytes" });
    expect(answer.headers["content-length"]).toBe("1000");
    expect(answer.rawPayload.equals(wav)).toBe(true);
  });

  test.each([
    ["bytes=0-9", "bytes 0-9/1000", 0, 10],
    ["bytes=990-", "bytes 990-999/1000", 990, 1000],
    ["bytes=-5", "bytes 995-999/1000", 995, 1000],
    ["bytes=900-5000", "bytes 900-999/1000", 900, 1000],
  ])("recording: Range %s gives that part", async (range, contentRange, from, to) => {
    const { gateway, link } = await recorded();
    const answer = await gateway.app.inject({ url: link, headers: { range } });
    expect(answer.statusCode).toBe(206);
    expect(answer.headers["content-range"]).toBe(contentRange);
    expect(answer.headers["content-length"]).toBe(String(to - from));
    expect(answer.rawPayload.equals(wav.subarray(from, to))).toBe(true);
  });

  test("recording: a range past the end is 416", async () => {
    const { gateway, link } = await recorded();
    const answer = await gateway.app.inject({ url: link, headers: { range: "bytes=1000-" } });
    expect(answer.statusCode).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */1000");
  });

  test("recording: a link that was changed in any part is refused", async () => {
    const { gateway, link, callId } = await recorded();
    const other = await ringingCall(gateway);
    for (const changed of [
      link.replace(/expires=[0-9]+/, "expires=99999999999"),
      link.replace(callId, other),
      link.replace(/signature=(.)/, (_, first: string) => `signature=${first === "_" ? "-" : "_"}`),
      link.replace(/&signature=.*/, ""),
      link.replace(/signature=[^&]*/, "signature="),
      `${link}&signature=x`,
      link.replace(callId, "..%2ftandem.db"),
    ]) {
      const answer = await gateway.app.inject({ url: changed });
      expect([changed, answer.statusCode]).toEqual([changed, 403]);
    }
  });

  test("recording: the link expires", async () => {
    const { gateway, link } = await recorded();
    gateway.clock.ms += 3_599_000;
    expect((await gateway.app.inject({ url: link })).statusCode).toBe(200);
    gateway.clock.ms += 1_000;
    expect((await gateway.app.inject({ url: link })).statusCode).toBe(410);
  });

  test("recording: a call without one says so", async () => {
    const gateway = await testGateway();
    const id = await ringingCall(gateway);
    const refused = await gateway.ask("GET", `/calls/${id}/recording`);
    expect(refused.status).toBe(404);
    expect(refused.body.error.message).toBe("this call has no recording");
  });
});

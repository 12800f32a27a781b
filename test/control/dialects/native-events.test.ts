import type { AddressInfo } from "node:net";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpServerDeps } from "../../../src/control/http/server.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import type { MediaEvent } from "../../../src/media/protocol.ts";
import { ringingCall, type TestGateway, testGateway } from "../gateway.ts";

interface Listening extends TestGateway {
  /** Opens an event stream over a real socket. */
  follow(path: string, headers?: Record<string, string>): Promise<Follower>;
}

interface Follower {
  readonly status: number;
  readonly headers: Headers;
  /** Events up to now and until there are `count`, or the stream ended. */
  take(count: number): Promise<EventSourceMessage[]>;
  /** Waits for a comment (heartbeat). */
  comment(): Promise<string>;
  /** True when the server ended the stream. */
  over(): Promise<boolean>;
  leave(): void;
}

async function listening(deps: Partial<HttpServerDeps> = {}): Promise<Listening> {
  const gateway = await testGateway(deps);
  await gateway.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = gateway.app.server.address() as AddressInfo;
  return {
    ...gateway,
    follow: async (path, headers = {}) => {
      const stop = new AbortController();
      onTestFinished(() => stop.abort());
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        headers: { authorization: `Bearer ${gateway.key}`, ...headers },
        signal: stop.signal,
      });
      const messages: EventSourceMessage[] = [];
      const comments: string[] = [];
      const parser = createParser({
        onEvent: (message) => messages.push(message),
        onComment: (comment) => comments.push(comment),
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const until = async (enough: () => boolean): Promise<boolean> => {
        while (!enough()) {
          const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
          if (done) return false;
          parser.feed(value ?? "");
        }
        return true;
      };
      return {
        status: response.status,
        headers: response.headers,
        take: async (count) => {
          await until(() => messages.length >= count);
          return messages.splice(0, count);
        },
        comment: async () => {
          await until(() => comments.length > 0);
          return comments[0] ?? "";
        },
        over: async () => !(await until(() => false)),
        leave: () => stop.abort(),
      };
    },
  };
}

const dtmf = (callId: string, atMs: number): MediaEvent => ({ type: "dtmf", callId, digit: "7", atMs });
const data = (message: EventSourceMessage | undefined) => JSON.parse(message?.data ?? "null");

describe("native API, event streams", () => {
  test("events: come live, with type, call, sequence and instant", async () => {
    const gateway = await listening();
    const follower = await gateway.follow("/events");
    expect(follower.status).toBe(200);
    expect(follower.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    // Kept open after its end, the connection would hold up the stop of the gateway.
    expect(follower.headers.get("connection")).toBe("close");
    const callId = await ringingCall(gateway);
    await gateway.services.own.calls.applyMediaEvent(dtmf(callId, 120));
    const [ringing, digit] = await follower.take(2);
    expect(ringing?.event).toBe("call.ringing");
    expect(data(ringing)).toEqual({
      type: "call.ringing",
      call_id: callId,
      sequence: 1,
      at: "2026-11-22T12:00:00.000Z",
      data: {
        carrier: "twilio",
        direction: "inbound",
        from: "+15550199",
        to: "+15550100",
        agent_id: "agent_test",
      },
    });
    expect(digit).toMatchObject({ event: "dtmf", id: String(Number(ringing?.id) + 1) });
    expect(data(digit)).toMatchObject({ sequence: 2, data: { digit: "7", at_ms: 120 } });
  });

  test("events: every kind is told in this API's words", async () => {
    const gateway = await listening();
    const callId = await ringingCall(gateway);
    const { applyMediaEvent } = gateway.services.own.calls;
    const utterance = { utteranceId: "utt_1", role: "caller", text: "hi", startMs: 1, endMs: 2 } as const;
    const tool = { callId, toolCallId: "t1", name: "order", atMs: 5 } as const;
    const timing = { turnId: "turn_1", reason: "caller-turn", callerLastVoicedAtMs: 10, decidedAtMs: 20 } as const;
    const follower = await gateway.follow(`/calls/${callId}/events`);
    for (const event of [
      { type: "call-started", callId, wallMs: gateway.clock.wall() },
      { type: "answered-by", callId, kind: "machine", confidence: 0.95, atMs: 2, isFinal: true },
      { type: "transcript-partial", callId, role: "caller", utteranceId: "utt_1", text: "h", atMs: 3 },
      { type: "utterance", callId, utterance: { ...utterance, interrupted: false, via: "speech" } },
      { ...tool, type: "tool-started", argumentsJson: '{"n":2}' },
      { ...tool, type: "tool-ended", ok: false, output: "no", durationMs: 4 },
      { type: "turn", callId, turn: { ...timing, providerFirstByteAtMs: 30, firstFrameOnWireAtMs: 45 } },
      {
        type: "interruption",
        callId,
        interruption: { onsetAtMs: 1, silencedAtMs: 41, decidedAtMs: undefined, outcome: "backchannel", heardMs: 9 },
      },
      { type: "usage", callId, usage: { inputTextTokens: 3 } },
      { type: "call-error", callId, kind: "provider", message: "slow", fatal: false, atMs: 6 },
      {
        type: "call-ended",
        callId,
        wallMs: gateway.clock.wall() + 50,
        durationMs: 50,
        cause: "agent-hung-up",
        detail: "",
        stats: { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 },
        recording: undefined,
      },
    ] satisfies MediaEvent[]) {
      await applyMediaEvent(event);
    }
    const told = (await follower.take(12)).slice(1).map((message) => [message.event, data(message).data]);
    expect(told).toEqual([
      ["call.started", { started_at: "2026-11-22T12:00:00.000Z" }],
      ["call.answered-by", { answered_by: "machine", confidence: 0.95, final: true, at_ms: 2 }],
      ["transcript.partial", { id: "utt_1", role: "caller", text: "h", at_ms: 3 }],
      [
        "transcript.final",
        { id: "utt_1", role: "caller", text: "hi", start_ms: 1, end_ms: 2, interrupted: false, via: "speech" },
      ],
      ["tool.started", { id: "t1", name: "order", arguments: { n: 2 }, at_ms: 5 }],
      ["tool.ended", { id: "t1", name: "order", ok: false, output: "no", duration_ms: 4, at_ms: 5 }],
      [
        "turn.completed",
        {
          id: "turn_1",
          reason: "caller-turn",
          caller_last_voiced_at_ms: 10,
          decided_at_ms: 20,
          provider_first_byte_at_ms: 30,
          first_frame_on_wire_at_ms: 45,
          endpointing_ms: 10,
          provider_ms: 10,
          playout_ms: 15,
          latency_ms: 35,
        },
      ],
      [
        "interruption",
        {
          onset_at_ms: 1,
          silenced_at_ms: 41,
          decided_at_ms: null,
          time_to_silence_ms: 40,
          outcome: "backchannel",
          heard_ms: 9,
        },
      ],
      ["usage", { input_text_tokens: 3 }],
      ["call.error", { kind: "provider", message: "slow", fatal: false, at_ms: 6 }],
      ["call.ended", { cause: "agent-hung-up", ended_by: "agent", detail: "", duration_ms: 50, recorded: false }],
    ]);
    expect((await gateway.services.own.calls.get(callId)).answeredBy).toBe("machine");
    expect(await follower.over()).toBe(true);
  });

  test.each([
    ["the header", (id: string) => ({ path: "/events", headers: { "last-event-id": id } })],
    ["the query", (id: string) => ({ path: `/events?last_event_id=${id}`, headers: {} })],
  ])("events: after a break the stream goes on behind the last one seen, named by %s", async (_where, request) => {
    const gateway = await listening();
    const callId = await ringingCall(gateway);
    const first = await gateway.follow("/events?last_event_id=0");
    const [ringing] = await first.take(1);
    first.leave();
    for (let index = 0; index < 300; index++) await gateway.services.own.calls.applyMediaEvent(dtmf(callId, index));
    const { path, headers } = request(ringing?.id ?? "");
    const second = await gateway.follow(path, headers);
    const live = gateway.services.own.calls.applyMediaEvent(dtmf(callId, 300));
    const sequences = (await second.take(301)).map((message) => data(message).sequence);
    await live;
    expect(sequences).toEqual(Array.from({ length: 301 }, (_, index) => index + 2));
  });

  test("call events: only that call's, from its beginning, and the stream ends with it", async () => {
    const gateway = await listening();
    const [mine, other] = [await ringingCall(gateway), await ringingCall(gateway)];
    const follower = await gateway.follow(`/calls/${mine}/events`);
    await gateway.services.own.calls.applyMediaEvent(dtmf(other, 1));
    await gateway.services.own.calls.endCall(mine, "caller-hung-up", "");
    const messages = await follower.take(3);
    expect(messages.map((message) => message.event)).toEqual(["call.ringing", "call.ended"]);
    const again = await gateway.follow(`/calls/${mine}/events`, { "last-event-id": messages[1]?.id ?? "" });
    expect(again.status).toBe(204);
  });

  test("events: an id that is none is refused", async () => {
    const gateway = await listening();
    expect((await gateway.follow("/events", { "last-event-id": "abc" })).status).toBe(400);
    const { key } = gateway;
    const headers = { authorization: `Bearer ${key}`, "last-event-id": "abc" };
    const refused = await gateway.app.inject({ url: "/api/v1/events", headers });
    expect(refused.json().error).toMatchObject({ code: "invalid_request", field: "Last-Event-ID" });
    expect((await gateway.follow("/events?last_event_id=-1")).status).toBe(400);
  });

  const quick = { heartbeatMs: 20, maxBufferedBytes: 262_144, stallMs: 10_000, maxPerKey: 2 };

  test("events: a quiet stream shows that it lives", async () => {
    const gateway = await listening({ eventStreams: quick });
    const follower = await gateway.follow("/events");
    expect(await follower.comment()).toBe("still here");
  });

  test("events: a stream whose key was revoked is closed at the next heartbeat", async () => {
    const gateway = await listening({ eventStreams: quick });
    const follower = await gateway.follow("/events");
    const [key] = await gateway.services.keys.list();
    await gateway.services.keys.revoke(firstOrgId, key?.id ?? "");
    expect(await follower.over()).toBe(true);
  });

  test("events: a key may hold so many streams and no more; one that ends makes room", async () => {
    const gateway = await listening({ eventStreams: { ...quick, maxPerKey: 1 } });
    const callId = await ringingCall(gateway);
    const first = await gateway.follow(`/calls/${callId}/events`);
    expect((await gateway.follow("/events")).status).toBe(429);
    await gateway.services.own.calls.endCall(callId, "caller-hung-up", "");
    expect(await first.over()).toBe(true);
    expect((await gateway.follow("/events")).status).toBe(200);
  });

  test("events: streams end when the server closes", async () => {
    const gateway = await listening();
    const follower = await gateway.follow("/events");
    await gateway.app.close();
    expect(await follower.over()).toBe(true);
  });
});

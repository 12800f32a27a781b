import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openServices } from "../../../../src/control/service/services.ts";
import { type E164, firstOrgId } from "../../../../src/kit/ids.ts";
import type { CallStats, MediaEvent } from "../../../../src/media/protocol.ts";
import {
  databaseOf,
  plainAgent,
  ringingCall,
  storedRows,
  type TestServices,
  testServices,
  testSettings,
  withOwn,
} from "../../gateway.ts";

const stats: CallStats = { framesIn: 100, framesOut: 90, underruns: 1, ignoredMessages: 2, faults: 3 };

function ended(callId: string, wallMs: number, change: Partial<Extract<MediaEvent, { type: "call-ended" }>> = {}) {
  const event = { type: "call-ended", callId, wallMs, durationMs: 2000, cause: "caller-hung-up", detail: "" } as const;
  return { ...event, stats, recording: undefined, ...change } satisfies MediaEvent;
}

const utterance = {
  utteranceId: "utt_1",
  role: "caller",
  text: "two pizzas please",
  startMs: 500,
  endMs: 1400,
  interrupted: false,
  via: "speech",
} as const;

/** Every event of a call, as `sequence type`. */
async function told({ services }: TestServices, callId: string): Promise<string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  if (!(await services.feed.hasAfter(firstOrgId, 0, callId))) return seen;
  for await (const events of services.feed.follow({ orgId: firstOrgId, callId, afterId: 0, signal: stop.signal })) {
    seen.push(...events.map((event) => `${event.sequence} ${event.type}`));
    break;
  }
  stop.abort();
  return seen;
}

describe("record of a call", () => {
  test("call: ringing, in progress, ended, each with its event and its instant", async () => {
    const control = await testServices();
    const { services, clock } = control;
    const callId = await ringingCall(control, { metadata: { order: "7" }, carrierCallId: "CA1" });
    expect(await services.own.calls.get(callId)).toMatchObject({
      status: "ringing",
      carrierCallId: "CA1",
      metadata: { order: "7" },
      createdAt: clock.wall(),
      startedAt: null,
      cause: null,
    });
    await services.own.calls.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() + 100.4 });
    expect(await services.own.calls.get(callId)).toMatchObject({
      status: "in-progress",
      startedAt: clock.wall() + 100,
    });
    await services.own.calls.applyMediaEvent(ended(callId, clock.wall() + 2100));
    expect(await services.own.calls.get(callId)).toMatchObject({
      status: "ended",
      cause: "caller-hung-up",
      endedAt: clock.wall() + 2100,
      durationMs: 2000,
      stats,
    });
    expect(await told(control, callId)).toEqual(["1 call.ringing", "2 call.started", "3 call.ended"]);
  });

  test("call: everything a media process reports is kept, and told in the order it came", async () => {
    const control = await testServices();
    const { services } = control;
    const callId = await ringingCall(control);
    const reports: MediaEvent[] = [
      { type: "call-started", callId, wallMs: 1 },
      { type: "utterance", callId, utterance },
      { type: "tool-started", callId, toolCallId: "t1", name: "order", argumentsJson: '{"n":2}', atMs: 1500 },
      {
        type: "tool-ended",
        callId,
        toolCallId: "t1",
        name: "order",
        ok: true,
        output: '{"ok":true}',
        durationMs: 250,
        atMs: 1750,
      },
      {
        type: "turn",
        callId,
        turn: {
          turnId: "turn_1",
          reason: "caller-turn",
          callerLastVoicedAtMs: 1400,
          decidedAtMs: 1900,
          providerFirstByteAtMs: 2200,
          firstFrameOnWireAtMs: 2220,
        },
      },
      {
        type: "interruption",
        callId,
        interruption: { onsetAtMs: 3000, silencedAtMs: 3040, decidedAtMs: 3500, outcome: "yielded", heardMs: 800 },
      },
      { type: "dtmf", callId, digit: "5", atMs: 4000 },
      { type: "usage", callId, usage: { inputAudioTokens: 10, outputTextTokens: 3 } },
      { type: "usage", callId, usage: { inputAudioTokens: 5, transcriptionSeconds: 1.5 } },
      { type: "call-error", callId, kind: "provider", message: "slow", fatal: false, atMs: 4500 },
    ];
    await Promise.all(reports.map((report) => services.own.calls.applyMediaEvent(report)));
    expect(await services.own.calls.transcript(callId)).toEqual([utterance]);
    expect(await services.own.calls.toolCalls(callId)).toEqual([
      {
        toolCallId: "t1",
        name: "order",
        argumentsJson: '{"n":2}',
        output: '{"ok":true}',
        ok: true,
        startedAtMs: 1500,
        endedAtMs: 1750,
        durationMs: 250,
      },
    ]);
    const timeline = await services.own.calls.timeline(callId);
    expect(timeline.turns[0]?.parts).toEqual({ endpointingMs: 500, providerMs: 300, playoutMs: 20, latencyMs: 820 });
    expect(timeline.interruptions).toEqual([
      { onsetAtMs: 3000, silencedAtMs: 3040, decidedAtMs: 3500, outcome: "yielded", heardMs: 800 },
    ]);
    const { usage } = await services.own.calls.get(callId);
    expect(usage).toMatchObject({ inputAudioTokens: 15, outputTextTokens: 3, transcriptionSeconds: 1.5 });
    expect(await told(control, callId)).toEqual([
      "1 call.ringing",
      "2 call.started",
      "3 transcript.final",
      "4 tool.started",
      "5 tool.ended",
      "6 turn.completed",
      "7 interruption",
      "8 dtmf",
      "9 usage",
      "10 usage",
      "11 call.error",
    ]);
  });

  test("call: an utterance told again replaces its earlier words", async () => {
    const control = await testServices();
    const callId = await ringingCall(control);
    await control.services.own.calls.applyMediaEvent({ type: "utterance", callId, utterance });
    const corrected = { ...utterance, text: "ten pizzas please" };
    await control.services.own.calls.applyMediaEvent({ type: "utterance", callId, utterance: corrected });
    expect(await control.services.own.calls.transcript(callId)).toEqual([corrected]);
  });

  test("call: two providers may give two calls the same tool call id", async () => {
    const control = await testServices();
    const ids = [await ringingCall(control), await ringingCall(control)];
    for (const callId of ids) {
      const report = { type: "tool-started", toolCallId: "t1", name: "a", argumentsJson: "{}", atMs: 1 } as const;
      await control.services.own.calls.applyMediaEvent({ ...report, callId });
    }
    for (const callId of ids) expect(await control.services.own.calls.toolCalls(callId)).toHaveLength(1);
  });

  test("ending: the first one stands, whoever else reports one", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    const callId = await ringingCall(control);
    await calls.applyMediaEvent({ type: "call-started", callId, wallMs: control.clock.wall() });
    control.clock.ms += 5000;
    const [first, second] = await Promise.all([
      calls.endCall(callId, "media-process-died", "the media process ended"),
      calls.endCall(callId, "api-hung-up", ""),
    ]);
    expect([first, second]).toEqual([true, false]);
    await calls.applyMediaEvent(ended(callId, control.clock.wall()));
    expect(await calls.get(callId)).toMatchObject({ cause: "media-process-died", durationMs: 5000 });
    expect((await told(control, callId)).filter((line) => line.endsWith("call.ended"))).toHaveLength(1);
  });

  test("ending: what comes after it is kept, but call.ended stays the last event", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    const callId = await ringingCall(control, { record: true });
    await calls.endCall(callId, "api-hung-up", "");
    await calls.applyMediaEvent({ type: "utterance", callId, utterance });
    await calls.applyMediaEvent({ type: "call-started", callId, wallMs: 5 });
    const recording = { path: "/elsewhere", durationMs: 1999.6, sizeBytes: 4242 };
    await calls.applyMediaEvent(ended(callId, 9, { recording }));
    expect(await calls.transcript(callId)).toHaveLength(1);
    expect(await calls.get(callId)).toMatchObject({
      status: "ended",
      cause: "api-hung-up",
      startedAt: null,
      recording: { durationMs: 2000, sizeBytes: 4242 },
      stats,
    });
    expect(await told(control, callId)).toEqual(["1 call.ringing", "2 call.ended"]);
  });

  test("ending: an unknown call is no ending", async () => {
    const { services } = await testServices();
    expect(await services.own.calls.endCall("call_00000000000000000000000000" as never, "api-hung-up", "")).toBe(false);
  });

  test("partial transcripts: are told while the call lasts and forgotten when it ends", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    const callId = await ringingCall(control);
    const partial = (text: string): MediaEvent => ({
      type: "transcript-partial",
      callId,
      role: "caller",
      utteranceId: "utt_1",
      text,
      atMs: 1,
    });
    await calls.applyMediaEvent(partial("two"));
    expect(await told(control, callId)).toEqual(["1 call.ringing", "2 transcript.partial"]);
    // The last one and the ending share a transaction.
    await Promise.all([calls.applyMediaEvent(partial("two pizzas")), calls.applyMediaEvent(ended(callId, 9))]);
    expect(await told(control, callId)).toEqual(["1 call.ringing", "3 call.ended"]);
  });

  test("media events of no call, or of one we do not know, change nothing and harm nobody", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    await calls.applyMediaEvent({ type: "ready", pid: 1, wsPort: 1, wsEngine: "ws" });
    await calls.applyMediaEvent({ type: "dtmf", callId: "call_gone", digit: "1", atMs: 1 });
    await calls.applyMediaEvent(ended("call_gone", 1));
    expect((await calls.list({}, { limit: 10, after: undefined })).data).toEqual([]);
  });

  test("a write that fails does not take its neighbours in the transaction with it", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    const [good, other] = [await ringingCall(control), await ringingCall(control)];
    const broken = { ...utterance, startMs: null as never };
    const results = await Promise.allSettled([
      calls.applyMediaEvent({ type: "utterance", callId: good, utterance }),
      calls.applyMediaEvent({ type: "utterance", callId: other, utterance: broken }),
      calls.applyMediaEvent({ type: "dtmf", callId: good, digit: "1", atMs: 1 }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await told(control, good)).toEqual(["1 call.ringing", "2 transcript.final", "3 dtmf"]);
    expect(await told(control, other)).toEqual(["1 call.ringing"]);
  });

  test("carrier's id: of two open calls with the same one the second is refused; after the end it may come again", async () => {
    const control = await testServices();
    const { calls } = control.services.own;
    const callId = await ringingCall(control, { carrierCallId: "CA1" });
    expect(await calls.findOpenCall("twilio", "CA1")).toBe(callId);
    await expect(ringingCall(control, { carrierCallId: "CA1" })).rejects.toMatchObject({ code: "conflict" });
    await calls.endCall(callId, "setup-timeout", "");
    expect(await calls.findOpenCall("twilio", "CA1")).toBeUndefined();
    await expect(ringingCall(control, { carrierCallId: "CA1" })).resolves.toMatch(/^call_/);
  });

  test("snapshot: the agent is kept with the call without its secrets", async () => {
    const control = await testServices();
    const tool = {
      name: "order",
      description: "",
      parameters: {},
      url: "https://shop.example.com",
      secret: "tool-secret",
      timeoutMs: 1,
      headers: { authorization: "header-secret" },
    };
    const webhook = { url: "https://shop.example.com/llm", secret: "webhook-secret" };
    await ringingCall(control, { agent: { ...plainAgent, tools: [tool], webhook } });
    await control.services.close();
    const rows = await storedRows(control.dataDir, "calls");
    expect(rows).toContain("https://shop.example.com/llm");
    expect(rows).toContain("authorization");
    expect(rows).not.toMatch(/(tool|header|webhook)-secret/);
  });
});

describe("after a crash", () => {
  test("calls left open end as failed with their cause, at the last thing known of them", async () => {
    const before = await testServices();
    const ringing = await ringingCall(before);
    const talking = await ringingCall(before, { record: true });
    await before.services.own.calls.applyMediaEvent({
      type: "call-started",
      callId: talking,
      wallMs: before.clock.wall(),
    });
    before.clock.ms += 30_000;
    await before.services.own.calls.applyMediaEvent({ type: "dtmf", callId: talking, digit: "1", atMs: 30_000 });
    const over = await ringingCall(before);
    await before.services.own.calls.endCall(over, "caller-hung-up", "");
    // The process dies here: nothing is closed. The recording had reached the disk.
    writeFileSync(before.services.own.calls.recordingPath(talking), Buffer.alloc(1000));

    const clock = { now: () => 0, wall: () => before.clock.wall() + 3_600_000 };
    const settings = { ...testSettings, databaseUrl: await databaseOf(before.dataDir), dataDir: before.dataDir };
    const after = withOwn(await openServices(settings, clock, before.random));
    expect(await after.own.calls.failCallsLeftOver("gateway-restarted")).toBe(2);
    expect(await after.own.calls.failCallsLeftOver("gateway-restarted")).toBe(0);
    expect(await after.own.calls.get(ringing)).toMatchObject({
      status: "ended",
      cause: "gateway-restarted",
      durationMs: null,
    });
    expect(await after.own.calls.get(talking)).toMatchObject({
      status: "ended",
      cause: "gateway-restarted",
      endedAt: before.clock.wall(),
      durationMs: 30_000,
      recording: { durationMs: null, sizeBytes: 1000 },
    });
    expect(await after.own.calls.get(over)).toMatchObject({ cause: "caller-hung-up" });
    await after.close();
  });

  test("events older than a week are deleted, younger ones and the calls stay", async () => {
    const before = await testServices();
    const callId = await ringingCall(before);
    await before.services.own.calls.endCall(callId, "caller-hung-up", "");
    await before.services.close();
    const later = await testServices({
      dataDir: before.dataDir,
      random: before.random,
      clock: { now: () => 0, wall: () => before.clock.wall() + 8 * 24 * 3_600_000 },
    });
    const young = await ringingCall(later);
    await later.services.forgetOldEvents();
    expect(await later.services.feed.hasAfter(firstOrgId, 0, callId)).toBe(false);
    expect(await later.services.feed.hasAfter(firstOrgId, 0, young)).toBe(true);
    expect(await later.services.own.calls.get(callId)).toMatchObject({ status: "ended" });
  });
});

describe("first start", () => {
  test("makes the demo agent, its number and one key, once in the life of the data folder", async () => {
    const first = await testServices();
    const made = await first.services.firstStart("");
    expect(made).toMatch(/^tk_live_[0-9A-Za-z]{32}$/);
    expect(await first.services.firstStart("")).toBeUndefined();
    expect(await first.services.keys.authenticate(made ?? "")).toMatchObject({ dialect: "native" });
    const agent = await first.services.own.calls.resolveAgent("+15550100" as E164, "");
    expect(agent).toMatchObject({ provider: "local", record: true });
    expect(agent?.firstMessage).not.toBe("");
    await first.services.close();
    const second = await testServices({ dataDir: first.dataDir });
    expect(await second.services.firstStart("")).toBeUndefined();
    expect(await second.services.keys.authenticate(made ?? "")).toMatchObject({ dialect: "native" });
  });

  test("takes the key that the settings preset", async () => {
    const { services } = await testServices();
    const preset = "tk_live_abcdefghijklmnop";
    expect(await services.firstStart(preset)).toBe(preset);
    expect(await services.keys.authenticate(preset)).toMatchObject({ name: "First start" });
  });

  test.each(["sk_live_abcdefghijklmnop", "tk_live_short", "tk_live_with spaces inside it"])(
    "refuses the preset key %s before anything is made",
    async (preset) => {
      const { services } = await testServices();
      await expect(services.firstStart(preset)).rejects.toThrow("TANDEM_BOOTSTRAP_KEY");
      expect(await services.firstStart("")).toMatch(/^tk_live_/);
    },
  );
});

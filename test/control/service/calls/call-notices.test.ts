import { writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { openServices } from "../../../../src/control/service/services.ts";
import type { Notice } from "../../../../src/control/service/webhooks/notices.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import type { Utterance } from "../../../../src/media/protocol.ts";
import {
  databaseOf,
  HeldClock,
  ringingCall,
  seededRandom,
  storedRows,
  type TestServices,
  temporaryFolder,
  testSettings,
  withOwn,
} from "../../gateway.ts";
import { testVoices } from "../../webhook-house.ts";

/** Services whose first organisation has a webhook that wants everything. */
async function listeningServices(): Promise<TestServices> {
  const [clock, random, dataDir] = [new HeldClock(), seededRandom(), temporaryFolder()];
  const settings = { ...testSettings, databaseUrl: await databaseOf(dataDir), dataDir };
  const opened = await openServices(settings, clock, random, { voices: testVoices });
  onTestFinished(() => opened.close());
  const services = withOwn(opened);
  await services.own.webhooks("native").create({ url: "https://shop.example.com/hook", events: ["*"] } as never);
  return { services, clock, random, dataDir };
}

/** What the webhook is to be told, in order. */
async function told({ dataDir }: TestServices): Promise<Notice[]> {
  const rows: { position: number; notice: string }[] = JSON.parse(await storedRows(dataDir, "webhook_deliveries"));
  return rows.sort((one, other) => one.position - other.position).map(({ notice }) => JSON.parse(notice));
}

const types = async (house: TestServices) => (await told(house)).map(({ type }) => type);

const said = (n: number, text: string, role: Utterance["role"] = "caller"): Utterance => ({
  utteranceId: `utt_${n}`,
  role,
  text,
  startMs: n * 1000,
  endMs: n * 1000 + 500,
  interrupted: false,
  via: "speech",
});

describe("webhooks of calls", () => {
  test("a call in: each change is told in the order it came, with the call as it was then", async () => {
    const house = await listeningServices();
    const { calls } = house.services.own;
    const callId = await ringingCall(house, { record: true, metadata: { lead: "7" } });
    await calls.applyMediaEvent({ type: "call-started", callId, wallMs: house.clock.wall() });
    await calls.applyMediaEvent({ type: "utterance", callId, utterance: said(1, "My name is Ann Lee.") });
    await calls.applyMediaEvent({ type: "utterance", callId, utterance: said(2, "My sink is leaking.") });
    house.clock.ms += 60_000;
    writeFileSync(calls.recordingPath(callId), Buffer.alloc(100));
    await calls.endCall(callId, "caller-hung-up", "");
    await calls.endCall(callId, "api-hung-up", "");
    const notices = await told(house);
    expect(notices.map(({ type }) => type)).toEqual([
      "call.inbound",
      "call.ringing",
      "call.answered",
      "call.ended",
      "call.recording-ready",
      "call.transcript-ready",
    ]);
    expect(notices.every(({ subject }) => subject === callId)).toBe(true);
    const stands = notices.map((notice) => ("call" in notice ? [notice.call.status, notice.call.costMicros] : []));
    expect(stands).toEqual([
      ["ringing", 0],
      ["ringing", 0],
      ["in-progress", 0],
      ["ended", 410_000],
      ["ended", 410_000],
      ["ended", 410_000],
    ]);
    expect(notices.at(-1)).toMatchObject({
      call: { metadata: { lead: "7" } },
      transcript: [{ text: "My name is Ann Lee." }, { text: "My sink is leaking." }],
      summary: { callerName: "Ann Lee", intent: "service_request", spam: false },
    });
  });

  test("a call of ours: initiated, ringing once, and nothing of what was not there", async () => {
    const house = await listeningServices();
    const { calls } = house.services.own;
    const callId = await ringingCall(house, { direction: "outbound", carrier: "sip" });
    await calls.noteSignalling(callId, { isRinging: true });
    await calls.noteSignalling(callId, { isRinging: true });
    await calls.endCall(callId, "busy", "");
    expect(await types(house)).toEqual(["call.initiated", "call.ringing", "call.ended"]);
  });

  test("line by line: only a call that asked for it, each utterance once, with a sequence of its own", async () => {
    const house = await listeningServices();
    const { calls } = house.services.own;
    const [silent, live] = [await ringingCall(house), await ringingCall(house, { liveTranscript: true })];
    for (const callId of [silent, live]) {
      const utterances = [said(1, "Hello?"), said(2, "Welcome.", "agent"), said(1, "Hello there?"), said(3, "Bye.")];
      for (const utterance of utterances) await calls.applyMediaEvent({ type: "utterance", callId, utterance });
      await calls.endCall(callId, "caller-hung-up", "");
      await calls.applyMediaEvent({ type: "utterance", callId, utterance: said(4, "Late.") });
    }
    const lines = (await told(house)).filter((notice) => notice.type === "call.transcript-line");
    expect(lines.map(({ subject, sequence, utterance }) => [subject, sequence, utterance.text])).toEqual([
      [live, 1, "Hello?"],
      [live, 2, "Welcome."],
      [live, 3, "Bye."],
    ]);
  });

  test("a recording that comes after the ending is told then", async () => {
    const house = await listeningServices();
    const { calls } = house.services.own;
    const callId = await ringingCall(house, { record: true });
    await calls.endCall(callId, "media-process-died", "");
    const stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
    const recording = { path: "/elsewhere", durationMs: 2000, sizeBytes: 100 };
    const late = { type: "call-ended", callId, wallMs: 9, durationMs: 1, cause: "caller-hung-up", detail: "" } as const;
    await calls.applyMediaEvent({ ...late, stats, recording });
    await calls.applyMediaEvent({ ...late, stats, recording });
    expect(await types(house)).toEqual(["call.inbound", "call.ringing", "call.ended", "call.recording-ready"]);
  });

  test("what is rolled back is not told", async () => {
    const house = await listeningServices();
    await ringingCall(house, { carrierCallId: "CA1" });
    await expect(ringingCall(house, { carrierCallId: "CA1" })).rejects.toMatchObject({ code: "conflict" });
    expect(await types(house)).toEqual(["call.inbound", "call.ringing"]);
  });

  test("another organisation's webhooks hear nothing", async () => {
    const house = await listeningServices();
    const { id } = await house.services.orgs.create({ name: "Other", hasPaymentMethod: true });
    await ringingCall(house, { orgId: id });
    expect(id).not.toBe(firstOrgId);
    expect(await types(house)).toEqual([]);
  });
});

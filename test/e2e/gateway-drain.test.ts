import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RealtimeServer } from "../../bench/sim/realtime-server.ts";
import { placeCall } from "../../bench/sim/twilio-phone.ts";
import { lives, mediaPids, openStream, recordingOf } from "../kit/calls.ts";
import { eventually, type TestGateway } from "../kit/gateway.ts";
import {
  begin,
  beginAndTalk,
  conversation,
  harbourNumber,
  lengthWithBothVoices,
  startHarbour,
  startModel,
} from "../kit/harbour.ts";
import { StallWatch } from "../kit/stalls.ts";

let sim: RealtimeServer;
beforeAll(async () => {
  sim = await startModel();
});
afterAll(() => sim?.close());

/** A gateway that is gone after the test, however it ends. */
async function harbour(env: Record<string, string> = {}, dataDir?: string): Promise<TestGateway> {
  const gateway = await startHarbour(sim, env, dataDir);
  onTestFinished(() => gateway.close());
  return gateway;
}

describe("a gateway told to stop", () => {
  test("SIGTERM drains: the running call finishes, new ones are refused, and the record is complete", async () => {
    const first = await harbour({ TANDEM_DRAIN_MS: "30000", TANDEM_MEDIA_PROCESSES: "2" });
    const watch = await StallWatch.begin(first);
    onTestFinished(() => watch.close());
    const waiting = await openStream(first, harbourNumber);
    const call = await begin(first);
    await call.speaks;
    const stopped = first.stop("SIGTERM");
    await eventually("new calls are refused", async () => {
      const wanted = { carrier: "twilio", to: harbourNumber, from: "", metadata: {} };
      return (await first.api("POST", "/streams", wanted)).status === 503 ? true : undefined;
    });
    expect((await fetch(`${first.httpUrl}/readyz`)).status).toBe(503);
    // A stream whose ticket was given before the stop comes too late.
    const late = await placeCall({ ...waiting, script: conversation, maxMs: 10_000 });
    expect(late.firstAudioMs).toBeUndefined();
    const result = await call.result;
    expect(result.ending).toBe("script");
    expect(result.agentSpeech.length).toBeGreaterThanOrEqual(2);
    await stopped;
    expect(first.lines.join("\n")).toContain('"stopped"');

    const second = await harbour({}, first.dataDir);
    const record = (await second.api("GET", `/calls/${call.callId}`)).body;
    expect(record).toMatchObject({ cause: "caller-hung-up" });
    expect(await watch.unexplained([{ result, record }])).toEqual([]);
    expect((await second.api("GET", `/calls/${waiting.callId}`)).body).toMatchObject({ cause: "gateway-stopped" });
    lengthWithBothVoices(await recordingOf(second, call.callId));
  }, 120_000);

  test("SIGTERM with no patience left: the call ends as gateway-stopped with its recording closed", async () => {
    const first = await harbour({ TANDEM_DRAIN_MS: "100" });
    const call = await beginAndTalk(first);
    const pids = [...mediaPids(first).values()];
    await first.stop("SIGTERM");
    expect((await call.result).ending).toBe("gateway");
    expect(pids.some(lives)).toBe(false);
    const second = await harbour({}, first.dataDir);
    const { body } = await second.api("GET", `/calls/${call.callId}`);
    expect(body).toMatchObject({ cause: "gateway-stopped", recorded: true });
    const lengthMs = lengthWithBothVoices(await recordingOf(second, call.callId));
    expect(Math.abs(lengthMs - body.duration_ms)).toBeLessThan(500);
  }, 120_000);
});

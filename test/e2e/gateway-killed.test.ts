import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RealtimeServer } from "../../bench/sim/realtime-server.ts";
import { callNumber, lives, mediaPids, recordingOf, transcriptOf } from "../kit/calls.ts";
import { eventually, type TestGateway } from "../kit/gateway.ts";
import {
  beginAndTalk,
  conversation,
  harbourNumber,
  lengthWithBothVoices,
  startHarbour,
  startModel,
} from "../kit/harbour.ts";

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

describe("a killed gateway", () => {
  test("killed in a call: the next start ends the call as gateway-restarted and keeps its recording; no orphan stays", async () => {
    const first = await harbour({ TANDEM_MEDIA_PROCESSES: "2" });
    const call = await beginAndTalk(first);
    const pids = [...mediaPids(first).values()];
    expect(pids.length).toBe(2);
    await first.stop("SIGKILL");
    const { ending, firstAudioMs = 0, agentSpeech, durationMs } = await call.result;
    expect(ending).toBe("gateway");
    await eventually("no media process outlives its parent", () => (pids.some(lives) ? undefined : true));

    const second = await harbour({}, first.dataDir);
    const { body } = await second.api("GET", `/calls/${call.callId}`);
    expect(body).toMatchObject({ status: "ended", cause: "gateway-restarted", ended_by: "gateway", recorded: true });
    expect(body.ended_at >= body.started_at).toBe(true);
    expect((await transcriptOf(second, call.callId))[0]).toMatchObject({ role: "agent" });
    // The media process outlived its parent just long enough to finish the file.
    const lengthMs = lengthWithBothVoices(await recordingOf(second, call.callId));
    expect(lengthMs).toBeGreaterThan((agentSpeech.at(-1)?.endMs ?? 0) - firstAudioMs);
    expect(lengthMs).toBeLessThan(durationMs + 1000);
    expect((await callNumber(second, harbourNumber, conversation)).record.cause).toBe("caller-hung-up");
  }, 120_000);

  test("killed while a media process was starting: that one goes too", async () => {
    const gateway = await harbour();
    const pid = mediaPids(gateway).get(0) ?? 0;
    process.kill(pid, "SIGKILL");
    const next = await eventually("its successor is born", () => {
      const found = mediaPids(gateway).get(0);
      return found === pid ? undefined : found;
    });
    await gateway.stop("SIGKILL");
    await eventually("the successor is gone", () => (lives(next) ? undefined : true));
  }, 120_000);

  test("all processes killed at once, as when the power goes: the recording is whole up to its last second", async () => {
    const first = await harbour();
    const call = await beginAndTalk(first);
    for (const pid of [...mediaPids(first).values(), first.pid]) process.kill(pid, "SIGKILL");
    const { firstAudioMs = 0, durationMs } = await call.result;
    await first.stop();
    const second = await harbour({}, first.dataDir);
    expect((await second.api("GET", `/calls/${call.callId}`)).body).toMatchObject({ cause: "gateway-restarted" });
    expect(lengthWithBothVoices(await recordingOf(second, call.callId))).toBeGreaterThan(
      durationMs - firstAudioMs - 2500,
    );
  }, 120_000);
});

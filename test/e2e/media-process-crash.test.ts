import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { RealtimeServer } from "../../bench/sim/realtime-server.ts";
import { endedCall, mediaPids, metric, processOf, recordingOf, transcriptOf } from "../kit/calls.ts";
import { eventually, type Json, type TestGateway } from "../kit/gateway.ts";
import {
  answer,
  type BegunCall,
  begin,
  beginAndTalk,
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

let gateway: TestGateway | undefined;
let watch: StallWatch | undefined;
afterEach(async () => {
  watch?.close();
  watch = undefined;
  await gateway?.close();
  gateway = undefined;
});

for (const engine of ["uws", "ws"]) {
  describe(`two media processes (${engine})`, () => {
    test("killing one ends its calls with a cause, the others talk to their end, and it comes back", async () => {
      const run = await startHarbour(sim, { TANDEM_MEDIA_PROCESSES: "2", TANDEM_WS_ENGINE: engine });
      gateway = run;
      const stalls = await StallWatch.begin(run);
      watch = stalls;
      // The kernel or the parent spreads the calls; we go on until each process has two.
      const calls: BegunCall[] = [];
      const on = (processId: number) => calls.filter(({ callId }) => processOf(run, callId) === processId);
      while (on(0).length < 2 || on(1).length < 2) {
        expect(calls.length).toBeLessThan(32);
        const more = await Promise.all([begin(run), begin(run), begin(run), begin(run)]);
        calls.push(...more);
        await Promise.all(more.map(({ speaks }) => speaks));
      }
      const over = new Set<BegunCall>();
      for (const call of calls) void call.result.then(() => over.add(call));
      await new Promise((resolve) => setImmediate(resolve));
      const doomed = on(0).filter((call) => !over.has(call));
      const others = on(1);
      expect(doomed.length).toBeGreaterThan(0);
      const pid = mediaPids(run).get(0) ?? 0;
      expect(pid).toBeGreaterThan(0);
      process.kill(pid, "SIGKILL");

      for (const { callId, result } of doomed) {
        expect(await result).toMatchObject({ ending: "gateway", closeCode: 1006 });
        expect(await endedCall(run, callId)).toMatchObject({ cause: "media-process-died", ended_by: "gateway" });
      }
      for (const { callId, result } of others) {
        const { ending, agentSpeech, faults } = await result;
        expect({ ending, faults }).toEqual({ ending: "script", faults: [] });
        expect(agentSpeech.length).toBeGreaterThanOrEqual(2);
        const record = await endedCall(run, callId);
        expect(record).toMatchObject({ cause: "caller-hung-up" });
        expect(await stalls.unexplained([{ result: await result, record }])).toEqual([]);
        expect((await transcriptOf(run, callId)).at(-1)).toMatchObject({ role: "agent", text: answer });
      }

      await eventually("the process lives again and is ready", async () => {
        const again = mediaPids(run).get(0);
        const { detail } = (await (await fetch(`${run.httpUrl}/readyz`)).json()) as Json;
        return again !== undefined && again !== pid && detail.media_process_0 === "ready" ? true : undefined;
      });
      expect(await metric(run, "tandem_media_process_restarts_total")).toBe(1);
      expect(await metric(run, "tandem_calls_ended_total", { cause: "media-process-died" })).toBe(doomed.length);

      const later: BegunCall[] = [];
      while (!later.some(({ callId }) => processOf(run, callId) === 0)) {
        expect(later.length).toBeLessThan(32);
        const more = await Promise.all([begin(run), begin(run)]);
        later.push(...more);
        await Promise.all(more.map(({ speaks }) => speaks));
      }
      for (const { result } of later) expect((await result).ending).toBe("script");
    }, 120_000);
  });
}

describe("one media process", () => {
  test("a recording cut off by the death of its process is still a whole WAV with the voices in it", async () => {
    const run = await startHarbour(sim, { TANDEM_MEDIA_PROCESSES: "1" });
    gateway = run;
    const call = await beginAndTalk(run);
    process.kill(mediaPids(run).get(0) ?? 0, "SIGKILL");
    await call.result;
    expect(await endedCall(run, call.callId)).toMatchObject({ cause: "media-process-died", recorded: true });
    expect(lengthWithBothVoices(await recordingOf(run, call.callId))).toBeGreaterThan(2000);
  }, 120_000);
});

import { execFileSync } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { parseWav } from "../../../../src/codecs/wav.ts";
import type { IdKind } from "../../../../src/kit/ids.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { AgentSpec, MediaEvent } from "../../../../src/media/protocol.ts";
import { CallSession, type CallSessionOptions } from "../../../../src/media/talk/io/call-session.ts";
import { CallerEars } from "../../../../src/media/talk/io/caller-ears.ts";
import { builtInMusic, ringback } from "../../../../src/media/talk/room-sounds.ts";
import { Rooms } from "../../../../src/media/talk/rooms.ts";
import { HeldClock, temporaryFolder } from "../../../control/gateway.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { FakeLeg } from "../../../kit/fake-leg.ts";
import { ScriptedAi } from "../../../kit/scripted-ai.ts";

const log = createLogger("silent", "test");

let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(log, createMetrics());
  return () => ears.close();
});

/** One call's shell with everything around it faked but its ears and its files. */
class Rig {
  readonly clock = new HeldClock();
  readonly metrics = createMetrics();
  readonly leg = new FakeLeg();
  readonly ai = new ScriptedAi();
  readonly events: MediaEvent[] = [];
  readonly session: CallSession;
  finished = 0;
  #lastId = 0;

  constructor(agent: Partial<AgentSpec> = {}, options: Partial<CallSessionOptions> & { recordingPath?: string } = {}) {
    this.session = new CallSession({
      plan: {
        callId: "call_1",
        carrier: "twilio",
        from: "+15550122",
        to: "+15550111",
        metadata: {},
        agent: { ...quietAgent, firstMessage: "Good morning to you.", ...agent },
        recordingPath: options.recordingPath,
      },
      clock: this.clock,
      log,
      metrics: this.metrics,
      openedAt: 0,
      ears,
      rooms: new Rooms({ music: builtInMusic, ringback }),
      allowPrivateTargets: false,
      makeId: (kind: IdKind) => `${kind}_${++this.#lastId}`,
      report: (event) => this.events.push(event),
      finished: () => {
        this.finished += 1;
      },
      ...options,
    });
    this.ai.attach(this.session.aiSink);
    onTestFinished(() => this.session.end("gateway-stopped", ""));
  }

  start(): this {
    this.session.start(this.leg, this.ai);
    return this;
  }

  run(ms: number): this {
    for (const end = this.clock.ms + ms; this.clock.ms < end; ) {
      this.clock.ms += 20;
      this.ai.now = this.clock.ms;
      this.ai.advance();
      this.session.tick(this.clock.ms);
    }
    return this;
  }

  async endings(): Promise<Extract<MediaEvent, { type: "call-ended" }>[]> {
    const deadline = Date.now() + 5_000;
    while (this.finished === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.events.filter((event) => event.type === "call-ended");
  }
}

describe("call session", () => {
  test("tells that the call began, what was said, and that it ended, in this order and once", async () => {
    const rig = new Rig().start().run(4000);
    rig.session.legEvents.ended("hung-up");
    rig.session.legEvents.ended("connection-lost");
    rig.session.end("api-hung-up", "");
    const [ending, ...more] = await rig.endings();
    expect(more).toEqual([]);
    expect(ending).toMatchObject({ cause: "caller-hung-up", durationMs: 4000, recording: undefined });
    expect(ending?.stats.framesOut).toBeGreaterThanOrEqual(70);
    expect(rig.events[0]?.type).toBe("call-started");
    expect(rig.events.at(-1)?.type).toBe("call-ended");
    expect(rig.finished).toBe(1);
    expect([rig.ai.closed, rig.leg.did.at(-1)]).toEqual([true, "close"]);
  });

  test("ended while the leg was being accepted: what is handed over later is closed at once", async () => {
    const rig = new Rig();
    rig.session.end("connection-lost", "the stream went away");
    rig.start();
    expect([rig.ai.closed, rig.leg.did]).toEqual([true, ["close"]]);
    expect((await rig.endings()).map(({ cause }) => cause)).toEqual(["connection-lost"]);
    expect(rig.events.map(({ type }) => type)).toEqual(["call-ended"]);
  });

  test("an AI that fails for good while it is being started ends the call once", async () => {
    const rig = new Rig();
    rig.ai.start = () =>
      rig.session.aiSink.event({ type: "error", kind: "connect-failed", message: "no route", fatal: true });
    rig.start();
    expect(await rig.endings()).toMatchObject([{ cause: "provider-failed", detail: "connect-failed: no route" }]);
    expect(rig.ai.closed).toBe(true);
  });

  test("a broken rule while the call is set up ends it, and nothing stays open", async () => {
    const rig = new Rig();
    rig.ai.start = () => {
      throw new Error("broken provider");
    };
    rig.start();
    expect(await rig.endings()).toMatchObject([
      { cause: "internal-error", detail: expect.stringContaining("internal error") },
    ]);
    expect([rig.ai.closed, rig.leg.did.at(-1)]).toEqual([true, "close"]);
  });

  test("a broken rule in the middle, and again while the call is closed: it still ends, once, and everything is closed", async () => {
    const rig = new Rig().start().run(1000);
    rig.leg.breaks = true;
    rig.run(200);
    expect(await rig.endings()).toMatchObject([
      { cause: "internal-error", detail: expect.stringContaining("internal error") },
    ]);
    expect([rig.ai.closed, rig.leg.did.at(-1), rig.finished]).toEqual([true, "close", 1]);
  });

  test("nothing is taken after the end", async () => {
    const rig = new Rig().start().run(500);
    rig.session.end("api-hung-up", "");
    await rig.endings();
    const told = rig.events.length;
    rig.session.legEvents.audio(new Uint8Array(160));
    rig.session.legEvents.dtmf("1");
    rig.session.say("hello");
    rig.run(200);
    expect(rig.events.length).toBe(told);
  });

  test("the agent's hang-up by tool ends the call after the last word was played", async () => {
    const rig = new Rig({ firstMessage: "" });
    rig.ai.replies.push({ text: "Goodbye then.", tools: [{ toolCallId: "tool_1", name: "hang_up" }] });
    rig.start().run(40);
    rig.session.legEvents.dtmf("1");
    rig.session.legEvents.dtmf("#");
    rig.run(400);
    await new Promise((resolve) => setImmediate(resolve));
    rig.run(400);
    expect(rig.finished).toBe(0);
    // Nobody echoes marks here, so the ledger waits for them before it goes by the clock.
    rig.run(8000);
    expect((await rig.endings()).map(({ cause }) => cause)).toEqual(["agent-hung-up"]);
    const types = rig.events.map(({ type }) => type);
    expect(types.filter((type) => type === "tool-ended")).toHaveLength(1);
    expect(types.indexOf("utterance")).toBeLessThan(types.indexOf("call-ended"));
  });

  test("the recording is whole when the end is told", async () => {
    const recordingPath = join(temporaryFolder(), "call.wav");
    const rig = new Rig({}, { recordingPath }).start().run(3000);
    rig.session.end("api-hung-up", "");
    const [ending] = await rig.endings();
    expect(ending?.recording?.path).toBe(recordingPath);
    const wav = parseWav(new Uint8Array(await readFile(recordingPath)));
    if ("fault" in wav) throw new Error(wav.fault);
    expect(wav.samples.length / 2 / 8).toBe(3000);
  });

  test("a disk that hangs does not keep the call from ending", async () => {
    const recordingPath = join(temporaryFolder(), "stuck.wav");
    // Opening a pipe for writing waits until somebody reads it.
    execFileSync("mkfifo", [recordingPath]);
    const rig = new Rig({}, { recordingPath, recordingCloseMs: 50 }).start().run(200);
    rig.session.end("api-hung-up", "");
    expect(await rig.endings()).toMatchObject([{ cause: "api-hung-up", recording: undefined }]);
    const reader = await open(recordingPath, "r");
    await reader.close();
  });
});

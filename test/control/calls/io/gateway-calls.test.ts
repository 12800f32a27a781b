import { describe, expect, onTestFinished, test } from "vitest";
import type { NewCall, OpenStreamRequest, ResolvedAgent } from "../../../../src/control/calls/call-control.ts";
import { GatewayCalls } from "../../../../src/control/calls/io/gateway-calls.ts";
import { type CallId, type E164, firstOrgId } from "../../../../src/kit/ids.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { EndCause, MediaCommand, MediaEvent } from "../../../../src/media/protocol.ts";
import { callRecords } from "../../../kit/call-records.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { settle } from "../../../kit/live-house.ts";
import { HeldClock, seededRandom } from "../../gateway.ts";

const withoutCarrierId: OpenStreamRequest = {
  carrier: "twilio",
  to: "+15550111" as E164,
  from: "+15550122",
  metadata: {},
};
const request: OpenStreamRequest = { ...withoutCarrierId, carrierCallId: "CA1" };

/** Call control over a store in memory and one media process that only listens. */
class Rig {
  readonly clock = new HeldClock();
  readonly metrics = createMetrics();
  readonly process = { ready: true, commands: [] as MediaCommand[], send: (c: MediaCommand) => this.#take(c) };
  readonly created: NewCall[] = [];
  readonly endings: [CallId, EndCause][] = [];
  /** Set: writing a call waits for it. */
  hold: Promise<void> | undefined;
  failing = false;
  readonly calls: GatewayCalls;

  constructor() {
    const records = callRecords({
      createCall: async (call) => {
        await this.hold;
        if (this.failing) throw new Error("disk full");
        this.created.push(call);
        return undefined;
      },
      applyMediaEvent: async (event) => {
        if (event.type === "call-ended") this.endings.push([event.callId as CallId, event.cause]);
      },
      endCall: async (callId, cause) => this.endings.push([callId, cause]) > 0,
      resolveAgent: async () => ({ ...quietAgent, orgId: firstOrgId, record: false }) as ResolvedAgent,
      findOpenCall: async (_carrier, carrierCallId) =>
        this.created.find((call) => call.carrierCallId === carrierCallId)?.callId,
    });
    this.calls = new GatewayCalls({
      records,
      publicMediaUrl: "wss://media.example.com",
      maxCalls: 10,
      clock: this.clock,
      randomBytes: seededRandom(),
      log: createLogger("silent", "test"),
      metrics: this.metrics,
    });
    this.calls.addProcess(0, this.process);
    onTestFinished(() => this.calls.close());
  }

  offer(token: string, connectionId = "conn_1"): void {
    const offer = {
      carrier: "twilio",
      token,
      carrierCallId: "CA1",
      carrierStreamId: "MZ1",
      remoteAddress: "",
    } as const;
    this.calls.mediaEvent(0, { type: "stream-offered", connectionId, offer });
  }

  report(event: MediaEvent): void {
    this.calls.mediaEvent(0, event);
  }

  ended(callId: CallId, cause: EndCause = "caller-hung-up"): void {
    const stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
    const rest = { wallMs: 0, durationMs: 0, detail: "", stats, recording: undefined };
    this.report({ type: "call-ended", callId, cause, ...rest });
  }

  commands(): string[] {
    return this.process.commands.map(({ type }) => type);
  }

  async counted(cause: EndCause): Promise<number> {
    const { values } = await this.metrics.callsEnded.get();
    return values.find(({ labels }) => labels.cause === cause)?.value ?? 0;
  }

  #take(command: MediaCommand): void {
    this.process.commands.push(command);
  }
}

describe("gateway calls", () => {
  test("a carrier's webhook said twice at once makes one call with two tokens, either of which lets it in", async () => {
    const rig = new Rig();
    const [first, second] = await Promise.all([rig.calls.openStream(request), rig.calls.openStream(request)]);
    expect(rig.created).toHaveLength(1);
    expect(second.callId).toBe(first.callId);
    expect(second.token).not.toBe(first.token);
    rig.offer(second.token);
    expect(rig.commands()).toEqual(["accept-stream"]);
    rig.offer(first.token, "conn_2");
    expect(rig.commands()).toEqual(["accept-stream", "refuse-stream"]);
  });

  test("said again while it rings, the webhook gives the same call; once it talks it is refused", async () => {
    const rig = new Rig();
    const first = await rig.calls.openStream(request);
    const second = await rig.calls.openStream(request);
    expect(second.callId).toBe(first.callId);
    rig.offer(second.token);
    await expect(rig.calls.openStream(request)).rejects.toMatchObject({ code: "conflict" });
  });

  test("a store that fails: no call, no ticket, and the next try works", async () => {
    const rig = new Rig();
    rig.failing = true;
    await expect(rig.calls.openStream(request)).rejects.toThrow("disk full");
    expect(rig.calls.size).toBe(0);
    rig.failing = false;
    await rig.calls.openStream(request);
    expect(rig.calls.size).toBe(1);
  });

  test("a drain while a call's record is being written: its ticket is refused and the drain does not wait for it", async () => {
    const rig = new Rig();
    let release = () => {};
    rig.hold = new Promise((resolve) => {
      release = resolve;
    });
    const opening = rig.calls.openStream(request);
    await settle();
    const drained = rig.calls.drained();
    release();
    await expect(opening).rejects.toMatchObject({ code: "conflict" });
    await drained;
    expect(rig.endings).toMatchObject([[rig.created[0]?.callId, "gateway-stopped"]]);
  });

  test("a drain while the store fails a call resolves as well", async () => {
    const rig = new Rig();
    let release = () => {};
    rig.hold = new Promise((resolve) => {
      release = resolve;
    });
    rig.failing = true;
    const opening = rig.calls.openStream(request).catch((error: Error) => error.message);
    await settle();
    const drained = rig.calls.drained();
    release();
    expect(await opening).toBe("disk full");
    await drained;
  });

  test("a drain before the agent is known: no call is made", async () => {
    const rig = new Rig();
    const opening = rig.calls.openStream(withoutCarrierId);
    const drained = rig.calls.drained();
    await expect(opening).rejects.toMatchObject({ code: "unavailable" });
    await drained;
    expect(rig.created).toEqual([]);
  });

  test("a drain ends calls that ring and waits for those that talk", async () => {
    const rig = new Rig();
    const talking = await rig.calls.openStream(request);
    rig.offer(talking.token);
    const ringing = await rig.calls.openStream({ ...request, carrierCallId: "CA2" });
    let over = false;
    const drained = rig.calls.drained().then(() => {
      over = true;
    });
    await settle();
    expect([over, rig.endings]).toEqual([false, [[ringing.callId, "gateway-stopped"]]]);
    rig.ended(talking.callId);
    await drained;
  });

  test("a hang-up on the heels of the accept reaches the media process after it", async () => {
    const rig = new Rig();
    const { callId, token } = await rig.calls.openStream(request);
    rig.offer(token);
    await rig.calls.hangUp(callId, "api-hung-up");
    expect(rig.commands()).toEqual(["accept-stream", "hang-up"]);
    rig.report({ type: "call-started", callId, wallMs: 0 });
    rig.ended(callId, "api-hung-up");
    expect(rig.calls.size).toBe(0);
    expect(rig.endings).toEqual([[callId, "api-hung-up"]]);
  });

  test("a hang-up before the stream: the stream that comes all the same is refused", async () => {
    const rig = new Rig();
    const { callId, token } = await rig.calls.openStream(request);
    await rig.calls.hangUp(callId, "api-hung-up");
    rig.offer(token);
    expect(rig.commands()).toEqual(["refuse-stream"]);
    expect(rig.endings).toEqual([[callId, "api-hung-up"]]);
  });

  test("the process dies between accept and start: the call ends once, and its late report is not a second ending", async () => {
    const rig = new Rig();
    const { callId, token } = await rig.calls.openStream(request);
    rig.offer(token);
    rig.calls.processDied(0);
    expect(rig.endings).toEqual([[callId, "media-process-died"]]);
    expect(rig.calls.size).toBe(0);
    rig.ended(callId);
    expect(await rig.counted("media-process-died")).toBe(1);
    expect(await rig.counted("caller-hung-up")).toBe(0);
  });

  test("the last words of a dead process do not spend a token", async () => {
    const rig = new Rig();
    const { token } = await rig.calls.openStream(request);
    rig.process.ready = false;
    rig.offer(token);
    expect(rig.commands()).toEqual([]);
    rig.process.ready = true;
    rig.offer(token, "conn_2");
    expect(rig.commands()).toEqual(["accept-stream"]);
  });

  test("each call is counted once, by its one cause", async () => {
    const rig = new Rig();
    const { callId, token } = await rig.calls.openStream(request);
    rig.offer(token);
    rig.report({ type: "call-started", callId, wallMs: 0 });
    rig.ended(callId);
    rig.ended(callId);
    expect(await rig.counted("caller-hung-up")).toBe(1);
  });
});

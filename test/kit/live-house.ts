/** Call control's table of calls over a store in memory and a media process that only listens. */
import { onTestFinished } from "vitest";
import type {
  CallCredit,
  CallRecords,
  NewCall,
  SignallingFacts,
  TransferNews,
} from "../../src/control/calls/call-control.ts";
import type { LiveCall, NewLiveCall } from "../../src/control/calls/io/live-call.ts";
import { LiveCalls } from "../../src/control/calls/io/live-calls.ts";
import { MediaProcesses } from "../../src/control/calls/io/media-processes.ts";
import { type CallId, firstOrgId } from "../../src/kit/ids.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import type { AgentSpec, EndCause, MediaCommand, Utterance } from "../../src/media/protocol.ts";
import { HeldClock, seededRandom } from "../control/gateway.ts";
import { callRecords } from "./call-records.ts";
import { quietAgent } from "./conversation-call.ts";

/** Lets all promises that can settle do so. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export class LiveHouse {
  readonly clock = new HeldClock();
  readonly randomBytes = seededRandom();
  readonly metrics = createMetrics();
  readonly log = createLogger("silent", "test");
  readonly commands: MediaCommand[] = [];
  readonly created: NewCall[] = [];
  readonly endings: [CallId, EndCause][] = [];
  readonly transfers: [CallId, TransferNews][] = [];
  readonly facts: [CallId, SignallingFacts][] = [];
  /** Set: writing a call waits for it. */
  hold: Promise<void> | undefined;
  /** How long the next calls can be paid. */
  credit: CallCredit | undefined;
  /** Set: the store refuses calls. */
  failing: Error | undefined;
  /** It reports the end of a call that it is told to hang up. */
  confirmsEnds = true;
  readonly records: CallRecords;
  readonly live: LiveCalls;

  constructor(processes = 1) {
    this.records = callRecords({
      createCall: async (call) => {
        await this.hold;
        if (this.failing) throw this.failing;
        this.created.push(call);
        return this.credit;
      },
      applyMediaEvent: async (event) => {
        if (event.type === "call-ended") this.endings.push([event.callId as CallId, event.cause]);
      },
      noteSignalling: async (callId, facts) => void this.facts.push([callId, facts]),
      noteTransfer: async (callId, news) => void this.transfers.push([callId, news]),
      endCall: async (callId, cause) => this.endings.push([callId, cause]) > 0,
    });
    const media = new MediaProcesses();
    for (let id = 0; id < processes; id++) media.add(id, { ready: true, send: (command) => this.#take(command) });
    this.live = new LiveCalls({
      records: this.records,
      processes: media,
      maxCalls: 20,
      clock: this.clock,
      randomBytes: this.randomBytes,
      log: this.log,
      metrics: this.metrics,
    });
    onTestFinished(() => this.live.close());
  }

  /** A call that talks. */
  async talking(
    change: Partial<NewLiveCall> & { agent?: AgentSpec | undefined } = {},
    near?: CallId,
  ): Promise<LiveCall> {
    const call = await this.ringing(change, near);
    this.started(call.callId);
    return call;
  }

  /** A call that has its media process, and no media yet. */
  async ringing(change: Partial<NewLiveCall> = {}, near?: CallId): Promise<LiveCall> {
    const call = await this.live.make({
      orgId: firstOrgId,
      carrier: "internal",
      direction: "inbound",
      from: "+15550122",
      to: "+15550111",
      agent: quietAgent,
      metadata: { order: "7" },
      record: false,
      access: { type: "pair" },
      ...change,
    });
    this.live.place(call, near);
    return call;
  }

  started(callId: CallId): void {
    this.live.mediaEvent({ type: "call-started", callId, wallMs: 0 });
  }

  ended(callId: CallId, cause: EndCause): void {
    const stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
    const rest = { wallMs: 0, durationMs: 0, detail: "", stats, recording: undefined };
    this.live.mediaEvent({ type: "call-ended", callId, cause, ...rest });
  }

  /** The agent of a call has said something. */
  spoke(callId: CallId, change: Partial<Utterance> = {}): void {
    const utterance: Utterance = {
      utteranceId: "utt_1",
      role: "agent",
      text: "Hello.",
      startMs: 0,
      endMs: 1000,
      interrupted: false,
      via: "speech",
      ...change,
    };
    this.live.mediaEvent({ type: "utterance", callId, utterance });
  }

  pressed(callId: CallId, digit: string): void {
    this.live.mediaEvent({ type: "dtmf", callId, digit, atMs: 0 });
  }

  /** Commands about rooms since the last look, in short. */
  rooms(): string[] {
    const found = this.commands.splice(0).flatMap((command): string[] => {
      if (command.type === "join-room") return [`${command.callId} hears ${command.hears}, agent ${command.agent}`];
      return command.type === "leave-room" ? [`${command.callId} leaves`] : [];
    });
    return found;
  }

  /** Commands about links since the last look, in short. */
  links(): string[] {
    return this.commands.splice(0).flatMap((command): string[] => {
      if (!("linkId" in command)) return [];
      return [command.type === "open-link" ? `${command.type} ${command.roomId}` : command.type];
    });
  }

  /** What is left of a call in the table. */
  watchersOf({ callId }: LiveCall): number {
    return this.live.get(callId)?.watchers.size ?? 0;
  }

  #take(command: MediaCommand): void {
    this.commands.push(command);
    if (command.type === "hang-up" && this.confirmsEnds) this.ended(command.callId as CallId, command.cause);
  }
}

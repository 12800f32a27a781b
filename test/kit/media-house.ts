import { onTestFinished } from "vitest";
import { createDecoder, createEncoder } from "../../src/codecs/codec.ts";
import { frameBytes, frameSamples } from "../../src/codecs/format.ts";
import type { IdKind } from "../../src/kit/ids.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import type { AgentSpec, CallPlan, MediaCommand, MediaEvent } from "../../src/media/protocol.ts";
import { CallSession } from "../../src/media/talk/io/call-session.ts";
import type { CallerEars } from "../../src/media/talk/io/caller-ears.ts";
import { builtInMusic, ringback } from "../../src/media/talk/room-sounds.ts";
import { Rooms } from "../../src/media/talk/rooms.ts";
import { tone } from "../codecs/tone.ts";
import { HeldClock } from "../control/gateway.ts";
import { quietAgent } from "./conversation-call.ts";
import { FakeLeg } from "./fake-leg.ts";
import { toneAmplitude } from "./room-party.ts";
import { ScriptedAi } from "./scripted-ai.ts";

export interface HouseCallOptions {
  /** Undefined: a call without an agent. */
  readonly agent?: Partial<AgentSpec>;
  readonly leg?: ConstructorParameters<typeof FakeLeg>[0];
  readonly plan?: Partial<CallPlan>;
}

type JoinRoom = Extract<MediaCommand, { type: "join-room" }>;

/** One call of a house: its telephone says a tone and keeps what it hears. */
export class HouseCall {
  readonly leg: FakeLeg;
  readonly ai: ScriptedAi | undefined;
  readonly session: CallSession;
  readonly events: MediaEvent[] = [];
  /** Frames its agent was given, as the AI's bytes. */
  readonly agentHeard: Uint8Array[] = [];
  /** The tone the telephone says now; undefined: silence. */
  saysHz: number | undefined;
  ended = false;
  readonly #callId: string;
  #said = 0;

  constructor(house: MediaHouse, callId: string, options: HouseCallOptions) {
    this.#callId = callId;
    this.leg = new FakeLeg({ marks: false, ...options.leg });
    const { agent, plan } = options;
    this.session = new CallSession({
      plan: {
        callId,
        carrier: "sip",
        from: "+15550122",
        to: "+15550111",
        metadata: {},
        agent: agent && { ...quietAgent, ...agent },
        recordingPath: undefined,
        ...plan,
      },
      clock: house.clock,
      log: createLogger("silent", "test"),
      metrics: createMetrics(),
      openedAt: 0,
      ears: house.ears,
      rooms: house.rooms,
      allowPrivateTargets: false,
      makeId: house.makeId,
      report: (event) => this.events.push(event),
      finished: () => {
        this.ended = true;
      },
    });
    if (agent) {
      this.ai = new ScriptedAi();
      this.ai.now = house.clock.ms;
      this.ai.hears = (frame) => void this.agentHeard.push(frame.slice());
      this.ai.attach(this.session.aiSink);
    }
    this.session.start(this.leg, this.ai);
    onTestFinished(() => this.session.end("gateway-stopped", ""));
  }

  join(roomId: string, place: Partial<JoinRoom> = {}): void {
    const { hears = "room", agent = "none", ...more } = place;
    this.session.joinRoom({ type: "join-room", callId: this.#callId, roomId, hears, agent, ...more });
  }

  /** The telephone's frame of this tick. */
  bringFrame(): void {
    const format = this.leg.inbound;
    const { sampleRateHz } = format;
    const samples = frameSamples(format);
    const pcm =
      this.saysHz === undefined ? new Int16Array(samples) : tone(this.saysHz, sampleRateHz, samples, 6000, this.#said);
    this.#said += samples;
    const bytes = new Uint8Array(frameBytes(format));
    createEncoder(format).encode(pcm, bytes);
    this.session.legEvents.audio(bytes);
  }

  /** What the telephone was sent since the last look, as PCM of its present rate. */
  takeHeard(): Int16Array {
    const format = this.leg.outbound;
    const decoder = createDecoder(format);
    const frames = this.leg.sent.splice(0).map((payload) => {
      const pcm = new Int16Array(frameSamples(format));
      return pcm.subarray(0, decoder.decode(payload, pcm));
    });
    return Int16Array.from(frames.flatMap((frame) => [...frame]));
  }

  /** How loud the telephone was sent a tone since the last look. */
  loudness(...tonesHz: readonly number[]): number[] {
    const heard = this.takeHeard();
    return tonesHz.map((toneHz) => Math.round(toneAmplitude(heard, toneHz, this.leg.outbound.sampleRateHz) || 0));
  }

  /** Waits until the call's end was told; its recording is written in real time. */
  async over(): Promise<void> {
    const deadline = Date.now() + 5000;
    while (!this.ended && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
    if (!this.ended) throw new Error(`${this.#callId} did not end`);
  }

  of<Type extends MediaEvent["type"]>(type: Type): Extract<MediaEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<MediaEvent, { type: Type }> => event.type === type);
  }

  /** Orders to the AI, without their times. */
  get orders(): string[] {
    return (this.ai?.log ?? []).map((line) => line.slice(line.indexOf(" ") + 1));
  }
}

/** Several calls of one media process on a virtual clock; legs, providers and telephones are made up, the rest is real. */
export class MediaHouse {
  readonly clock = new HeldClock();
  readonly rooms = new Rooms({ music: builtInMusic, ringback });
  readonly ears: CallerEars;
  readonly calls: HouseCall[] = [];
  #lastId = 0;

  constructor(ears: CallerEars) {
    this.ears = ears;
  }

  readonly makeId = (kind: IdKind): string => `${kind}_${++this.#lastId}`;

  call(options: HouseCallOptions = {}): HouseCall {
    const call = new HouseCall(this, `call_${this.calls.length + 1}`, options);
    this.calls.push(call);
    return call;
  }

  /** Lets time pass, in the order of a media process's tick. */
  run(ms: number): this {
    for (const end = this.clock.ms + ms; this.clock.ms < end; ) {
      this.clock.ms += 20;
      for (const call of this.calls) call.bringFrame();
      this.rooms.tick();
      for (const { ai, session } of this.calls) {
        if (ai) ai.now = this.clock.ms;
        ai?.advance();
        session.tick(this.clock.ms);
      }
    }
    return this;
  }
}

import { frameBytes } from "../../codecs/format.ts";
import type { CallLeg } from "../leg.ts";
import type { CallStats, RoomHearing } from "../protocol.ts";
import type { AgentPlace, RoomGuest, RoomPlace, Rooms } from "./rooms.ts";
import { SwitchLeg } from "./switch-leg.ts";

/** The agent's side of a line. */
export interface LineAgent {
  /** What it hears, in the leg's format. */
  audio(payload: Uint8Array): void;
  /** A mark of its playout came back. */
  mark(name: string): void;
  /** Its far end becomes another by `change`; what was not heard at the old one is said at the new one. */
  reroute(change: () => void): void;
}

/** Takes both sides of a call on record, in the leg's own bytes or as 8 kHz PCM; `at` is monotonic ms. */
export interface LineRecording {
  fromLeg(payload: Uint8Array, at: number): void;
  callerPcm(pcm: Int16Array, at: number): void;
  toLeg(payload: Uint8Array, at: number): void;
}

export interface CallLineOptions {
  readonly leg: CallLeg;
  readonly rooms: Rooms;
  readonly recording: LineRecording | undefined;
  /** Without an agent or a room, what comes goes back. */
  readonly echo: boolean;
  /** Frames are counted there, parts of them too. */
  readonly stats: { -readonly [Name in keyof CallStats]: CallStats[Name] };
  readonly now: () => number;
  /** The first sound went out. */
  readonly begun: () => void;
  /** A broken rule in what a room did for this call. */
  readonly failed: (error: unknown) => void;
}

/**
 * The way between a telephone and whoever talks with it: its agent, whose bytes pass untouched; a room; or its own echo.
 * What is recorded and counted is what came from the telephone and what was sent to it, whoever that is.
 */
export class CallLine {
  /** The leg the agent is to talk to. */
  readonly agentLeg: SwitchLeg;
  readonly #options: CallLineOptions;
  #agent: LineAgent | undefined;
  #place: RoomPlace | undefined;
  #begun = false;

  constructor(options: CallLineOptions) {
    this.#options = options;
    const { leg } = options;
    this.agentLeg = new SwitchLeg(leg);
  }

  /** Who talks with the telephone while it is in no room. */
  set agent(agent: LineAgent) {
    this.#agent = agent;
    this.#setPace();
  }

  /** The room the call is in. */
  get roomId(): string | undefined {
    return this.#place?.roomId;
  }

  /** Audio from the telephone. */
  fromLeg(payload: Uint8Array): void {
    const { leg, recording, stats, echo, now } = this.#options;
    stats.framesIn += payload.length / frameBytes(leg.inbound);
    if (this.#place) {
      recording?.fromLeg(payload, now());
      this.#place.audio(payload);
    } else if (this.#agent) this.#agent.audio(payload);
    else {
      recording?.fromLeg(payload, now());
      if (echo && leg.sendAudio(payload)) this.#toLeg(payload);
    }
  }

  /** A mark came back from the telephone's leg. */
  mark(name: string): void {
    this.#agent?.mark(name);
  }

  /** The agent sent bytes on its leg. */
  agentSent(payload: Uint8Array): void {
    if (!this.#place) this.#count(payload);
  }

  /** Bytes of the agent were heard from `at` on. */
  agentHeard(payload: Uint8Array, at: number): void {
    if (!this.#place) this.#options.recording?.toLeg(payload, at);
  }

  /** 20 ms of what the agent hears. */
  agentHears(pcm: Int16Array, at: number): void {
    if (!this.#place) this.#options.recording?.callerPcm(pcm, at);
  }

  /** The call is in that room, or there is a place for it. */
  mayEnter(roomId: string): boolean {
    return this.#place?.roomId === roomId || !this.#options.rooms.isFull(roomId);
  }

  /** Goes to a room that it may enter, unless it is there; `arrange` follows. */
  enter(roomId: string): void {
    if (this.#place?.roomId !== roomId) this.#switchTo(this.#options.rooms.enter(roomId, this.#guest()));
  }

  /** What the telephone hears in the room, and what the agent does there. */
  arrange(hears: RoomHearing, agent: AgentPlace): void {
    this.#place?.arrange(hears, agent);
  }

  /** The agent is gone for good; the telephone stays where it is. */
  agentLeaves(): void {
    this.#agent = undefined;
    this.#setPace();
    this.#place?.agentLeaves();
  }

  /** The telephone and its agent are by themselves again. */
  leaveRoom(): void {
    if (this.#place) this.#switchTo(undefined);
  }

  /** The call is over. Twice is fine. */
  close(): void {
    this.#agent = undefined;
    this.#place?.leave();
    this.#place = undefined;
  }

  #switchTo(place: RoomPlace | undefined): void {
    const { leg } = this.#options;
    const change = (): void => {
      // A leg that buffers holds what belongs to the room.
      if (this.#place && leg.capabilities.marks) leg.clear();
      this.#place?.leave();
      this.#place = place;
      this.agentLeg.seat = place?.agentSeat;
      if (!place) leg.setRate?.(this.agentLeg.inbound.sampleRateHz);
      this.#setPace();
    };
    if (this.#agent) this.#agent.reroute(change);
    else change();
  }

  /** An agent alone hears all there is, as it comes; a room and the echo play it on at an even pace. */
  #setPace(): void {
    this.#options.leg.bringAll?.(this.#agent !== undefined && this.#place === undefined);
  }

  #guest(): RoomGuest {
    const { leg, failed } = this.#options;
    return {
      leg,
      agentLeg: this.agentLeg,
      failed,
      sent: (payload) => this.#toLeg(payload),
      agentHears: (payload) => this.#agent?.audio(payload),
      mark: (name) => this.mark(name),
    };
  }

  #toLeg(payload: Uint8Array): void {
    this.#count(payload);
    const { recording, now } = this.#options;
    recording?.toLeg(payload, now());
  }

  #count(payload: Uint8Array): void {
    const { stats, leg } = this.#options;
    stats.framesOut += payload.length / frameBytes(leg.outbound);
    if (this.#begun) return;
    this.#begun = true;
    this.#options.begun();
  }
}

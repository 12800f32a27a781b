import { defaultTurnOptions, type TurnOptions } from "../../src/media/talk/turn-options.ts";
import { type TurnInput, TurnTaking } from "../../src/media/talk/turn-taking.ts";

/** The VAD's report comes this much after the fact, as `defaultTurnOptions.speechStopLagMs` says. */
const vadStartLagMs = 60;
const vadStopLagMs = 200;

/**
 * Plays a conversation to the turn-taking machine on a virtual clock and writes down what it ordered, as "ms order".
 * Timeouts fire by themselves at the machine's deadline.
 */
export class FloorScript {
  readonly log: string[] = [];
  readonly machine: TurnTaking;
  #now = 0;

  constructor(options: Partial<TurnOptions> = {}) {
    this.machine = new TurnTaking({ ...defaultTurnOptions, ...options });
  }

  get state(): string {
    return this.machine.state;
  }

  /** Lets time pass up to `at`, then brings the input. */
  at(at: number, input: TurnInput): this {
    this.until(at);
    this.#bring(input);
    return this;
  }

  /** The caller is voiced from `from` to `to`; the VAD reports both a little later. */
  speech(from: number, to: number): this {
    this.speechStart(from);
    return this.speechStop(to);
  }

  speechStart(onsetAtMs: number): this {
    return this.at(onsetAtMs + vadStartLagMs, { type: "caller-speech-started", onsetAtMs });
  }

  speechStop(lastVoicedAtMs: number): this {
    return this.at(lastVoicedAtMs + vadStopLagMs, { type: "caller-speech-stopped", lastVoicedAtMs });
  }

  words(at: number, text: string, final = true, late = false): this {
    return this.at(at, { type: "words", text, final, late });
  }

  agentAudio(at: number): this {
    return this.at(at, { type: "agent-audio" });
  }

  /** The agent is asked to speak by himself, and is heard from `at`. */
  agentSpeaks(at: number, interruptible = true): this {
    this.at(at, { type: "reply-requested", reason: "say", interruptible });
    return this.agentAudio(at);
  }

  playoutDone(at: number): this {
    return this.at(at, { type: "playout-done" });
  }

  key(at: number): this {
    return this.at(at, { type: "dtmf-barge-in" });
  }

  keysComplete(at: number): this {
    return this.at(at, { type: "dtmf-turn" });
  }

  /** Lets time pass; the machine gets every timeout it asked for. */
  until(at: number): this {
    for (let due = this.machine.deadline; due !== undefined && due <= at; due = this.machine.deadline) {
      this.#now = Math.max(this.#now, due);
      this.#bring({ type: "timeout" });
    }
    this.#now = Math.max(this.#now, at);
    return this;
  }

  #bring(input: TurnInput): void {
    for (const order of this.machine.handle(input, this.#now)) {
      this.log.push(`${this.#now} ${order.type === "interruption" ? order.outcome : order.type}`);
    }
  }
}

import type { CallerClip, CallScript } from "./call-script.ts";

/** What the caller hears of the agent right now; times in ms since the call began. */
export interface AgentHeard {
  /** Start of the speech going on; undefined in silence. */
  readonly speakingSinceMs: number | undefined;
  /** End of the last sound heard. */
  readonly voicedUntilMs: number | undefined;
}

/** What the caller does in one 20 ms slot. */
export interface CallerAct {
  /** A clip begins with this slot. */
  readonly began?: { readonly clip: CallerClip; readonly bargeIn: boolean };
  readonly ended?: CallerClip;
  readonly digit?: string;
  readonly hangUp?: true;
  /** A step was given up: the agent did not do what it waits for. */
  readonly fault?: string;
}

/** Pause between the starts of two keys. */
const keyIntervalMs = 200;

/** A step that waits for the agent is given up after so long. */
export const maxAgentWaitMs = 60_000;

const nothing: CallerAct = {};

/** Performs a script, slot by slot. */
export class ScriptPlayer {
  readonly #script: CallScript;
  #index = 0;
  #stepSinceMs: number | undefined;
  /** End of the caller's last act: what the agent said before it does not count. */
  #actedAtMs = 0;
  #clip: CallerClip | undefined;
  #clipAt = 0;
  #keys = "";
  #nextKeyAtMs = 0;

  constructor(script: CallScript) {
    this.#script = script;
  }

  /** Fills `out` (one slot at 8 kHz) with what the caller says from `nowMs` on, and tells what else he does. */
  slot(nowMs: number, agent: AgentHeard, out: Int16Array): CallerAct {
    out.fill(0);
    if (this.#clip) return this.#play(nowMs, out);
    if (this.#keys !== "") return this.#press(nowMs);
    const step = this.#script[this.#index];
    if (!step) return nothing;
    this.#stepSinceMs ??= nowMs;
    const waitedMs = nowMs - this.#stepSinceMs;
    switch (step.type) {
      case "wait":
        if (waitedMs >= step.ms) this.#done(nowMs);
        return nothing;
      case "wait-for-agent": {
        const { voicedUntilMs } = agent;
        const spoke = voicedUntilMs !== undefined && voicedUntilMs > this.#actedAtMs;
        if (spoke && nowMs - voicedUntilMs >= step.quietMs) this.#done(nowMs);
        else if (waitedMs >= maxAgentWaitMs) return this.#giveUp(nowMs, "the agent did not speak, or did not stop");
        return nothing;
      }
      case "barge-in":
        if (agent.speakingSinceMs !== undefined && nowMs - agent.speakingSinceMs >= step.afterMs) {
          return this.#begin(step.clip, true, nowMs, out);
        }
        if (waitedMs >= maxAgentWaitMs) return this.#giveUp(nowMs, `the agent did not speak for ${step.afterMs} ms`);
        return nothing;
      case "play":
        return this.#begin(step.clip, false, nowMs, out);
      case "dtmf":
        this.#keys = step.digits;
        this.#nextKeyAtMs = nowMs;
        return this.#press(nowMs);
      case "hang-up":
        this.#done(nowMs);
        return { hangUp: true };
    }
  }

  #begin(clip: CallerClip, bargeIn: boolean, nowMs: number, out: Int16Array): CallerAct {
    this.#clip = clip;
    this.#clipAt = 0;
    return { ...this.#play(nowMs, out), began: { clip, bargeIn } };
  }

  #play(nowMs: number, out: Int16Array): CallerAct {
    const clip = this.#clip!;
    out.set(clip.samples.subarray(this.#clipAt, this.#clipAt + out.length));
    this.#clipAt += out.length;
    if (this.#clipAt < clip.samples.length) return nothing;
    this.#clip = undefined;
    this.#done(nowMs);
    return { ended: clip };
  }

  #press(nowMs: number): CallerAct {
    if (nowMs < this.#nextKeyAtMs) return nothing;
    const digit = this.#keys[0]!;
    this.#keys = this.#keys.slice(1);
    this.#nextKeyAtMs = nowMs + keyIntervalMs;
    if (this.#keys === "") this.#done(nowMs);
    return { digit };
  }

  #giveUp(nowMs: number, reason: string): CallerAct {
    const fault = `step ${this.#index + 1}: ${reason} within ${maxAgentWaitMs} ms`;
    this.#done(nowMs);
    return { fault };
  }

  #done(nowMs: number): void {
    this.#index += 1;
    this.#stepSinceMs = undefined;
    this.#actedAtMs = nowMs;
  }
}

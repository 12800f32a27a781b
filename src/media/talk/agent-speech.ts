import { Transcoder } from "../../codecs/transcoder.ts";
import type { AiSession } from "../ai/session.ts";
import type { CallLeg } from "../leg.ts";
import type { Playout } from "./playout.ts";

/** Brings the model's audio into the leg's encoding and into the playout; the model's bytes untouched where both agree. */
export class AgentSpeech {
  readonly #transcoder: Transcoder;
  readonly #playout: Playout;
  #itemId: string | undefined;
  #responseId = "";

  constructor(ai: AiSession, leg: CallLeg, playout: Playout) {
    this.#transcoder = new Transcoder(ai.outbound, leg.outbound);
    this.#playout = playout;
  }

  /** Agent audio in the model's format; what the playout said of it. */
  push(responseId: string, itemId: string, audio: Uint8Array, now: number): "queued" | "stale" | "overflow" {
    if (itemId !== this.#itemId) {
      this.flush(now);
      this.#itemId = itemId;
      this.#responseId = responseId;
    }
    return this.#playout.push(responseId, itemId, this.#transcoder.convert(audio), now);
  }

  /** The item is complete: what the resampler still holds is its last sound. */
  endItem(itemId: string, now: number): void {
    if (itemId === this.#itemId) this.flush(now);
    this.#playout.endItem(itemId);
  }

  /** The response is complete, and its items with it; `completed` false: it was cut short. */
  endResponse(responseId: string, completed: boolean, now: number): void {
    if (responseId === this.#responseId) this.flush(now);
    this.#playout.endResponse(responseId, completed);
  }

  /** Ends the present item's sound with what the resampler still holds. */
  flush(now: number): void {
    if (this.#itemId === undefined) return;
    if (!this.#transcoder.passThrough) {
      const tail = this.#transcoder.flush();
      if (tail.length > 0) this.#playout.push(this.#responseId, this.#itemId, tail, now);
    }
    this.#itemId = undefined;
  }
}

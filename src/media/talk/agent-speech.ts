import { bytesPerMs } from "../../codecs/format.ts";
import { Transcoder } from "../../codecs/transcoder.ts";
import type { AiSession } from "../ai/session.ts";
import type { CallLeg } from "../leg.ts";
import type { Playout } from "./playout.ts";

/** Brings the model's audio into the leg's encoding and into the playout; the model's bytes untouched where both agree. */
export class AgentSpeech {
  readonly #transcoder: Transcoder;
  readonly #playout: Playout;
  /** Bytes of one ms in the model's format, to tell how long an item is there. */
  readonly #aiBytesPerMs: number;
  #itemId: string | undefined;
  #responseId = "";
  #receivedBytes = 0;

  constructor(ai: AiSession, leg: CallLeg, playout: Playout) {
    this.#transcoder = new Transcoder(ai.outbound, leg.outbound);
    this.#playout = playout;
    this.#aiBytesPerMs = bytesPerMs(ai.outbound);
  }

  /** Agent audio in the model's format; what the playout said of it. */
  push(responseId: string, itemId: string, audio: Uint8Array, now: number): "queued" | "stale" | "overflow" {
    if (itemId !== this.#itemId) {
      this.flush(now);
      this.#itemId = itemId;
      this.#responseId = responseId;
      this.#receivedBytes = 0;
    }
    this.#receivedBytes += audio.length;
    return this.#playout.push(responseId, itemId, this.#transcoder.convert(audio), now);
  }

  /** The item is complete: what the resampler still holds is its last sound. */
  endItem(itemId: string, now: number): void {
    if (itemId === this.#itemId) this.flush(now);
    this.#playout.endItem(itemId);
  }

  /** Length of an item in the model's own count, in whole ms; undefined when it is not the latest item. */
  receivedMs(itemId: string): number | undefined {
    return itemId === this.#itemId ? Math.floor(this.#receivedBytes / this.#aiBytesPerMs) : undefined;
  }

  flush(now: number): void {
    if (this.#itemId === undefined) return;
    if (!this.#transcoder.passThrough) {
      const tail = this.#transcoder.flush();
      if (tail.length > 0) this.#playout.push(this.#responseId, this.#itemId, tail, now);
    }
    this.#itemId = undefined;
  }
}

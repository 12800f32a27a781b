import { frameMs } from "../../codecs/format.ts";
import type { PlayoutItem } from "./playout-item.ts";
import type { PlayoutNews } from "./playout-news.ts";

/** Notices that the far end had nothing to play in the middle of an item: by our fault, or because nothing came. Once a gap. */
export class PlayoutGaps {
  /** A far jitter buffer bridges what is late by this much. */
  readonly #slackMs: number;
  #ranDry = false;
  /** Since when a whole frame waits to be sent. */
  #waitingSince: number | undefined;

  /** `marks`: the far end keeps what is sent ahead, so that nothing bridges a gap. */
  constructor(marks: boolean) {
    this.#slackMs = marks ? 0 : frameMs;
  }

  /** A whole frame waits to be sent, or none does. */
  waits(isWaiting: boolean, now: number): void {
    if (isWaiting) this.#waitingSince ??= now;
    else this.#waitingSince = undefined;
  }

  /** Something is on its way again. */
  sent(): void {
    this.#ranDry = false;
  }

  /** What is on its way was taken back, or begins anew. */
  restart(): void {
    this.#ranDry = false;
    this.#waitingSince = undefined;
  }

  /** What is to be told now. `dryAt`: when the far end has played all it was sent; `next`: the item of the next byte. */
  check(dryAt: number | undefined, next: PlayoutItem | undefined, now: number): PlayoutNews | undefined {
    if (this.#ranDry || dryAt === undefined || now <= dryAt + this.#slackMs) return undefined;
    this.#ranDry = true;
    if (next?.startedAtMs === undefined || next.done) return undefined;
    const { itemId } = next;
    if (this.#waitingSince !== undefined && this.#waitingSince <= dryAt) return { type: "underrun", itemId };
    return next.ended ? undefined : { type: "starved", itemId };
  }
}

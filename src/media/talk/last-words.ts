/** What had come of the agent's voice is heard for at most so long, in ms: the caller waits for nobody any more. */
const longestMs = 5_000;

/** The end of a call whose provider is gone for good: what it had said until then is still heard. */
export class LastWords {
  #detail: string | undefined;
  #latestEndAt = 0;

  /** The provider is gone; the first reason stays. */
  begin(detail: string, now: number): void {
    if (this.#detail !== undefined) return;
    this.#detail = detail;
    this.#latestEndAt = now + longestMs;
  }

  /** Why the call is to end now; undefined: not yet, or not for this. `unheardMs`: what is still to be heard. */
  over(unheardMs: number, now: number): string | undefined {
    return unheardMs <= 0 || now >= this.#latestEndAt ? this.#detail : undefined;
  }
}

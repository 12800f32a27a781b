/** A reply that was asked for and never began is given up after this long, in ms. */
const askedTimeoutMs = 15_000;

/** Keeps count of the agent's replies: asked for, being made, with sound; so that "nothing more will come" is known. */
export class Replies {
  readonly #open = new Map<string, { audio: boolean }>();
  #asked = 0;
  #askedAt = 0;
  #finished = false;

  /** A reply was ordered. */
  asked(now: number): void {
    this.#asked++;
    this.#askedAt = now;
    this.#finished = true;
  }

  /** The provider began one. */
  started(responseId: string): void {
    this.#asked = Math.max(0, this.#asked - 1);
    this.#open.set(responseId, { audio: false });
    this.#finished = true;
  }

  /** Audio of a reply came: `first` piece, a `further` one, or of a reply that was called off (`unknown`). */
  audio(responseId: string): "first" | "further" | "unknown" {
    const reply = this.#open.get(responseId);
    if (!reply) return "unknown";
    if (reply.audio) return "further";
    reply.audio = true;
    return "first";
  }

  /** A reply is complete; true when it was known and had no audio. */
  done(responseId: string): boolean {
    const reply = this.#open.get(responseId);
    this.#open.delete(responseId);
    return reply !== undefined && !reply.audio;
  }

  /** Replies under way. */
  get open(): Iterable<string> {
    return this.#open.keys();
  }

  /** Everything asked for and under way was called off. */
  cancelled(): void {
    this.#asked = 0;
    this.#open.clear();
    this.#finished = false;
  }

  /** What was called off is heard to its end after all. */
  resumed(): void {
    this.#finished = true;
  }

  /** True when no reply is owed or being made. */
  quiet(now: number): boolean {
    if (this.#asked > 0 && now - this.#askedAt > askedTimeoutMs) this.#asked = 0;
    return this.#asked === 0 && this.#open.size === 0;
  }

  /** True once after the last reply ended. */
  takeFinished(): boolean {
    const finished = this.#finished;
    this.#finished = false;
    return finished;
  }
}

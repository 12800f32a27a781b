import type { Utterance } from "../protocol.ts";

interface Span {
  readonly startAt: number;
  readonly endAt: number;
  readonly committedAt: number;
}

/** Spans kept for transcripts that have not come yet. */
const maxSpans = 32;
/** A turn whose transcript has not come by then has none: the next one's must not take its place. */
const maxTranscriptLagMs = 30_000;

/**
 * Gives the caller's words their place in time. Recognisers answer when they like, in their own order, without times;
 * the voice activity detector knows when the caller spoke. The first transcript of an item takes the oldest open span.
 */
export class CallerUtterances {
  readonly #startedAt: number;
  readonly #makeId: () => string;
  readonly #spans: Span[] = [];
  readonly #byItem = new Map<string, { readonly utteranceId: string; readonly span: Span | undefined }>();
  #speakingSince: number | undefined;
  #lastVoicedAt: number | undefined;
  /** Where the last speech that was no turn began; a provider may send its words all the same. */
  #passedSince: number | undefined;

  constructor(startedAt: number, makeId: () => string) {
    this.#startedAt = startedAt;
    this.#makeId = makeId;
  }

  /** Monotonic ms of the caller's last voiced frame, undefined before the first. */
  get lastVoicedAt(): number | undefined {
    return this.#lastVoicedAt;
  }

  speechStarted(onsetAt: number): void {
    this.#speakingSince ??= onsetAt;
  }

  speechStopped(lastVoicedAt: number): void {
    this.#lastVoicedAt = lastVoicedAt;
  }

  /** What was spoken since the last commit was no turn: a backchannel, or noise. */
  discarded(): void {
    this.#passedSince = this.#speakingSince ?? this.#passedSince;
    this.#speakingSince = undefined;
  }

  /** The caller's turn was committed: what was spoken since the last commit is one span. */
  committed(now: number): void {
    while (now - (this.#spans[0]?.committedAt ?? now) > maxTranscriptLagMs) this.#spans.shift();
    if (this.#speakingSince === undefined) return;
    const startAt = this.#speakingSince;
    this.#spans.push({ startAt, endAt: Math.max(startAt, this.#lastVoicedAt ?? now), committedAt: now });
    if (this.#spans.length > maxSpans) this.#spans.shift();
    this.#speakingSince = undefined;
  }

  /** The id under which partial and final transcripts of one provider item are reported. */
  utteranceId(itemId: string): string {
    return this.#item(itemId).utteranceId;
  }

  /** Whether an item's words belong to a turn that is committed already. */
  isCommitted(itemId: string): boolean {
    return this.#item(itemId).span !== undefined;
  }

  /** When the speech of an item's words began, in monotonic ms; undefined when that is not known. */
  spokenAt(itemId: string): number | undefined {
    return this.#item(itemId).span?.startAt ?? this.#speakingSince;
  }

  /** The final words of an item, placed; undefined when nothing was understood. */
  final(itemId: string, text: string, now: number): Utterance | undefined {
    const { utteranceId, span } = this.#item(itemId);
    this.#byItem.delete(itemId);
    if (text.trim() === "") return undefined;
    const startAt = span?.startAt ?? this.#speakingSince ?? this.#passedSince ?? now;
    const endAt = span?.endAt ?? Math.max(startAt, this.#lastVoicedAt ?? now);
    return {
      utteranceId,
      role: "caller",
      text: text.trim(),
      startMs: this.#since(startAt),
      endMs: this.#since(endAt),
      interrupted: false,
      via: "speech",
    };
  }

  /** Keys pressed count as something said. */
  keys(digits: string, firstKeyAt: number, now: number): Utterance {
    return {
      utteranceId: this.#makeId(),
      role: "caller",
      text: digits,
      startMs: this.#since(firstKeyAt),
      endMs: this.#since(now),
      interrupted: false,
      via: "dtmf",
    };
  }

  #item(itemId: string): { readonly utteranceId: string; readonly span: Span | undefined } {
    let item = this.#byItem.get(itemId);
    if (!item) {
      // A provider that never finishes its items must not grow this for the length of a call.
      if (this.#byItem.size >= maxSpans) this.#byItem.delete(this.#byItem.keys().next().value as string);
      item = { utteranceId: this.#makeId(), span: this.#spans.shift() };
      this.#byItem.set(itemId, item);
    }
    return item;
  }

  #since(at: number): number {
    return Math.max(0, Math.round(at - this.#startedAt));
  }
}

import type { AiSession } from "../ai/session.ts";
import type { Utterance } from "../protocol.ts";
import type { InterruptedItem, Playout, PlayoutNews, RestoredItem } from "./playout.ts";

/** A piece of the agent's words while it is heard. */
export interface AgentPartial {
  readonly utteranceId: string;
  readonly text: string;
}

/** An item that was cut off: what the model was told was heard of it, and whether it is being heard on after all. */
interface Cut {
  readonly told: string;
  readonly restored: boolean;
}

/** How far apart partial transcripts are given. */
const partialEveryMs = 200;
/** The agent's last words, kept to recognise their echo. */
const recentChars = 600;

/**
 * What the caller heard of the agent, as the playout ledger knows it: the transcript, and what the model is told of it.
 * Times are ms since the call's media began.
 */
export class AgentTranscript {
  readonly #ai: Pick<AiSession, "order">;
  readonly #playout: Pick<Playout, "item">;
  readonly #startedAt: number;
  readonly #makeId: () => string;
  /** Ids under which items being heard are reported. */
  readonly #utteranceIds = new Map<string, string>();
  /** Items of the last interruption. */
  #cuts = new Map<string, Cut>();
  #audibleItemId: string | undefined;
  #partialAt = 0;
  #partialText = "";
  #recentText = "";

  constructor(
    ai: Pick<AiSession, "order">,
    playout: Pick<Playout, "item">,
    options: { readonly startedAt: number; readonly makeId: () => string },
  ) {
    this.#ai = ai;
    this.#playout = playout;
    this.#startedAt = options.startedAt;
    this.#makeId = options.makeId;
  }

  /** The last words the caller heard, those of the moment too. */
  get recentText(): string {
    const audible = this.#audibleItemId === undefined ? undefined : this.#playout.item(this.#audibleItemId);
    return audible ? `${this.#recentText} ${audible.heardText}` : this.#recentText;
  }

  itemStarted(itemId: string): void {
    this.#audibleItemId = itemId;
    this.#partialText = "";
    this.#utteranceIds.set(itemId, this.#makeId());
  }

  /** The agent lost the floor: the model is told how far each item was heard. */
  interrupted(items: readonly InterruptedItem[]): void {
    const before = this.#cuts;
    this.#cuts = new Map();
    for (const { itemId, heardMs, receivedMs, heardText } of items) {
      this.#cuts.set(itemId, { told: heardText, restored: false });
      const cut = before.get(itemId);
      // The model believes that this item ended where it was cut first.
      if (cut?.restored) this.#tellMore(cut.told, heardText);
      else this.#ai.order({ type: "truncate", itemId, heardMs, receivedMs, heardText });
    }
  }

  /** It was a false alarm: these items are heard on. */
  restored(items: readonly RestoredItem[]): void {
    for (const { itemId } of items) {
      this.#cuts.set(itemId, { told: this.#cuts.get(itemId)?.told ?? "", restored: true });
    }
  }

  /** An item was heard to its end, or cut off for good; the utterance, if any of it was heard. */
  itemHeard(news: Extract<PlayoutNews, { type: "item-heard" }>): Utterance | undefined {
    const { itemId, text, interrupted } = news;
    this.#recentText = `${this.#recentText} ${text}`.slice(-recentChars);
    if (itemId === this.#audibleItemId) this.#audibleItemId = undefined;
    const cut = this.#cuts.get(itemId);
    this.#cuts.delete(itemId);
    if (cut?.restored) this.#tellMore(cut.told, text);
    else if (!interrupted) this.#ai.order({ type: "heard", itemId, heardText: text });
    const utteranceId = this.#utteranceIds.get(itemId) ?? this.#makeId();
    this.#utteranceIds.delete(itemId);
    if (text === "") return undefined;
    const startMs = this.#since(news.startMs);
    return { utteranceId, role: "agent", text, startMs, endMs: this.#since(news.endMs), interrupted, via: "speech" };
  }

  /** New words of the item being heard, from time to time. */
  partial(now: number): AgentPartial | undefined {
    const itemId = this.#audibleItemId;
    if (itemId === undefined || now - this.#partialAt < partialEveryMs) return undefined;
    this.#partialAt = now;
    const text = this.#playout.item(itemId)?.heardText ?? "";
    const utteranceId = this.#utteranceIds.get(itemId);
    if (text === this.#partialText || utteranceId === undefined) return undefined;
    this.#partialText = text;
    return { utteranceId, text };
  }

  /** What was heard of an item beyond what the model was told. */
  #tellMore(told: string, heardText: string): void {
    const more = heardText.startsWith(told) ? heardText.slice(told.length).trim() : "";
    if (more !== "") this.#ai.order({ type: "add-text", role: "agent", text: more });
  }

  #since(at: number): number {
    return Math.max(0, Math.round((at - this.#startedAt) * 10) / 10);
  }
}

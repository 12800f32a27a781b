/** A caller transcript worth telling: `final: false` replaces the earlier partial of its item. */
export interface CallerText {
  readonly itemId: string;
  readonly text: string;
  readonly final: boolean;
}

const maxItems = 32;
const maxCharacters = 16_384;

/**
 * Puts the pieces of caller transcripts together, by item: they may arrive in any order, before or after the reply. A server
 * that repeats the whole text so far in each piece is recognised by that.
 */
export class CallerTranscripts {
  readonly #partials = new Map<string, string>();
  readonly #finals = new Set<string>();

  partial(itemId: string, piece: string, replace: boolean): CallerText | undefined {
    if (piece === "" || this.#finals.has(itemId)) return undefined;
    const known = this.#partials.get(itemId) ?? "";
    const cumulative = replace || (known !== "" && piece.length > known.length && piece.startsWith(known));
    const text = (cumulative ? piece : known + piece).slice(0, maxCharacters);
    this.#partials.set(itemId, text);
    forgetOldest(this.#partials);
    return { itemId, text, final: false };
  }

  /** The whole text; undefined when it was told before. */
  final(itemId: string, text: string): CallerText | undefined {
    if (this.#finals.has(itemId)) return undefined;
    this.#partials.delete(itemId);
    this.#finals.add(itemId);
    forgetOldest(this.#finals);
    return { itemId, text: text.trim().slice(0, maxCharacters), final: true };
  }
}

function forgetOldest(items: Map<string, string> | Set<string>): void {
  if (items.size <= maxItems) return;
  for (const oldest of items.keys()) {
    items.delete(oldest);
    return;
  }
}

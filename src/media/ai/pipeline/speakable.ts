/** What a model writes against what a voice should say: reasoning is cut out, markup is taken off. */

const openTag = /<(think|thinking|thought|reasoning)>/i;
const closeTag = /<\/(think|thinking|thought|reasoning)>/i;
/** The longest tag is `</reasoning>`. */
const longestTag = 12;

/** Cuts `<think>…</think>` out of a stream of text, also when a tag is split between two deltas. */
export class ReasoningFilter {
  #held = "";
  #inside = false;

  /** The speakable part of `delta`. `restart` is true when what came before turned out to be reasoning (a closing tag alone). */
  push(delta: string): { readonly text: string; readonly restart: boolean } {
    this.#held += delta;
    let text = "";
    let restart = false;
    for (;;) {
      const close = closeTag.exec(this.#held);
      if (this.#inside) {
        if (!close) {
          this.#held = this.#held.slice(-longestTag);
          return { text, restart };
        }
        this.#held = this.#held.slice(close.index + close[0].length);
        this.#inside = false;
        continue;
      }
      const open = openTag.exec(this.#held);
      if (close && (!open || close.index < open.index)) {
        // Quirk (chat templates that put the opening tag in the prompt): the closing tag comes alone.
        this.#held = this.#held.slice(close.index + close[0].length);
        text = "";
        restart = true;
        continue;
      }
      if (open) {
        text += this.#held.slice(0, open.index);
        this.#held = this.#held.slice(open.index + open[0].length);
        this.#inside = true;
        continue;
      }
      const keepFrom = possibleTagStart(this.#held);
      text += this.#held.slice(0, keepFrom);
      this.#held = this.#held.slice(keepFrom);
      return { text, restart };
    }
  }

  /** What was held back at the end of the stream; unclosed reasoning is dropped. */
  flush(): string {
    const rest = this.#inside ? "" : this.#held;
    this.#held = "";
    this.#inside = false;
    return rest;
  }
}

/** Where a tag that is not complete yet may begin; the length of the text when nowhere. */
function possibleTagStart(text: string): number {
  const at = text.lastIndexOf("<");
  if (at < 0 || text.length - at >= longestTag) return text.length;
  return /^<\/?[a-z]*$/i.test(text.slice(at)) ? at : text.length;
}

/** Takes markdown, tags and emoji off a clause; "" when nothing is left that a voice can say. */
export function toSpeakable(clause: string): string {
  const text = clause
    .replace(/```[\w-]*/g, " ")
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, "$1")
    .replace(/<\/?[a-z][^<>]{0,200}>/gi, " ")
    .replace(/^\s*(?:#{1,6}\s+|>\s+|[-*+•]\s+|[-*_]{3,}\s*$)/gm, "")
    .replace(/(\*\*\*|\*\*|__|~~|`)/g, "")
    .replace(/(^|[\s("'])[*_](?=\S)/g, "$1")
    .replace(/(\S)[*_](?=[\s.,;:!?)"']|$)/g, "$1")
    .replace(/\s*\|\s*/g, " ")
    .replace(/\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{fe0f}|\u{200d}/gu, "")
    .replace(/\s+/g, " ")
    .trim();
  return /[\p{L}\p{N}]/u.test(text) ? text : "";
}

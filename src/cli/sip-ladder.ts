import { printable } from "../kit/printable.ts";

/** A SIP message as the API gives it. */
export interface LadderMessage {
  readonly sip_call_id: string;
  readonly at_ms: number;
  readonly direction: "in" | "out";
  readonly transport: string;
  readonly peer: string;
  readonly summary: string;
  readonly raw: string;
}

const timeWidth = 10;
const minColumnWidth = 24;
const maxColumnWidth = 56;
const ours = "Tandem";

/** Draws SIP messages as a ladder: we stand left, each far end is a column, an arrow is a message. */
export class Ladder {
  readonly #width: number;
  readonly #showsRaw: boolean;
  #peers: string[] = [];

  /** `width`: characters a line may have. */
  constructor(width: number, showsRaw = false) {
    this.#width = width;
    this.#showsRaw = showsRaw;
  }

  /** The lines of further messages; the heads of the columns stand before them whenever a far end is new. */
  draw(messages: readonly LadderMessage[]): string[] {
    const lines: string[] = [];
    const peers = [...new Set([...this.#peers, ...messages.map(columnOf)])];
    if (peers.length > this.#peers.length) {
      this.#peers = peers;
      lines.push(this.#heads());
    }
    for (const message of messages) {
      lines.push(this.#arrow(message));
      if (this.#showsRaw)
        lines.push(...message.raw.split(/\r\n|\r|\n/).map((line) => `  ${printable(line)}`.trimEnd()), "");
    }
    return lines;
  }

  get #columnWidth(): number {
    const fair = Math.floor((this.#width - timeWidth - 3) / Math.max(1, this.#peers.length));
    return Math.min(maxColumnWidth, Math.max(minColumnWidth, fair));
  }

  #heads(): string {
    const width = this.#columnWidth;
    const [first = "", ...others] = this.#peers.map((peer) => shorten(peer, width - ours.length - 1));
    const heads = [`${ours}${first.padStart(width + 1 - ours.length)}`, ...others.map((peer) => peer.padStart(width))];
    return `${"ms".padStart(timeWidth)}  ${heads.join("")}`;
  }

  /** `      10.0  |<--------- INVITE sip:… ---------|`, through the columns that stand between. */
  #arrow(message: LadderMessage): string {
    const width = this.#columnWidth;
    const column = this.#peers.indexOf(columnOf(message));
    const isIn = message.direction === "in";
    const cells = this.#peers.map((_, index) => {
      if (index > column) return " ".repeat(width - 1);
      const room = width - 1;
      const label = index === column ? ` ${shorten(printable(message.summary), room - 8)} ` : "";
      const dashes = room - label.length;
      const left = Math.floor(dashes / 2);
      const line = `${"-".repeat(left)}${label}${"-".repeat(dashes - left)}`;
      if (isIn && index === 0) return `<${line.slice(1)}`;
      return !isIn && index === column ? `${line.slice(0, -1)}>` : line;
    });
    // One far end after the other: the head of an arrow to the left is in the first cell, to the right in the last.
    return `${message.at_ms.toFixed(1).padStart(timeWidth)}  |${cells.join("|")}|`;
  }
}

function columnOf({ peer, transport }: LadderMessage): string {
  return `${printable(peer)} ${transport}`;
}

function shorten(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}

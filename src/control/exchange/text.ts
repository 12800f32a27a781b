/** `internal`: between two of our own numbers. */
export type TextDirection = "inbound" | "outbound" | "internal";

/** `received`: it has come to a number of ours. `sent`: the far end took it; `delivered`: the telephone itself did. */
export type TextStatus = "queued" | "sent" | "delivered" | "failed" | "received";

/** A text on its way. */
export interface NewText {
  /** E.164, an extension, or the user name of a phone without a number. */
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

/** What became of a text that was sent. */
export interface TextOutcome {
  readonly status: "sent" | "delivered" | "failed";
  /** One sentence for people; null when all is well. */
  readonly detail: string | null;
}

/** Where texts are kept; implemented by `service/texts.ts`. */
export interface TextRecords {
  /** True when the number is an agent's, so that texts to it end here. */
  isAgentNumber(number: string): Promise<boolean>;
  /** Keeps a text; gives its id. */
  add(text: NewText, direction: TextDirection, status: "queued" | "received"): Promise<string>;
  /** Notes what became of a queued text. */
  settle(id: string, outcome: TextOutcome): Promise<void>;
}

/** Who carries texts; the class is `io/text-desk.ts`. */
export interface TextCarrier {
  /** Sends a text that was kept as `queued`, and notes in the records what became of it. */
  carry(textId: string, text: NewText, direction: TextDirection): void;
}

import type { OrgId } from "../../kit/ids.ts";

/** `internal`: between two of our own numbers. */
export type TextDirection = "inbound" | "outbound" | "internal";

/** `received`: it has come to a number of ours. `sent`: the far end took it; `delivered`: the telephone itself did. */
export type TextStatus = "queued" | "sent" | "delivered" | "failed" | "received";

/** A text on its way. */
export interface NewText {
  /** Whose text it is: the sender's, or the number's it has come to. */
  readonly orgId: OrgId;
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

/** Where texts are kept; implemented by `service/texts/gateway-texts.ts`. */
export interface TextRecords {
  /** Whose agent's the number is, so that texts to it end here; undefined: nobody's. */
  ownerOf(number: string): Promise<OrgId | undefined>;
  /** Keeps a text; gives its id. */
  add(text: NewText, direction: TextDirection, status: "queued" | "received"): Promise<string>;
  /**
   * Keeps a text of a phone of ours for a number of another organisation, on both sides; refuses with `GatewayError`
   * what its organisation may not spend. Gives its id.
   */
  post(text: NewText): Promise<string>;
  /** Notes what became of a queued text. */
  settle(id: string, outcome: TextOutcome): Promise<void>;
}

/** Who carries texts; the class is `io/text-desk.ts`. */
export interface TextCarrier {
  /** Sends a text that was kept as `queued`, and notes in the records what became of it. */
  carry(textId: string, text: NewText, direction: TextDirection): void;
}

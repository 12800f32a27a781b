/** What is paid for: the price list's lines. `otp` costs nothing and is counted for the plan's sake. */
export type Item =
  | "number.local"
  | "number.tollfree"
  | "number.mobile"
  | "text.outbound"
  | "text.inbound"
  | "voice.outbound"
  | "voice.inbound"
  | "ai.outbound"
  | "ai.inbound"
  | "ai.inbound.byok"
  | "recording"
  | "otp";

/** What one of an item is: a number for a month, a text, a minute of a call, a one-time code read. */
export type ItemUnit = "number-month" | "text" | "minute" | "code";

/** The unit of each item. */
export const unitOf = {
  "number.local": "number-month",
  "number.tollfree": "number-month",
  "number.mobile": "number-month",
  "text.outbound": "text",
  "text.inbound": "text",
  "voice.outbound": "minute",
  "voice.inbound": "minute",
  "ai.outbound": "minute",
  "ai.inbound": "minute",
  "ai.inbound.byok": "minute",
  recording: "minute",
  otp: "code",
} as const satisfies Record<Item, ItemUnit>;

/** Items that are paid by the piece. */
export type CountedItem = { [Name in Item]: (typeof unitOf)[Name] extends "minute" ? never : Name }[Item];

/** All items, in the order of the price list. */
export const allItems = Object.keys(unitOf) as readonly Item[];

/** True when the text is the name of an item. */
export function isItem(text: string): text is Item {
  return Object.hasOwn(unitOf, text);
}

/** True for what is paid by the time it takes. */
export function isTimed(item: Item): boolean {
  return unitOf[item] === "minute";
}

/** What decides the price of a call. */
export interface CallTraits {
  readonly direction: "inbound" | "outbound";
  /** An agent talks on it; false: people among themselves. */
  readonly ai: boolean;
  /** The agent works with the customer's own key. */
  readonly byok?: boolean;
  readonly record?: boolean;
}

/** The items of a call: the one it is, and its recording. */
export function itemsOfCall({ direction, ai, byok = false, record = false }: CallTraits): Item[] {
  const talk: Item = !ai
    ? `voice.${direction}`
    : direction === "inbound" && byok
      ? "ai.inbound.byok"
      : `ai.${direction}`;
  return record ? [talk, "recording"] : [talk];
}

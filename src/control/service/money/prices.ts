/** Prices: what things cost, in whole micro-dollars; pure. */
import { allItems, type Item, isItem } from "./items.ts";

/** Whose published prices hold for an organisation. */
export type PriceBookName = "agentcall" | "agentnumber" | "jagcall";

/** One price list. */
export interface PriceBook {
  /** A call is paid by started steps of so many ms: 1000 by the second, 60 000 by the minute. */
  readonly stepMs: number;
  /** Micro-dollars for one unit of each item (`unitOf`). */
  readonly micros: Readonly<Record<Item, number>>;
  /** Credits are sold in packs of so many micro-dollars; null: any amount. */
  readonly packMicros: number | null;
}

export type PriceBooks = Readonly<Record<PriceBookName, PriceBook>>;

/** The vendors' published prices; what they leave open is said in docs/billing.md. */
export const defaultPriceBooks = {
  agentcall: {
    stepMs: 1_000,
    micros: {
      "number.local": 2_000_000,
      "number.tollfree": 2_500_000,
      "number.mobile": 2_000_000,
      "text.outbound": 15_000,
      "text.inbound": 8_000,
      "voice.outbound": 35_000,
      "voice.inbound": 15_000,
      "ai.outbound": 400_000,
      "ai.inbound": 400_000,
      "ai.inbound.byok": 100_000,
      recording: 10_000,
      otp: 0,
    },
    packMicros: null,
  },
  agentnumber: {
    stepMs: 60_000,
    micros: {
      "number.local": 5_000_000,
      "number.tollfree": 5_000_000,
      "number.mobile": 5_000_000,
      "text.outbound": 15_000,
      "text.inbound": 8_000,
      "voice.outbound": 50_000,
      "voice.inbound": 30_000,
      "ai.outbound": 50_000,
      "ai.inbound": 30_000,
      "ai.inbound.byok": 30_000,
      recording: 0,
      otp: 0,
    },
    packMicros: 10_000_000,
  },
  jagcall: {
    stepMs: 60_000,
    micros: {
      "number.local": 2_000_000,
      "number.tollfree": 2_500_000,
      "number.mobile": 2_000_000,
      "text.outbound": 15_000,
      "text.inbound": 8_000,
      "voice.outbound": 35_000,
      "voice.inbound": 15_000,
      "ai.outbound": 400_000,
      "ai.inbound": 400_000,
      "ai.inbound.byok": 100_000,
      recording: 10_000,
      otp: 0,
    },
    packMicros: null,
  },
} as const satisfies PriceBooks;

/** Nothing costs anything: what the Free plan allows is free. */
export function freeOfCharge(book: PriceBook): PriceBook {
  const micros = Object.fromEntries(allItems.map((item) => [item, 0])) as Record<Item, number>;
  return { ...book, micros };
}

/** A call's length as it is paid, in ms: whole steps, the started one counted. */
export function paidMs({ stepMs }: Pick<PriceBook, "stepMs">, durationMs: number): number {
  return Math.ceil(Math.max(0, durationMs) / stepMs) * stepMs;
}

/** What one timed item of a call costs, in micro-dollars, rounded up. */
export function timedCostMicros(book: PriceBook, item: Item, durationMs: number): number {
  return Math.ceil((book.micros[item] * paidMs(book, durationMs)) / 60_000);
}

/** What a call of that length costs, in micro-dollars. */
export function callCostMicros(book: PriceBook, items: readonly Item[], durationMs: number): number {
  return items.reduce((sum, item) => sum + timedCostMicros(book, item, durationMs), 0);
}

/** Longest a call may last for the money there is, in ms, whole steps; Infinity when it costs nothing. */
export function affordableMs(book: PriceBook, items: readonly Item[], moneyMicros: number): number {
  const perMinute = items.reduce((sum, item) => sum + book.micros[item], 0);
  if (perMinute === 0 || moneyMicros === Infinity) return Infinity;
  if (moneyMicros <= 0) return 0;
  // Each item is rounded up by itself, so the last step of the plain division may be too dear.
  let steps = Math.floor((moneyMicros * 60_000) / (perMinute * book.stepMs));
  while (steps > 0 && callCostMicros(book, items, steps * book.stepMs) > moneyMicros) steps -= 1;
  return steps * book.stepMs;
}

/**
 * The default prices with what a setting changes: `{"agentcall": {"stepMs": 60000, "micros": {"ai.outbound": 300000}}}`.
 * Throws an Error naming what is wrong. `""`: no change.
 */
export function readPriceBooks(json: string): PriceBooks {
  if (json.trim() === "") return defaultPriceBooks;
  let changes: unknown;
  try {
    changes = JSON.parse(json);
  } catch {
    throw new Error("TANDEM_PRICES: expected JSON, or the path of a JSON file");
  }
  const books: Record<PriceBookName, PriceBook> = { ...defaultPriceBooks };
  for (const [name, change] of membersOf(changes, "the whole")) {
    if (!isBookName(name)) throw new Error(`TANDEM_PRICES: ${name} is not a price book`);
    books[name] = changeBook(books[name], change, name);
  }
  return books;
}

function isBookName(name: string): name is PriceBookName {
  return Object.hasOwn(defaultPriceBooks, name);
}

function changeBook(book: PriceBook, change: unknown, where: string): PriceBook {
  let { stepMs, packMicros } = book;
  const micros = { ...book.micros };
  for (const [name, value] of membersOf(change, where)) {
    const path = `${where}.${name}`;
    if (name === "stepMs") stepMs = wholeNumber(value, 1_000, path);
    else if (name === "packMicros") packMicros = value === null ? null : wholeNumber(value, 1, path);
    else if (name === "micros") {
      for (const [item, price] of membersOf(value, path)) {
        if (!isItem(item)) throw new Error(`TANDEM_PRICES: ${path}.${item} is not an item`);
        micros[item] = wholeNumber(price, 0, `${path}.${item}`);
      }
    } else throw new Error(`TANDEM_PRICES: ${path} is not a known member`);
  }
  return { stepMs, packMicros, micros };
}

function membersOf(value: unknown, where: string): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`TANDEM_PRICES: expected an object at ${where}`);
  }
  return Object.entries(value);
}

/** The largest price: a thousand dollars. */
const mostMicros = 1_000_000_000;

function wholeNumber(value: unknown, least: number, path: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= mostMicros) return value;
  throw new Error(`TANDEM_PRICES: ${path}: expected a whole number from ${least} to ${mostMicros}`);
}

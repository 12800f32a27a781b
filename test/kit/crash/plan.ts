/** What is done to a gateway that is killed again and again: the same seed, the same operations and deaths. */
import { SeededRandom } from "../seeded-random.ts";

/** What the telephone at the far end of a trunk does, by the number that is called. */
export type FarEndManner = "busy" | "answers" | "rings" | "hangs-up";

/** One operation; `of` names an earlier one by its place. */
export type Operation =
  | { readonly type: "buy"; readonly number: string }
  | { readonly type: "release"; readonly of: number }
  | { readonly type: "call"; readonly key: string; readonly from: number; readonly to: string; readonly talks: boolean }
  | { readonly type: "hang-up"; readonly of: number }
  | { readonly type: "text"; readonly key: string; readonly from: number; readonly to: number; readonly text: string }
  | { readonly type: "credits"; readonly key: string; readonly amountMicros: number }
  | { readonly type: "agent"; readonly instructions: string }
  | { readonly type: "webhook" }
  | { readonly type: "rotate"; readonly of: number }
  | { readonly type: "unhook"; readonly of: number };

/** The gateway is killed so long after an operation was begun. */
export interface Death {
  readonly after: number;
  readonly delayMs: number;
}

export interface CrashPlan {
  readonly operations: readonly Operation[];
  readonly deaths: readonly Death[];
}

/** Numbers that are there before the operations begin and stay. */
export const houseNumbers = ["+12125550100", "+12125550101", "+12125550102", "+12125550103"] as const;

const manners: readonly FarEndManner[] = ["busy", "answers", "rings", "hangs-up"];

/** What happens when this number is called over the trunk. */
export function mannerOf(to: string): FarEndManner {
  return manners[Number(to.at(-1)) % manners.length] ?? "busy";
}

/** Each kind with how often it comes among a hundred. */
const shares: readonly (readonly [Operation["type"], number])[] = [
  ["buy", 17],
  ["release", 7],
  ["call", 24],
  ["hang-up", 9],
  ["text", 20],
  ["credits", 8],
  ["agent", 5],
  ["webhook", 4],
  ["rotate", 4],
  ["unhook", 2],
];

export function crashPlan(seed: number, { operations: count = 200, deaths: dying = 4 } = {}): CrashPlan {
  const random = new SeededRandom(seed);
  const operations: Operation[] = [];
  /** An earlier operation of a kind; undefined: there was none. */
  const earlier = (type: Operation["type"]): number | undefined => {
    const places = operations.flatMap((operation, place) => (operation.type === type ? [place] : []));
    return places.length === 0 ? undefined : random.pick(places);
  };
  while (operations.length < count) {
    const operation = next(random, operations, earlier);
    if (operation) operations.push(operation);
  }
  const stretch = Math.floor(count / (dying + 1));
  const deaths = Array.from({ length: dying }, (_, place) => ({
    after: stretch * place + random.int(Math.floor(stretch / 2), stretch + 5),
    delayMs: random.int(0, 30),
  }));
  return { operations, deaths };
}

function next(
  random: SeededRandom,
  before: readonly Operation[],
  earlier: (type: Operation["type"]) => number | undefined,
): Operation | undefined {
  const place = before.length;
  const about = (type: "release" | "hang-up" | "rotate" | "unhook", what: Operation["type"]): Operation | undefined => {
    const of = earlier(what);
    return of === undefined ? undefined : { type, of };
  };
  switch (kindOf(random)) {
    case "buy": {
      // Every fourth wants a number that somebody has wanted before.
      const wanted = random.chance(0.25) ? before[earlier("buy") ?? -1] : undefined;
      if (wanted?.type === "buy") return { type: "buy", number: wanted.number };
      return { type: "buy", number: `+1205555${String(100 + (place % 80)).padStart(4, "0")}` };
    }
    case "call": {
      // Every fourth is a request sent a second time, maybe while the first is still under way.
      const again = random.chance(0.25) ? before[earlier("call") ?? -1] : undefined;
      if (again?.type === "call") return again;
      const to = `+1555${String(7_000_000 + place * 10 + random.int(0, 3))}`;
      return { type: "call", key: `call-${place}`, from: random.int(0, 3), to, talks: random.chance(0.2) };
    }
    case "text": {
      const again = random.chance(0.2) ? before[earlier("text") ?? -1] : undefined;
      if (again?.type === "text") return again;
      const from = random.int(0, 3);
      const to = (from + random.int(1, 3)) % 4;
      const text = random.chance(0.1) ? `Your code is ${random.int(100_000, 999_999)}` : `Text ${place}`;
      return { type: "text", key: `text-${place}`, from, to, text };
    }
    case "credits":
      return { type: "credits", key: `credits-${place}`, amountMicros: 100_000_000 * random.int(1, 5) };
    case "agent":
      return { type: "agent", instructions: `Be brief, version ${place}.` };
    case "webhook":
      return { type: "webhook" };
    case "release":
      return about("release", "buy");
    case "hang-up":
      return about("hang-up", "call");
    case "rotate":
      return about("rotate", "webhook");
    case "unhook":
      return about("unhook", "webhook");
  }
}

function kindOf(random: SeededRandom): Operation["type"] {
  let left = random.int(0, shares.reduce((sum, [, share]) => sum + share, 0) - 1);
  for (const [type, share] of shares) {
    if (left < share) return type;
    left -= share;
  }
  return "agent";
}

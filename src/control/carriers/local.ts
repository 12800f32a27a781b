import type { E164 } from "../../kit/ids.ts";
import type { AvailableNumber, Carrier } from "./carrier.ts";
import { describeNumber, numbersOf } from "./local-inventory.ts";

/** What the local carrier is told from above. */
export interface LocalCarrierOptions {
  /** Those of the numbers that are somebody's, or rest. */
  readonly takenOf: (numbers: readonly E164[]) => Promise<ReadonlySet<string>>;
}

/** Numbers asked about at once. */
const askedAtOnce = 200;

/** A telephone company of our own, so that everything works without an account: numbers kept for films, texts among ourselves by our own exchange. */
export function createLocalCarrier({ takenOf }: LocalCarrierOptions): Carrier {
  const freeOf = async (some: readonly AvailableNumber[]) => {
    const taken = await takenOf(some.map(({ number }) => number));
    return some.filter(({ number }) => !taken.has(number));
  };
  return {
    name: "local",
    search: async ({ limit, ...search }) => {
      const found: AvailableNumber[] = [];
      let asked: AvailableNumber[] = [];
      for (const one of numbersOf(search)) {
        asked.push(one);
        if (asked.length < askedAtOnce) continue;
        found.push(...(await freeOf(asked)));
        asked = [];
        if (found.length >= limit) break;
      }
      if (found.length < limit && asked.length > 0) found.push(...(await freeOf(asked)));
      return found.slice(0, limit);
    },
    describe: async (number) => describeNumber(number),
    // Whose number it is stands in our own database alone: whoever has the record has the number.
    buy: async (number) =>
      describeNumber(number) ? { type: "bought", carrierNumberId: number } : { type: "not-available" },
    findBought: async (number) => (describeNumber(number) ? number : undefined),
    release: async () => undefined,
    configure: async () => undefined,
    texts: undefined,
    readWebhook: () => ({ type: "forged" }),
  };
}

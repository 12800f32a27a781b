import { SeededRandom } from "../../kit/seeded-random.ts";

/** Whole numbers below `limit`, the same in every run. */
export type Dice = (limit: number) => number;

export function seededDice(seed: number): Dice {
  const random = new SeededRandom(seed);
  return (limit) => random.int(0, limit - 1);
}

/** Random bytes. */
export function diceBytes(dice: Dice, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => dice(256));
}

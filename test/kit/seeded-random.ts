/** Random whole numbers below `limit` that are the same in every run (mulberry32). */
export type Dice = (limit: number) => number;

export function seededDice(seed: number): Dice {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
}

/** Random bytes. */
export function diceBytes(dice: Dice, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, () => dice(256));
}

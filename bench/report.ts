/** One result of a bench: what was measured, the figure, what it is compared with. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at most; undefined: for information. */
  readonly atMost?: number;
}

/** Prints one line; false when a target was missed. */
export function printResult({ name, value, unit, atMost }: Result): boolean {
  const met = atMost === undefined || value <= atMost;
  const target = atMost === undefined ? "" : `  (target ≤ ${atMost} ${unit}: ${met ? "met" : "MISSED"})`;
  console.log(`${name.padEnd(58)} ${format(value).padStart(9)} ${unit}${target}`);
  return met;
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}

/** The value below which `share` (0–1) of the samples lie; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

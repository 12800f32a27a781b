/** One result of a bench: what was measured, the figure, what it is compared with. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it should be at most; undefined: for information. */
  readonly atMost?: number;
  /** What it should be at least. */
  readonly atLeast?: number;
  /** What the figure may be compared with. */
  readonly comparedWith?: string;
}

/** Prints one line; false when a target was missed. */
export function printResult({ name, value, unit, atMost, atLeast, comparedWith }: Result): boolean {
  const met = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  const bound = atMost === undefined ? atLeast && `≥ ${atLeast}` : `≤ ${atMost}`;
  const target = bound === undefined ? "" : `  (target ${`${bound} ${unit}`.trim()}: ${met ? "met" : "MISSED"})`;
  const comparison = comparedWith === undefined ? "" : `  (${comparedWith})`;
  console.log(`${name.padEnd(58)} ${format(value).padStart(9)} ${unit}${target}${comparison}`);
  return met;
}

/** Measures what one call of `work` costs and prints it in µs. */
export function printCost(name: string, work: () => void, comparedWith?: string): void {
  printResult({ name, value: costUs(work), unit: "µs", comparedWith });
}

const batches = 15;
const batchMs = 20;

/** Median over batches of the time one call takes, in µs; a busy neighbour spoils some batches, not the median. */
export function costUs(work: () => void): number {
  for (const end = performance.now() + 100; performance.now() < end; ) work();
  const costs = Array.from({ length: batches }, () => {
    let calls = 0;
    const start = performance.now();
    let elapsedMs = 0;
    do {
      for (let i = 0; i < 20; i++) work();
      calls += 20;
      elapsedMs = performance.now() - start;
    } while (elapsedMs < batchMs);
    return (elapsedMs * 1000) / calls;
  });
  return percentile(costs, 0.5);
}

function format(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}

/** The value below which `share` (0–1) of the samples lie; NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

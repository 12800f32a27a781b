/** When a delivery that failed is tried again. */
export interface BackOffOptions {
  /** Wait after the first failure; each further one waits twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
}

export const defaultBackOffOptions = { firstMs: 5_000, maxMs: 3_600_000 } as const satisfies BackOffOptions;

/** How long a delivery is tried, from its event on. */
export const retryLifetimeMs = 24 * 3_600_000;

/** A failed attempt: the how-many-eth it was (from 1), when it failed and until when there are further ones (wall ms). */
export interface FailedAttempt {
  readonly attempts: number;
  readonly now: number;
  readonly retryUntil: number;
  /** Chance, 0 to below 1: receivers that fail together are not asked together again. */
  readonly chance: number;
}

/** Wall ms of the next attempt, undefined when there is none: half of the wait is certain, half by chance, the last one is at the very end. */
export function nextAttemptAt(
  { attempts, now, retryUntil, chance }: FailedAttempt,
  { firstMs, maxMs }: BackOffOptions = defaultBackOffOptions,
): number | undefined {
  if (now >= retryUntil) return undefined;
  const waitMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempts - 1, 40));
  return Math.min(retryUntil, now + Math.round(waitMs * (0.5 + chance / 2)));
}

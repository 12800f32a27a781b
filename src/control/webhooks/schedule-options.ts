/** How much is sent at once, and to whom. */
export interface ScheduleOptions {
  /** Deliveries under way at once to receivers that answer quickly. */
  readonly maxQuick: number;
  /** And begun to those that do not, so that they cannot take the others' places; what turns out to be slow comes on top. */
  readonly maxSlow: number;
  /** Deliveries under way at once to one webhook. */
  readonly maxPerWebhook: number;
  readonly maxPerSlowWebhook: number;
  /** Rows of one webhook kept in memory. */
  readonly window: number;
  /** A delivery that takes longer is slow, and its webhook with it until one is quick again. */
  readonly slowAfterMs: number;
  /** A webhook that failed slowly rests, twice as long each time it does so again. */
  readonly firstRestMs: number;
  readonly maxRestMs: number;
  /** Webhooks looked after at once. */
  readonly maxWebhooks: number;
}

export const defaultScheduleOptions = {
  maxQuick: 128,
  maxSlow: 128,
  maxPerWebhook: 16,
  maxPerSlowWebhook: 2,
  window: 64,
  slowAfterMs: 1_000,
  firstRestMs: 1_000,
  maxRestMs: 60_000,
  maxWebhooks: 2_000,
} as const satisfies ScheduleOptions;

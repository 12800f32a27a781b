/** Sends the summaries of calls that are due, until it is stopped. */
import type { Clock } from "../../../../kit/clock.ts";
import type { RandomBytes } from "../../../../kit/ids.ts";
import type { Logger } from "../../../../kit/log.ts";
import type { Db } from "../../../store/database.ts";
import { claimSummary, dueSummaries, markSummary, type SummaryRow } from "../../../store/summaries.ts";
import { nextAttemptAt } from "../../../webhooks/back-off.ts";
import type { SendOutcome } from "../summary-sender.ts";

export interface SummaryWorkerOptions {
  /** How often it looks for what is due, in ms. */
  readonly everyMs: number;
  /** Summaries sent at once. */
  readonly atOnce: number;
  /** Whoever took a summary and says no more has died after so many ms; longer than any attempt takes. */
  readonly leaseMs: number;
  /** How long a stop waits for what is being sent, in ms. */
  readonly stopMs: number;
}

export const defaultSummaryWorkerOptions = {
  everyMs: 2_000,
  atOnce: 8,
  leaseMs: 10 * 60_000,
  stopMs: 5_000,
} as const satisfies SummaryWorkerOptions;

export interface SummaryWorkerDeps {
  readonly db: Db;
  readonly clock: Pick<Clock, "wall">;
  readonly random: RandomBytes;
  readonly log: Pick<Logger, "warn">;
  /** Makes one attempt. */
  readonly send: (row: SummaryRow) => Promise<SendOutcome>;
  readonly options?: SummaryWorkerOptions;
}

/** Works off the rows that calls' endings have written; several gateways on one database share them. */
export class SummaryWorker {
  readonly #deps: SummaryWorkerDeps;
  readonly #options: SummaryWorkerOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(deps: SummaryWorkerDeps) {
    this.#deps = deps;
    this.#options = deps.options ?? defaultSummaryWorkerOptions;
  }

  start(): void {
    const again = () => {
      if (this.#isStopped) return;
      this.#timer = setTimeout(begin, this.#options.everyMs);
    };
    const begin = () => {
      this.#round = this.work()
        .catch((error: unknown) => this.#deps.log.warn({ err: error }, "summaries of calls could not be looked for"))
        .then(again);
    };
    begin();
  }

  /** Sends all that is due now; resolves when each has been tried once. */
  async work(): Promise<void> {
    const { db, clock } = this.#deps;
    const { atOnce } = this.#options;
    for (;;) {
      const due = this.#isStopped ? [] : await dueSummaries(db, clock.wall(), atOnce);
      await Promise.all(due.map((row) => this.#attempt(row)));
      if (due.length < atOnce) return;
    }
  }

  /** Begins nothing more, and waits a little for what is being sent. Twice is fine. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#options.stopMs);
    });
    await Promise.race([this.#round, enough]);
    clearTimeout(timer);
  }

  async #attempt(row: SummaryRow): Promise<void> {
    const { db, clock, log } = this.#deps;
    const claimed = await claimSummary(db, row, clock.wall() + this.#options.leaseMs);
    if (!claimed) return;
    const outcome = await this.#deps.send(claimed).catch((error: unknown): SendOutcome => {
      log.warn({ err: error, callId: row.call_id, channel: row.channel }, "a summary of a call could not be sent");
      return { type: "again", detail: "the gateway could not send it" };
    });
    await markSummary(db, claimed, this.#markOf(claimed, outcome));
  }

  #markOf({ attempts, retry_until: retryUntil, next_at }: SummaryRow, outcome: SendOutcome) {
    const now = this.#deps.clock.wall();
    const [low = 0, high = 0] = this.#deps.random(2);
    const chance = (low + high * 256) / 65_536;
    const nextAt = outcome.type === "again" ? nextAttemptAt({ attempts, now, retryUntil, chance }) : undefined;
    if (outcome.type === "sent") return { status: "sent", detail: null, next_at, settled_at: now };
    const { detail } = outcome;
    return nextAt === undefined
      ? { status: "failed", detail, next_at, settled_at: now }
      : { status: "pending", detail, next_at: nextAt, settled_at: null };
  }
}

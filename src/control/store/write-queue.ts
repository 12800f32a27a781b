import { GatewayError } from "../../kit/errors.ts";
import type { Db } from "./database.ts";
import { appendEvents, type NewEvent, type StoredEvent } from "./events.ts";

/** What a write job works in: the transaction, and the list of events that commit with it. */
export interface WriteBatch {
  readonly db: Db;
  readonly events: NewEvent[];
}

/** A change of state. It may run a second time after a rollback, so it must not change anything but the database. */
export type WriteJob<T> = (batch: WriteBatch) => Promise<T>;

/** How much a write matters when the queue fills: `droppable` goes at half, `normal` when full, `must` never. */
export type WriteWeight = "droppable" | "normal" | "must";

export interface WriteQueueOptions {
  readonly maxBatch: number;
  readonly maxDelayMs: number;
  readonly maxPending: number;
  /** True for an error after which the same write may succeed; undefined: there is none. */
  readonly isPassing?: (error: unknown) => boolean;
  /** Waits before each further attempt, ms; then what could not be written is refused. */
  readonly retryAfterMs?: readonly number[];
}

export const defaultWriteQueueOptions = {
  maxBatch: 100,
  maxDelayMs: 20,
  maxPending: 10_000,
  retryAfterMs: [50, 250, 1_000, 3_000, 5_000],
} as const satisfies WriteQueueOptions;

interface Pending {
  readonly run: (batch: WriteBatch) => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one door through which calls and their events are written: in order, many in one transaction, at most
 * `maxDelayMs` late. What is committed is then published, in the order of the ids.
 */
export class WriteQueue {
  readonly #db: Db;
  readonly #wall: () => number;
  readonly #publish: (events: readonly StoredEvent[]) => void;
  readonly #options: WriteQueueOptions;
  #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;

  constructor(
    db: Db,
    wall: () => number,
    publish: (events: readonly StoredEvent[]) => void,
    options: WriteQueueOptions = defaultWriteQueueOptions,
  ) {
    this.#db = db;
    this.#wall = wall;
    this.#publish = publish;
    this.#options = options;
  }

  /** Queues a job; resolves with its result when it is committed, rejects when it failed or there was no room. */
  add<T>(job: WriteJob<T>, weight: WriteWeight = "normal"): Promise<T> {
    const room = weight === "must" ? Infinity : this.#options.maxPending / (weight === "droppable" ? 2 : 1);
    if (this.#pending.length >= room) {
      return Promise.reject(new GatewayError("unavailable", "too many writes are waiting for the database"));
    }
    return new Promise<T>((resolve, reject) => {
      this.#pending.push({ run: job, resolve: (value) => resolve(value as T), reject });
      if (this.#pending.length >= this.#options.maxBatch || weight === "must") this.#drainSoon();
      else this.#timer ??= setTimeout(() => this.#drainSoon(), this.#options.maxDelayMs);
    });
  }

  /** Writes what waits now; resolves when it is committed. */
  async flush(): Promise<void> {
    this.#drainSoon();
    await this.#draining;
  }

  #drainSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined;
      // What was added after the last look and before this line has no timer any more.
      if (this.#pending.length > 0) this.#drainSoon();
    });
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const jobs = this.#pending.splice(0, this.#options.maxBatch);
      const fault = await this.#commitPatiently(jobs);
      if (!fault) continue;
      if (jobs.length === 1 || this.#isPassing(fault.error)) refuse(jobs, fault.error);
      // One of them is bad: alone, each stands or falls by itself.
      else {
        for (const job of jobs) {
          const ownFault = await this.#commitPatiently([job]);
          if (ownFault) refuse([job], ownFault.error);
        }
      }
    }
  }

  /** Commits, again and again while the database is only away for a moment: nobody else would write a call's ending. */
  async #commitPatiently(jobs: readonly Pending[]): Promise<{ readonly error: unknown } | undefined> {
    let fault = await this.#commit(jobs);
    for (const waitMs of this.#options.retryAfterMs ?? []) {
      if (!fault || !this.#isPassing(fault.error)) break;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      fault = await this.#commit(jobs);
    }
    return fault;
  }

  #isPassing(error: unknown): boolean {
    return this.#options.isPassing?.(error) ?? false;
  }

  async #commit(jobs: readonly Pending[]): Promise<{ readonly error: unknown } | undefined> {
    const results: unknown[] = [];
    let events: readonly StoredEvent[];
    try {
      events = await this.#db.transaction().execute(async (db) => {
        const batch: WriteBatch = { db, events: [] };
        for (const job of jobs) results.push(await job.run(batch));
        return appendEvents(db, batch.events, this.#wall());
      });
    } catch (error) {
      return { error };
    }
    if (events.length > 0) this.#publish(events);
    jobs.forEach((job, index) => {
      job.resolve(results[index]);
    });
    return undefined;
  }
}

function refuse(jobs: readonly Pending[], error: unknown): void {
  for (const job of jobs) job.reject(error);
}

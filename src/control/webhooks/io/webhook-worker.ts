import { setMaxListeners } from "node:events";
import { makeId, type RandomBytes } from "../../../kit/ids.ts";
import { GuardedHttp } from "../../../kit/io/guarded-http.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { OpenDatabase } from "../../store/database.ts";
import {
  type DeliveryMark,
  type DueDelivery,
  dueDeliveries,
  forgetDeliveries,
  markDeliveries,
  waitForPrevious,
} from "../../store/outbox.ts";
import { claimWebhooks, releaseClaims, renewClaims, type WebhookRow, waitingWebhooks } from "../../store/webhooks.ts";
import { attemptMark } from "../attempt-mark.ts";
import { DeliverySchedule, defaultScheduleOptions, type ScheduleOptions } from "../delivery-schedule.ts";
import { DeliverySender, type DeliverySenderDeps } from "./delivery-sender.ts";
import { defaultWebhookWorkerOptions, type WebhookWorkerOptions } from "./worker-options.ts";

export { defaultWebhookWorkerOptions, type WebhookWorkerOptions } from "./worker-options.ts";

export interface WebhookWorkerDeps extends DeliverySenderDeps {
  readonly database: OpenDatabase;
  readonly random: RandomBytes;
  readonly metrics: Pick<Metrics, "webhookDeliveries">;
  readonly http?: GuardedHttp;
  /** The next life of a worker has its name, and goes on with what it had claimed; undefined: one of its own. */
  readonly workerId?: string | undefined;
  readonly options?: WebhookWorkerOptions;
  readonly schedule?: ScheduleOptions;
}

/** Time between two rounds of deleting old rows, and rows of one round. */
const forgetEveryMs = 60_000;
const forgetAtOnce = 500;
/** A database that failed is left alone this long. */
const afterFaultMs = 1_000;

/** A change that is told of before it is committed is committed within this time, or found by the next scan. */
const commitMs = 100;

/** An attempt that has ended and is not yet noted. */
interface Finished {
  readonly row: DueDelivery;
  readonly mark: DeliveryMark;
}

/**
 * Sends what the outbox holds. All that is known is in the database: whoever is stopped in the middle loses nothing, and
 * what it had sent without noting it is sent again. One worker a gateway; several gateways share the webhooks.
 */
export class WebhookWorker {
  readonly #deps: WebhookWorkerDeps;
  readonly #options: WebhookWorkerOptions;
  readonly #schedule: DeliverySchedule<DueDelivery>;
  readonly #http: GuardedHttp;
  readonly #sender: DeliverySender;
  readonly #workerId: string;
  readonly #webhooks = new Map<string, WebhookRow>();
  readonly #stopping = new AbortController();
  #finished: Finished[] = [];
  #running: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  /** News that may not have been committed when it was told; asked for once more. */
  readonly #news = new Set<string>();
  #newsTimer: NodeJS.Timeout | undefined;
  #ring = (): void => {};
  #isRung = false;
  // On the clock that never goes back; what is written for other gateways and times is on the other one.
  #scanAt = 0;
  #renewAt = 0;
  #forgetAt = 0;

  constructor(deps: WebhookWorkerDeps) {
    this.#deps = deps;
    this.#options = deps.options ?? defaultWebhookWorkerOptions;
    this.#schedule = new DeliverySchedule(deps.schedule ?? defaultScheduleOptions);
    this.#http = deps.http ?? new GuardedHttp();
    this.#sender = new DeliverySender(deps, this.#http, {
      timeoutMs: this.#options.timeoutMs,
      signal: this.#stopping.signal,
    });
    // Every delivery under way listens; how many there are is the schedule's to bound.
    setMaxListeners(0, this.#stopping.signal);
    // The only worker of a database keeps what it had claimed before it was stopped.
    const isShared = deps.database.kind.skipsLocked;
    this.#workerId = deps.workerId ?? (isShared ? makeId("connection", deps.random) : "gateway");
  }

  /** Begins; what waited in the database is found at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something new for these webhooks, or they were changed. May be called before the change is committed. */
  wake(webhookIds: readonly string[]): void {
    for (const id of webhookIds) this.#schedule.want(id);
    this.#bell();
    // Where there is one connection, it is free only after the commit.
    if (!this.#deps.database.kind.skipsLocked) return;
    for (const id of webhookIds) this.#news.add(id);
    this.#newsTimer ??= setTimeout(() => {
      for (const id of this.#news) this.#schedule.want(id);
      this.#news.clear();
      this.#newsTimer = undefined;
      this.#bell();
    }, commitMs);
  }

  /** Begins nothing more, waits for what is under way, notes it, gives its webhooks to others. Twice is fine. */
  stop(graceMs = 5_000): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    clearTimeout(this.#newsTimer);
    this.#bell();
    await this.#running;
    const giveUp = setTimeout(() => this.#stopping.abort(), graceMs);
    while (this.#schedule.underWay > 0) await this.#rung();
    clearTimeout(giveUp);
    try {
      while (this.#finished.length > 0) await this.#note();
      await releaseClaims(this.#deps.database.db, this.#workerId);
    } catch (error) {
      this.#deps.log.warn({ err: error }, "the last webhook deliveries could not be noted and will be repeated");
    }
    await this.#http.close();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#rung(this.#scanAt - this.#deps.clock.now());
      // What gathers meanwhile costs one look.
      await sleep(this.#options.pauseMs);
      if (this.#stopped) return;
      try {
        await this.#round();
      } catch (error) {
        this.#deps.log.warn({ err: error }, "the webhooks' outbox cannot be read or written now");
        this.#scanAt = 0;
        await sleep(afterFaultMs);
      }
    }
  }

  /** One look at the database, and everything it allows to begin. */
  async #round(): Promise<void> {
    const { db } = this.#deps.database;
    const now = this.#deps.clock.now();
    this.#isRung = false;
    await this.#note();
    if (now >= this.#renewAt) await this.#renew(now);
    if (now >= this.#scanAt) {
      const wall = this.#deps.clock.wall();
      for (const { id, dueAt } of await waitingWebhooks(db)) if (dueAt <= wall) this.#schedule.want(id);
      this.#scanAt = now + this.#options.scanMs;
    }
    const hungry = this.#schedule.hungry(this.#options.maxReads);
    await this.#claim(hungry.map(({ webhookId }) => webhookId));
    for (const { webhookId, limit } of hungry) {
      if (this.#webhooks.has(webhookId)) await this.#read(webhookId, limit);
    }
    if (now >= this.#forgetAt) await this.#forget(now);
    this.#begin();
    if (hungry.length === this.#options.maxReads || this.#finished.length > 0) this.#bell();
  }

  async #note(): Promise<void> {
    const some = this.#finished.slice(0, this.#options.maxMarks);
    if (some.length === 0) return;
    const marks = some.map(({ mark }) => mark);
    await this.#deps.database.db.transaction().execute((trx) => markDeliveries(trx, marks));
    this.#finished.splice(0, some.length);
    this.#schedule.noted(some.map(({ row }) => row));
  }

  async #renew(now: number): Promise<void> {
    const { claimMs } = this.#options;
    const { db } = this.#deps.database;
    this.#renewAt = now + claimMs / 4;
    const idle = this.#schedule.dropIdle();
    for (const id of idle) this.#webhooks.delete(id);
    await releaseClaims(db, this.#workerId, idle);
    const mine = [...this.#webhooks.keys()];
    const until = this.#deps.clock.wall() + claimMs;
    const kept = new Set(await renewClaims(db, { ids: mine, workerId: this.#workerId, until }));
    for (const id of mine) if (!kept.has(id)) this.#close(id);
  }

  /** Claims webhooks, or lets them go that are somebody else's, paused or gone; and learns their settings anew. */
  async #claim(ids: readonly string[]): Promise<void> {
    const { db, kind } = this.#deps.database;
    const now = this.#deps.clock.wall();
    const until = now + this.#options.claimMs;
    const rows = await claimWebhooks(db, kind, { ids, workerId: this.#workerId, now, until });
    const mine = new Map(rows.map((row) => [row.id, row]));
    for (const id of ids) {
      const row = mine.get(id);
      if (!row) {
        this.#close(id);
        continue;
      }
      if (this.#webhooks.get(id)?.updated_at !== row.updated_at) this.#schedule.wakeUp(id);
      this.#webhooks.set(id, row);
    }
  }

  #close(webhookId: string): void {
    this.#webhooks.delete(webhookId);
    this.#schedule.close(webhookId);
  }

  async #read(webhookId: string, limit: number): Promise<void> {
    const { db } = this.#deps.database;
    const rows = await dueDeliveries(db, webhookId, this.#deps.clock.wall(), limit);
    for (const row of this.#schedule.blocked(rows)) await waitForPrevious(db, row);
    this.#schedule.offer(webhookId, rows, rows.length === limit);
  }

  /** Deletes what has been kept long enough, a little at a time. */
  async #forget(now: number): Promise<void> {
    const { db } = this.#deps.database;
    const { keepDeliveredMs, keepDeadMs } = this.#options;
    const wall = this.#deps.clock.wall();
    const delivered = await forgetDeliveries(db, "delivered", wall - keepDeliveredMs, forgetAtOnce);
    const dead = await forgetDeliveries(db, "dead", wall - keepDeadMs, forgetAtOnce);
    const hasMore = delivered === forgetAtOnce || dead === forgetAtOnce;
    this.#forgetAt = hasMore ? now : now + forgetEveryMs;
  }

  #begin(): void {
    if (this.#stopped) return;
    for (;;) {
      const row = this.#schedule.next(this.#deps.clock.now());
      if (!row) return;
      void this.#attempt(row);
    }
  }

  async #attempt(row: DueDelivery): Promise<void> {
    const { clock, random, metrics } = this.#deps;
    const webhook = this.#webhooks.get(row.webhook_id);
    if (!webhook) {
      this.#schedule.finished(row, "again", clock.now());
      this.#schedule.noted([row]);
      return;
    }
    const startedAt = clock.now();
    const answer = await this.#sender.send(row, webhook);
    const endedAt = clock.now();
    // Given up by ourselves: nobody knows what became of it, so it is sent again.
    if (this.#stopping.signal.aborted) {
      this.#schedule.finished(row, "again", endedAt);
    } else {
      const [low = 0, high = 0] = answer.error === null ? [] : random(2);
      const chance = (low + high * 256) / 65_536;
      const mark = attemptMark(row, { ...answer, durationMs: endedAt - startedAt, now: clock.wall(), chance });
      metrics.webhookDeliveries.inc({ result: mark.status === "pending" ? "failed" : mark.status });
      this.#finished.push({ row, mark });
      this.#schedule.finished(row, mark.status === "pending" ? "again" : "settled", endedAt);
    }
    this.#bell();
    this.#begin();
  }

  #bell(): void {
    this.#isRung = true;
    this.#ring();
  }

  /** Resolves at the next bell, at once when it rang already, or after `ms`. */
  #rung(ms?: number): Promise<void> {
    if (this.#isRung) {
      this.#isRung = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => this.#ring(), Math.max(0, ms));
      this.#ring = () => {
        clearTimeout(timer);
        this.#ring = () => {};
        resolve();
      };
    });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import type { DueDelivery } from "../store/outbox.ts";
import { defaultScheduleOptions, type ScheduleOptions } from "./schedule-options.ts";

export { defaultScheduleOptions, type ScheduleOptions } from "./schedule-options.ts";

/** What the schedule looks at in a row. */
export type Scheduled = Pick<DueDelivery, "position" | "webhook_id" | "subject" | "previous">;

/** What an attempt came to, for those that wait behind it: `settled` is delivered or dead. */
export type AttemptEnd = "settled" | "again";

interface Entry<Row> {
  readonly row: Row;
  readonly line: Line<Row>;
  startedAt: number;
  /** It will be sent again, so whatever waits behind it waits on. */
  failed: boolean;
}

/** One webhook: a lane for each subject, of which one row at a time is under way. */
interface Line<Row> {
  readonly id: string;
  readonly lanes: Map<string, Entry<Row>[]>;
  /** First rows of lanes, free to go. */
  readonly heads: Entry<Row>[];
  underWay: number;
  waiting: number;
  isSlow: boolean;
  /** Nothing is begun before; 0: it does not rest. */
  restUntil: number;
  /** How long it rested last; 0 after a delivery that did not fail slowly. */
  restMs: number;
  /** The database may have rows that are due and not here. */
  hasMore: boolean;
  /** Another worker may have it; what is under way ends, nothing more begins. */
  closed: boolean;
}

/**
 * What is sent next: one row at a time of each webhook and subject, some at a time of each webhook, the webhooks in
 * turn. Slow receivers have places of their own. It decides only; reading, sending and noting is its caller's.
 */
export class DeliverySchedule<Row extends Scheduled> {
  readonly #options: ScheduleOptions;
  readonly #lines = new Map<string, Line<Row>>();
  /** By position: rows that wait, are under way, or are done and not yet noted in the database. */
  readonly #held = new Map<number, Entry<Row>>();
  /** Lines with a row that may go, in turn. */
  readonly #readyQuick = new Set<Line<Row>>();
  readonly #readySlow = new Set<Line<Row>>();
  readonly #resting = new Set<Line<Row>>();
  /** Under way, oldest first. */
  readonly #quick = new Set<Entry<Row>>();
  readonly #slow = new Set<Entry<Row>>();

  constructor(options: ScheduleOptions = defaultScheduleOptions) {
    this.#options = options;
  }

  /** Rows under way. */
  get underWay(): number {
    return this.#quick.size + this.#slow.size;
  }

  /** Webhooks looked after. */
  get webhooks(): readonly string[] {
    return [...this.#lines.values()].filter((line) => !line.closed).map((line) => line.id);
  }

  /** Something may be due for a webhook; it is among the hungry ones soon, unless there are too many. */
  want(webhookId: string): void {
    const line = this.#lines.get(webhookId);
    if (line) {
      line.closed = false;
      line.hasMore = true;
    } else if (this.#lines.size < this.#options.maxWebhooks) {
      this.#lines.set(webhookId, {
        id: webhookId,
        lanes: new Map(),
        heads: [],
        underWay: 0,
        waiting: 0,
        isSlow: false,
        restUntil: 0,
        restMs: 0,
        hasMore: true,
        closed: false,
      });
    }
  }

  /** Takes the webhooks for which rows should be read now, with how many; those that waited longest first. */
  hungry(max: number): { readonly webhookId: string; readonly limit: number }[] {
    const found: { webhookId: string; limit: number }[] = [];
    for (const line of this.#lines.values()) {
      if (found.length >= max) break;
      const window = line.isSlow ? this.#options.maxPerSlowWebhook * 2 : this.#options.window;
      if (line.closed || !line.hasMore || line.waiting > window / 2) continue;
      // What becomes due while they are read is asked for again by `want`.
      line.hasMore = false;
      // Rows that are here are read again, and skipped.
      found.push({ webhookId: line.id, limit: line.waiting + line.underWay + window });
    }
    return found;
  }

  /** Of rows just read, those that wait for one that is not here: they are not due yet. */
  blocked(rows: readonly Row[]): Row[] {
    return split(rows, this.#held).blocked;
  }

  /** Takes over rows just read; `hasMore`: there were as many as were asked for. */
  offer(webhookId: string, rows: readonly Row[], hasMore: boolean): void {
    const line = this.#lines.get(webhookId);
    if (!line || line.closed) return;
    // To the end: the others are read before it is read again.
    this.#lines.delete(webhookId);
    this.#lines.set(webhookId, line);
    line.hasMore ||= hasMore;
    for (const row of split(rows, this.#held).fitting) {
      const entry: Entry<Row> = { row, line, startedAt: 0, failed: false };
      this.#held.set(row.position, entry);
      line.waiting += 1;
      const lane = line.lanes.get(row.subject);
      if (lane) {
        lane.push(entry);
      } else {
        line.lanes.set(row.subject, [entry]);
        line.heads.push(entry);
      }
    }
    this.#queue(line);
  }

  /** The row to send now, undefined when none may go; asked again until then. */
  next(now: number): Row | undefined {
    this.#noticeSlow(now);
    for (const line of this.#resting) if (now >= line.restUntil) this.#endRest(line);
    const ready =
      this.#readyQuick.size > 0 && this.#quick.size < this.#options.maxQuick
        ? this.#readyQuick
        : this.#slow.size < this.#options.maxSlow
          ? this.#readySlow
          : undefined;
    const line = ready?.values().next().value;
    const entry = line?.heads.shift();
    if (line === undefined || entry === undefined) return undefined;
    entry.startedAt = now;
    (line.isSlow ? this.#slow : this.#quick).add(entry);
    line.underWay += 1;
    line.waiting -= 1;
    this.#unqueue(line);
    this.#queue(line);
    return entry.row;
  }

  /** An attempt has ended. Its row is held until `noted`. */
  finished(row: Row, end: AttemptEnd, now: number): void {
    const entry = this.#held.get(row.position);
    if (!entry) return;
    const { line } = entry;
    this.#quick.delete(entry);
    this.#slow.delete(entry);
    line.underWay -= 1;
    entry.failed = end === "again";
    line.isSlow = now - entry.startedAt >= this.#options.slowAfterMs;
    if (!entry.failed || !line.isSlow) line.restMs = 0;
    else if (line.restUntil === 0) this.#rest(line, now);
    const lane = line.lanes.get(row.subject) ?? [];
    lane.shift();
    if (entry.failed) {
      // Those behind it are read again when it may be sent again.
      for (const { row: behind } of lane) this.#held.delete(behind.position);
      line.waiting -= lane.length;
      lane.length = 0;
      line.hasMore = true;
    }
    const [head] = lane;
    if (head) line.heads.push(head);
    else line.lanes.delete(row.subject);
    this.#unqueue(line);
    this.#queue(line);
    if (line.closed && line.underWay === 0) this.#forget(line);
  }

  /** What rows came to is in the database. */
  noted(rows: readonly Row[]): void {
    for (const { position } of rows) this.#held.delete(position);
  }

  /** A webhook is somebody else's, paused or gone: what waits here is dropped. */
  close(webhookId: string): void {
    const line = this.#lines.get(webhookId);
    if (!line) return;
    this.#unqueue(line);
    line.closed = true;
    line.waiting = 0;
    line.heads.length = 0;
    for (const [subject, lane] of line.lanes) {
      const kept = lane.filter((entry) => this.#quick.has(entry) || this.#slow.has(entry));
      for (const entry of lane) if (!kept.includes(entry)) this.#held.delete(entry.row.position);
      if (kept.length > 0) line.lanes.set(subject, kept);
      else line.lanes.delete(subject);
    }
    if (line.underWay === 0) this.#forget(line);
  }

  /** Forgets the webhooks for which nothing is to be done, and names them. */
  dropIdle(): string[] {
    const idle = [...this.#lines.values()].filter(
      (line) => !line.hasMore && line.lanes.size === 0 && line.restUntil === 0,
    );
    for (const line of idle) this.#forget(line);
    return idle.map((line) => line.id);
  }

  /** A webhook was changed, which may have mended it: its rest is over. */
  wakeUp(webhookId: string): void {
    const line = this.#lines.get(webhookId);
    if (line) this.#endRest(line);
  }

  /** Places are for receivers that answer; several that fail together are one failure. */
  #rest(line: Line<Row>, now: number): void {
    const { firstRestMs, maxRestMs } = this.#options;
    line.restMs = Math.min(maxRestMs, line.restMs === 0 ? firstRestMs : line.restMs * 2);
    line.restUntil = now + line.restMs;
    this.#resting.add(line);
  }

  #endRest(line: Line<Row>): void {
    line.restUntil = 0;
    this.#resting.delete(line);
    this.#queue(line);
  }

  /** Puts a line among those that may send, where it may. */
  #queue(line: Line<Row>): void {
    const max = line.isSlow ? this.#options.maxPerSlowWebhook : this.#options.maxPerWebhook;
    if (line.closed || line.restUntil > 0 || line.heads.length === 0 || line.underWay >= max) return;
    (line.isSlow ? this.#readySlow : this.#readyQuick).add(line);
  }

  #forget(line: Line<Row>): void {
    this.#lines.delete(line.id);
    this.#resting.delete(line);
  }

  #unqueue(line: Line<Row>): void {
    this.#readyQuick.delete(line);
    this.#readySlow.delete(line);
  }

  /** What has been under way for long gives its place to the quick ones. */
  #noticeSlow(now: number): void {
    for (const entry of this.#quick) {
      if (now - entry.startedAt < this.#options.slowAfterMs) break;
      this.#quick.delete(entry);
      this.#slow.add(entry);
      this.#unqueue(entry.line);
      entry.line.isSlow = true;
      this.#queue(entry.line);
    }
  }
}

/** Rows that may be taken over in the order of their lanes, and those that must wait for a row that is not here. */
function split<Row extends Scheduled>(
  rows: readonly Row[],
  held: ReadonlyMap<number, { readonly failed: boolean }>,
): { fitting: Row[]; blocked: Row[] } {
  const fitting: Row[] = [];
  const blocked: Row[] = [];
  const here = new Set<number>();
  for (const row of [...rows].sort((a, b) => a.position - b.position)) {
    if (held.has(row.position)) continue;
    const { previous } = row;
    if (previous === null || here.has(previous) || held.get(previous)?.failed === false) {
      here.add(row.position);
      fitting.push(row);
    } else {
      blocked.push(row);
    }
  }
  return { fitting, blocked };
}

/** Webhooks of the organisations. */
import { type Selectable, sql, type Updateable } from "kysely";
import type { Db } from "./database.ts";
import type { DatabaseKind } from "./database-kind.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { WebhooksTable } from "./webhook-schema.ts";

export type WebhookRow = Selectable<WebhooksTable>;

/** Whose webhooks are meant: one organisation's, made through one public API. */
export interface WebhookOwner {
  readonly orgId: string;
  readonly dialect: string;
}

export async function insertWebhook(db: Db, row: WebhookRow): Promise<void> {
  await db.insertInto("webhooks").values(row).execute();
}

export async function countWebhooks(db: Db, orgId: string): Promise<number> {
  const row = await db
    .selectFrom("webhooks")
    .select((eb) => eb.fn.countAll<number | string>().as("count"))
    .where("org_id", "=", orgId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export function findWebhook(db: Db, { orgId, dialect }: WebhookOwner, id: string): Promise<WebhookRow | undefined> {
  return db
    .selectFrom("webhooks")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("dialect", "=", dialect)
    .where("id", "=", id)
    .executeTakeFirst();
}

export async function pageOfWebhooks(
  db: Db,
  { orgId, dialect }: WebhookOwner,
  page: PageRequest,
): Promise<Page<WebhookRow>> {
  let query = db.selectFrom("webhooks").selectAll().where("org_id", "=", orgId).where("dialect", "=", dialect);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

/** The webhooks of an organisation that are to be told, of all public APIs, oldest first. */
export function listeningWebhooks(db: Db, orgId: string): Promise<Pick<WebhookRow, "id" | "dialect" | "events">[]> {
  return listening(db, orgId).execute();
}

/** The same, which cannot be deleted until the transaction ends, so that rows that refer to them can be written. */
export function heldWebhooks(
  db: Db,
  kind: DatabaseKind,
  orgId: string,
): Promise<Pick<WebhookRow, "id" | "dialect" | "events">[]> {
  const query = listening(db, orgId);
  // Where there are several writers; in SQLite the whole transaction is a lock.
  return (kind.skipsLocked ? query.forKeyShare() : query).execute();
}

function listening(db: Db, orgId: string) {
  return db
    .selectFrom("webhooks")
    .select(["id", "dialect", "events"])
    .where("org_id", "=", orgId)
    .where("enabled", "=", 1)
    .orderBy("created_at")
    .orderBy("id");
}

export async function updateWebhook(
  db: Db,
  orgId: string,
  id: string,
  change: Updateable<WebhooksTable>,
): Promise<void> {
  await db.updateTable("webhooks").set(change).where("org_id", "=", orgId).where("id", "=", id).execute();
}

/** Deletes a webhook and all its deliveries; false when there is none. */
export async function deleteWebhook(db: Db, { orgId, dialect }: WebhookOwner, id: string): Promise<boolean> {
  const result = await db
    .deleteFrom("webhooks")
    .where("org_id", "=", orgId)
    .where("dialect", "=", dialect)
    .where("id", "=", id)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Webhooks as a worker claims them, in wall ms. */
export interface WebhookClaim {
  readonly ids: readonly string[];
  readonly workerId: string;
  readonly now: number;
  /** Another worker may have them after this, unless they are claimed again. */
  readonly until: number;
}

/**
 * Claims those of some webhooks that nobody else has, whoever owns them, and gives their rows. A webhook has one sender
 * at a time: that is what keeps the order. A webhook that another transaction holds is passed over, not waited for.
 */
export async function claimWebhooks(db: Db, kind: DatabaseKind, claim: WebhookClaim): Promise<WebhookRow[]> {
  if (claim.ids.length === 0) return [];
  let free = db
    .selectFrom("webhooks")
    .select("id")
    .where("id", "in", claim.ids)
    .where("enabled", "=", 1)
    .where((eb) =>
      eb.or([
        eb("claimed_by", "is", null),
        eb("claimed_by", "=", claim.workerId),
        eb("claimed_until", "<=", claim.now),
      ]),
    );
  // "no key": rows of deliveries that refer to it may be written meanwhile.
  if (kind.skipsLocked) free = free.forNoKeyUpdate().skipLocked();
  return db
    .updateTable("webhooks")
    .set({ claimed_by: claim.workerId, claimed_until: claim.until })
    .where("id", "in", free)
    .returningAll()
    .execute();
}

/** Lengthens claims a worker has; the ids it still has. */
export async function renewClaims(db: Db, { ids, workerId, until }: Omit<WebhookClaim, "now">): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .updateTable("webhooks")
    .set({ claimed_until: until })
    .where("id", "in", ids)
    .where("claimed_by", "=", workerId)
    .where("enabled", "=", 1)
    .returning("id")
    .execute();
  return rows.map(({ id }) => id);
}

/** Gives claims back: some, or all that a worker has. */
export async function releaseClaims(db: Db, workerId: string, ids?: readonly string[]): Promise<void> {
  if (ids?.length === 0) return;
  let query = db.updateTable("webhooks").set({ claimed_by: null, claimed_until: 0 }).where("claimed_by", "=", workerId);
  if (ids !== undefined) query = query.where("id", "in", ids);
  await query.execute();
}

/** A webhook that something waits for, and since or from when (wall ms). */
export interface WaitingWebhook {
  readonly id: string;
  readonly dueAt: number;
}

/**
 * Every webhook that has something to be sent, now or later. Goes from webhook to webhook in the index, so that what
 * it costs grows with the webhooks and not with what waits for one of them.
 */
export async function waitingWebhooks(db: Db): Promise<WaitingWebhook[]> {
  const { rows } = await sql<{ id: string; due_at: number }>`
    with recursive waiting(id) as (
      select min(webhook_id) from webhook_deliveries where status = 'pending'
      union all
      select (select min(d.webhook_id) from webhook_deliveries d where d.status = 'pending' and d.webhook_id > waiting.id)
      from waiting where waiting.id is not null
    )
    select webhooks.id,
      (select min(d.next_at) from webhook_deliveries d where d.webhook_id = waiting.id and d.status = 'pending') as due_at
    from waiting join webhooks on webhooks.id = waiting.id and webhooks.enabled = 1`.execute(db);
  return rows.map(({ id, due_at }) => ({ id, dueAt: due_at }));
}

import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { PhonesTable } from "./schema.ts";

export type PhoneRow = Selectable<PhonesTable>;

export async function insertPhone(db: Db, row: PhoneRow): Promise<void> {
  await db.insertInto("phones").values(row).execute();
}

export function findPhone(db: Db, orgId: string, id: string): Promise<PhoneRow | undefined> {
  return db.selectFrom("phones").selectAll().where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
}

/** Every phone of the gateway. */
export function allPhones(db: Db): Promise<PhoneRow[]> {
  return db.selectFrom("phones").selectAll().execute();
}

/**
 * A phone other than `exceptId` that has the name as its user name or number; undefined when none does. User names and
 * E.164 numbers are the gateway's, extensions the organisation's.
 */
export function findPhoneNamed(db: Db, orgId: string, name: string, exceptId = ""): Promise<PhoneRow | undefined> {
  return db
    .selectFrom("phones")
    .selectAll()
    .where((eb) =>
      eb.or([
        eb("username", "=", name),
        name.startsWith("+") ? eb("number", "=", name) : eb.and([eb("org_id", "=", orgId), eb("number", "=", name)]),
      ]),
    )
    .where("id", "!=", exceptId)
    .executeTakeFirst();
}

/** The organisation whose agents have the number; undefined: nobody's have. */
export async function ownerOfNumber(db: Db, number: string): Promise<string | undefined> {
  const row = await db
    .selectFrom("numbers")
    .select("org_id")
    .where("number", "=", number)
    .where("status", "!=", "released")
    .executeTakeFirst();
  return row?.org_id;
}

export async function pageOfPhones(db: Db, orgId: string, page: PageRequest): Promise<Page<PhoneRow>> {
  let query = db.selectFrom("phones").selectAll().where("org_id", "=", orgId);
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function updatePhone(db: Db, orgId: string, id: string, change: Updateable<PhonesTable>): Promise<void> {
  await db.updateTable("phones").set(change).where("org_id", "=", orgId).where("id", "=", id).execute();
}

export async function deletePhone(db: Db, orgId: string, id: string): Promise<boolean> {
  const result = await db.deleteFrom("phones").where("org_id", "=", orgId).where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

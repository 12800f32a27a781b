import type { Selectable, Updateable } from "kysely";
import type { Db } from "./database.ts";
import { cutPage, olderThan, type Page, type PageRequest } from "./page.ts";
import type { PhonesTable } from "./schema.ts";

export type PhoneRow = Selectable<PhonesTable>;

export async function insertPhone(db: Db, row: PhoneRow): Promise<void> {
  await db.insertInto("phones").values(row).execute();
}

export function findPhone(db: Db, id: string): Promise<PhoneRow | undefined> {
  return db.selectFrom("phones").selectAll().where("id", "=", id).executeTakeFirst();
}

export function allPhones(db: Db): Promise<PhoneRow[]> {
  return db.selectFrom("phones").selectAll().execute();
}

/** A phone other than `exceptId` that has one of the names as its user name or number; undefined when none does. */
export function findPhoneNamed(db: Db, names: readonly string[], exceptId = ""): Promise<PhoneRow | undefined> {
  return db
    .selectFrom("phones")
    .selectAll()
    .where((eb) => eb.or([eb("username", "in", names), eb("number", "in", names)]))
    .where("id", "!=", exceptId)
    .executeTakeFirst();
}

/** True when the number is an agent's, not a phone's. */
export async function isAgentNumber(db: Db, number: string): Promise<boolean> {
  return (await db.selectFrom("numbers").select("id").where("number", "=", number).executeTakeFirst()) !== undefined;
}

export async function pageOfPhones(db: Db, page: PageRequest): Promise<Page<PhoneRow>> {
  let query = db.selectFrom("phones").selectAll();
  if (page.after) query = query.where(olderThan(page.after));
  const ordered = query.orderBy("created_at", "desc").orderBy("id", "desc");
  return cutPage(await ordered.limit(page.limit + 1).execute(), page.limit);
}

export async function updatePhone(db: Db, id: string, change: Updateable<PhonesTable>): Promise<void> {
  await db.updateTable("phones").set(change).where("id", "=", id).execute();
}

export async function deletePhone(db: Db, id: string): Promise<boolean> {
  const result = await db.deleteFrom("phones").where("id", "=", id).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

import type { Db } from "./database.ts";

/** An event about to be written with the change it tells of. */
export interface NewEvent {
  readonly callId: string;
  readonly type: string;
  readonly data: unknown;
}

/** An event as written. `id` grows over all calls, `sequence` over one. */
export interface StoredEvent extends NewEvent {
  readonly orgId: string;
  readonly id: number;
  readonly sequence: number;
  readonly wallMs: number;
}

/** Numbers the events and writes them; called inside the transaction of the change. */
export async function appendEvents(db: Db, events: readonly NewEvent[], wallMs: number): Promise<StoredEvent[]> {
  const counts = new Map<string, number>();
  for (const { callId } of events) counts.set(callId, (counts.get(callId) ?? 0) + 1);
  const nextSequence = new Map<string, number>();
  const orgOf = new Map<string, string>();
  for (const [callId, count] of counts) {
    const row = await db
      .updateTable("calls")
      .set((eb) => ({ last_sequence: eb("last_sequence", "+", count) }))
      .where("id", "=", callId)
      .returning(["last_sequence", "org_id"])
      .executeTakeFirstOrThrow();
    nextSequence.set(callId, row.last_sequence - count + 1);
    orgOf.set(callId, row.org_id);
  }
  const stored: StoredEvent[] = [];
  for (const event of events) {
    const sequence = nextSequence.get(event.callId)!;
    nextSequence.set(event.callId, sequence + 1);
    const orgId = orgOf.get(event.callId)!;
    const { id } = await db
      .insertInto("events")
      .values({
        org_id: orgId,
        call_id: event.callId,
        sequence,
        type: event.type,
        data: JSON.stringify(event.data),
        wall_ms: wallMs,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    stored.push({ ...event, orgId, id, sequence, wallMs });
  }
  return stored;
}

/** Events of an organisation after an id, of one call or of all, oldest first, at most `limit`. */
export async function readEvents(
  db: Db,
  orgId: string,
  afterId: number,
  limit: number,
  callId: string | undefined,
): Promise<StoredEvent[]> {
  let query = db
    .selectFrom("events")
    .selectAll()
    .where("org_id", "=", orgId)
    .where("id", ">", afterId)
    .orderBy("id")
    .limit(limit);
  if (callId !== undefined) query = query.where("call_id", "=", callId);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    orgId: row.org_id,
    callId: row.call_id,
    sequence: row.sequence,
    type: row.type,
    data: JSON.parse(row.data),
    wallMs: row.wall_ms,
  }));
}

/** Wall ms of a call's latest event; undefined when it has none. */
export async function lastEventAt(db: Db, callId: string): Promise<number | undefined> {
  const row = await db
    .selectFrom("events")
    .select((eb) => eb.fn.max("wall_ms").as("at"))
    .where("call_id", "=", callId)
    .executeTakeFirst();
  return row?.at ?? undefined;
}

/** Deletes a call's events of one type. */
export async function deleteEventsOfType(db: Db, callId: string, type: string): Promise<void> {
  await db.deleteFrom("events").where("call_id", "=", callId).where("type", "=", type).execute();
}

/** Deletes events written before an instant. */
export async function deleteEventsBefore(db: Db, wallMs: number): Promise<void> {
  await db.deleteFrom("events").where("wall_ms", "<", wallMs).execute();
}

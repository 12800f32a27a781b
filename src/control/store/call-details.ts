import type { Insertable, Selectable } from "kysely";
import type { InterruptionsTable, ToolCallsTable, TurnsTable, UsageTable, UtterancesTable } from "./call-schema.ts";
import type { Db } from "./database.ts";

export type UtteranceRow = Selectable<UtterancesTable>;
export type ToolCallRow = Selectable<ToolCallsTable>;
export type TurnRow = Selectable<TurnsTable>;
export type InterruptionRow = Selectable<InterruptionsTable>;

/** Writes what was said; said again under the same id, the later words stand. */
export async function putUtterance(db: Db, row: Insertable<UtterancesTable>): Promise<void> {
  const { call_id: _, utterance_id: __, ...change } = row;
  await db
    .insertInto("utterances")
    .values(row)
    .onConflict((conflict) => conflict.columns(["call_id", "utterance_id"]).doUpdateSet(change))
    .execute();
}

/** Whether an utterance has been written before. */
export async function hasUtterance(db: Db, callId: string, utteranceId: string): Promise<boolean> {
  const query = db.selectFrom("utterances").select("position").where("call_id", "=", callId);
  return (await query.where("utterance_id", "=", utteranceId).executeTakeFirst()) !== undefined;
}

/** Utterances of a call in the order they began. */
export function utterancesOf(db: Db, callId: string): Promise<UtteranceRow[]> {
  return db
    .selectFrom("utterances")
    .selectAll()
    .where("call_id", "=", callId)
    .orderBy("start_ms")
    .orderBy("position")
    .execute();
}

/** Writes the beginning or the end of a tool call; each fills its own columns. */
export async function putToolCall(db: Db, row: Insertable<ToolCallsTable>): Promise<void> {
  const { call_id: _, tool_call_id: __, started_at_ms: ___, ...change } = row;
  await db
    .insertInto("tool_calls")
    .values(row)
    .onConflict((conflict) => conflict.columns(["call_id", "tool_call_id"]).doUpdateSet(change))
    .execute();
}

export function toolCallsOf(db: Db, callId: string): Promise<ToolCallRow[]> {
  return db.selectFrom("tool_calls").selectAll().where("call_id", "=", callId).orderBy("position").execute();
}

/** How many tools each of the calls has called, some tools' calls not counted; calls without any are missing. */
export async function toolCallCounts(
  db: Db,
  ids: readonly string[],
  uncounted: readonly string[],
): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const query = db.selectFrom("tool_calls").where("call_id", "in", ids).where("name", "not in", uncounted);
  const counting = query.select((eb) => ["call_id", eb.fn.countAll().as("count")]).groupBy("call_id");
  return new Map((await counting.execute()).map(({ call_id, count }) => [call_id, Number(count)]));
}

/** Writes a turn's timing; told again under the same id, the later one stands. */
export async function putTurn(db: Db, row: Insertable<TurnsTable>): Promise<void> {
  const { call_id: _, turn_id: __, ...change } = row;
  await db
    .insertInto("turns")
    .values(row)
    .onConflict((conflict) => conflict.columns(["call_id", "turn_id"]).doUpdateSet(change))
    .execute();
}

export function turnsOf(db: Db, callId: string): Promise<TurnRow[]> {
  return db.selectFrom("turns").selectAll().where("call_id", "=", callId).orderBy("position").execute();
}

export async function insertInterruption(db: Db, row: Insertable<InterruptionsTable>): Promise<void> {
  await db.insertInto("interruptions").values(row).execute();
}

export function interruptionsOf(db: Db, callId: string): Promise<InterruptionRow[]> {
  return db.selectFrom("interruptions").selectAll().where("call_id", "=", callId).orderBy("position").execute();
}

/** Adds to what a call has used. */
export async function addUsage(db: Db, row: Insertable<UsageTable>): Promise<void> {
  await db
    .insertInto("usage")
    .values(row)
    .onConflict((conflict) =>
      conflict.column("call_id").doUpdateSet((eb) => ({
        input_text_tokens: eb("usage.input_text_tokens", "+", row.input_text_tokens),
        input_audio_tokens: eb("usage.input_audio_tokens", "+", row.input_audio_tokens),
        input_cached_tokens: eb("usage.input_cached_tokens", "+", row.input_cached_tokens),
        output_text_tokens: eb("usage.output_text_tokens", "+", row.output_text_tokens),
        output_audio_tokens: eb("usage.output_audio_tokens", "+", row.output_audio_tokens),
        transcription_tokens: eb("usage.transcription_tokens", "+", row.transcription_tokens),
        transcription_seconds: eb("usage.transcription_seconds", "+", row.transcription_seconds),
        speech_characters: eb("usage.speech_characters", "+", row.speech_characters),
      })),
    )
    .execute();
}

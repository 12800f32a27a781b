import { type Kysely, sql } from "kysely";
import type { DatabaseKind } from "../database-kind.ts";

/** Keys, agents, numbers, calls and what happened in them. */
export async function first(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  await people(db);
  await calls(db);
  await callDetails(db, kind);
}

async function people(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("meta")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("api_keys")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("dialect", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("prefix", "text", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull().unique())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("last_used_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .execute();
  await db.schema
    .createTable("agents")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("provider", "text")
    .addColumn("model", "text")
    .addColumn("voice", "text")
    .addColumn("language", "text", (c) => c.notNull())
    .addColumn("instructions", "text", (c) => c.notNull())
    .addColumn("first_message", "text")
    .addColumn("tools", "text", (c) => c.notNull())
    .addColumn("turn", "text", (c) => c.notNull())
    .addColumn("max_duration_ms", "bigint", (c) => c.notNull())
    .addColumn("record", "integer", (c) => c.notNull())
    .addColumn("webhook_url", "text")
    .addColumn("signing_secret", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("numbers")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("number", "text", (c) => c.notNull().unique())
    .addColumn("inbound_agent_id", "text", (c) => c.references("agents.id").onDelete("restrict"))
    .addColumn("outbound_agent_id", "text", (c) => c.references("agents.id").onDelete("restrict"))
    .addColumn("label", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("updated_at", "bigint", (c) => c.notNull())
    .execute();
}

async function calls(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("calls")
    .addColumn("id", "text", (c) => c.primaryKey())
    .addColumn("carrier", "text", (c) => c.notNull())
    .addColumn("carrier_call_id", "text")
    .addColumn("direction", "text", (c) => c.notNull())
    .addColumn("from_number", "text", (c) => c.notNull())
    .addColumn("to_number", "text", (c) => c.notNull())
    .addColumn("agent_id", "text", (c) => c.notNull())
    .addColumn("agent_snapshot", "text", (c) => c.notNull())
    .addColumn("metadata", "text", (c) => c.notNull())
    .addColumn("record", "integer", (c) => c.notNull())
    .addColumn("status", "text", (c) => c.notNull())
    .addColumn("cause", "text")
    .addColumn("detail", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("started_at", "bigint")
    .addColumn("ended_at", "bigint")
    .addColumn("duration_ms", "bigint")
    .addColumn("recording_duration_ms", "bigint")
    .addColumn("recording_bytes", "bigint")
    .addColumn("stats", "text")
    .addColumn("last_sequence", "integer", (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex("calls_by_age").on("calls").columns(["created_at", "id"]).execute();
  await db.schema.createIndex("calls_by_agent").on("calls").columns(["agent_id", "created_at"]).execute();
  // A carrier may repeat its webhook: two open calls can never share the carrier's id, even when both come at once.
  await db.schema
    .createIndex("open_calls_by_carrier_id")
    .unique()
    .on("calls")
    .columns(["carrier", "carrier_call_id"])
    .where(sql.ref("status"), "!=", "ended")
    .execute();
}

async function callDetails(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const counted = (table: string, column: string) =>
    db.schema
      .createTable(table)
      .addColumn(column, kind.countingType, (c) => kind.counting(c))
      .addColumn("call_id", "text", (c) => c.notNull().references("calls.id").onDelete("cascade"));
  await counted("utterances", "position")
    .addColumn("utterance_id", "text", (c) => c.notNull())
    .addColumn("role", "text", (c) => c.notNull())
    .addColumn("text", "text", (c) => c.notNull())
    .addColumn("start_ms", "real", (c) => c.notNull())
    .addColumn("end_ms", "real", (c) => c.notNull())
    .addColumn("interrupted", "integer", (c) => c.notNull())
    .addColumn("via", "text", (c) => c.notNull())
    .addUniqueConstraint("utterances_once", ["call_id", "utterance_id"])
    .execute();
  await counted("tool_calls", "position")
    .addColumn("tool_call_id", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("arguments", "text")
    .addColumn("output", "text")
    .addColumn("ok", "integer")
    .addColumn("started_at_ms", "real", (c) => c.notNull())
    .addColumn("ended_at_ms", "real")
    .addColumn("duration_ms", "real")
    .addUniqueConstraint("tool_calls_once", ["call_id", "tool_call_id"])
    .execute();
  await counted("turns", "position")
    .addColumn("turn_id", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("caller_last_voiced_at_ms", "real")
    .addColumn("decided_at_ms", "real", (c) => c.notNull())
    .addColumn("provider_first_byte_at_ms", "real")
    .addColumn("first_frame_on_wire_at_ms", "real")
    .addUniqueConstraint("turns_once", ["call_id", "turn_id"])
    .execute();
  await counted("interruptions", "position")
    .addColumn("onset_at_ms", "real", (c) => c.notNull())
    .addColumn("silenced_at_ms", "real", (c) => c.notNull())
    .addColumn("decided_at_ms", "real")
    .addColumn("outcome", "text", (c) => c.notNull())
    .addColumn("heard_ms", "real")
    .execute();
  await db.schema.createIndex("interruptions_by_call").on("interruptions").column("call_id").execute();
  await db.schema
    .createTable("usage")
    .addColumn("call_id", "text", (c) => c.primaryKey().references("calls.id").onDelete("cascade"))
    .addColumn("input_text_tokens", "bigint", (c) => c.notNull())
    .addColumn("input_audio_tokens", "bigint", (c) => c.notNull())
    .addColumn("input_cached_tokens", "bigint", (c) => c.notNull())
    .addColumn("output_text_tokens", "bigint", (c) => c.notNull())
    .addColumn("output_audio_tokens", "bigint", (c) => c.notNull())
    .addColumn("transcription_tokens", "bigint", (c) => c.notNull())
    .addColumn("transcription_seconds", "real", (c) => c.notNull())
    .addColumn("speech_characters", "bigint", (c) => c.notNull())
    .execute();
  await counted("events", "id")
    .addColumn("sequence", "integer", (c) => c.notNull())
    .addColumn("type", "text", (c) => c.notNull())
    .addColumn("data", "text", (c) => c.notNull())
    .addColumn("wall_ms", "bigint", (c) => c.notNull())
    .addUniqueConstraint("events_once", ["call_id", "sequence"])
    .execute();
  await db.schema.createIndex("events_by_age").on("events").column("wall_ms").execute();
}

/**
 * A backup: gzip of JSON, one value a line, alike for both databases.
 *
 *     {"format":"tandem-backup","version":1,"migrations":[…],"created_at":ms,"key_check":"…"}
 *     {"table":"orgs","columns":["id","name",…],"last_count":0}
 *     ["org_default","Default",…]            a row, as often as there are
 *     {"table":…}                            tables that others refer to come first
 *     {"rows":12345}                         the end, so that a backup cut short is seen
 */
import { type Static, type TSchema, Type } from "typebox";
import { Check } from "typebox/value";

/** The first line. */
export const BackupHead = Type.Object({
  format: Type.Literal("tandem-backup"),
  version: Type.Literal(1),
  /** Names of the migrations that the tables have had. */
  migrations: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 1000 }),
  /** Wall ms. */
  created_at: Type.Number(),
  /** Tells whether secrets in the rows can be opened: made with the gateway's secret key, and says nothing about it. */
  key_check: Type.String({ maxLength: 100 }),
});
export type BackupHead = Static<typeof BackupHead>;

/** The line before a table's rows. */
export const BackupTable = Type.Object({
  table: Type.String({ maxLength: 100 }),
  columns: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 500 }),
  /** The last number that the table's own count has given. */
  last_count: Type.Integer({ minimum: 0 }),
});
export type BackupTable = Static<typeof BackupTable>;

/** A row: its values in the order of the columns. */
export type BackupRow = readonly (string | number | null)[];

/** The last line. */
export const BackupEnd = Type.Object({ rows: Type.Integer({ minimum: 0 }) });

/** Longest line there may be, in characters; no row of ours comes near it. */
const maxLineLength = 32 * 1024 * 1024;

/** A value of this shape; undefined when it is another. */
export function readAs<Shape extends TSchema>(shape: Shape, value: unknown): Static<Shape> | undefined {
  return Check(shape, value) ? value : undefined;
}

/** Whether a line is a row. Asked of every row, so without a schema. */
export function isRow(value: unknown): value is BackupRow {
  return Array.isArray(value) && value.every((one) => one === null || typeof one === "string" || Number.isFinite(one));
}

/** The values of a backup's lines, from pieces of its text. */
export async function* readLines(pieces: AsyncIterable<string>): AsyncGenerator<unknown> {
  let rest = "";
  for await (const piece of pieces) {
    rest += piece;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > maxLineLength) throw new Error("this is not a backup of Tandem: a line has no end");
    for (const line of lines) yield parseLine(line);
  }
  if (rest !== "") throw new Error("the backup is cut short");
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error("this is not a backup of Tandem: a line is not JSON");
  }
}

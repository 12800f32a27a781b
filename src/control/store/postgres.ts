/** All that is particular to PostgreSQL: its pool, its types, how a column counts up, what its errors are called. */
import { PostgresDialect } from "kysely";
import pg from "pg";
import type { DatabaseKind } from "./database-kind.ts";
import { postgresCopying } from "./postgres-copying.ts";

/** Code of a row whose unique value is there already (PostgreSQL, appendix A). */
const uniqueViolation = "23505";
/** Connection lost, rolled back for another's sake, out of resources, shutting down or starting (PostgreSQL, appendix A). */
const passingCodes = /^(?:08|40|53|57P0)/;
/** The same as the socket tells it. */
const socketCodes: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"]);
/** And as the driver does, which has no codes. */
const driverWords =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/;
/** Connections of one gateway; a write holds one for a millisecond or two. */
const maxConnections = 10;
const connectTimeoutMs = 5_000;
/** A statement that takes longer is not one of ours any more. */
const statementTimeoutMs = 30_000;

export const postgresKind: DatabaseKind = {
  countingType: "bigserial",
  counting: (column) => column.primaryKey(),
  skipsLocked: true,
  copying: postgresCopying,
  isDuplicate: (error) => error instanceof pg.DatabaseError && error.code === uniqueViolation,
  isPassing: (error) => {
    if (error instanceof pg.DatabaseError) return passingCodes.test(error.code ?? "");
    if (!(error instanceof Error)) return false;
    return ("code" in error && socketCodes.has(error.code)) || driverWords.test(error.message);
  },
};

/** Opens a pool for Kysely. `url`: `postgres://user:password@host:port/database`, a folder of a socket as `?host=`. */
export function openPostgres(url: string): PostgresDialect {
  const types: pg.CustomTypesConfig = {
    getTypeParser: (oid, format) => {
      // 64-bit integers hold ms and counts, which a double has room for; rows must look alike in both databases.
      if (oid === pg.types.builtins.INT8) return Number;
      return pg.types.getTypeParser(oid, format);
    },
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    types,
  });
  // A connection that breaks while nobody uses it is replaced; the next statement tells if the server is gone.
  pool.on("error", () => undefined);
  // One that breaks while it is used tells whoever waits for its statement; told to nobody besides, it would end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return new PostgresDialect({ pool });
}

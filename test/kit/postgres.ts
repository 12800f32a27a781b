/** A PostgreSQL server of the tests' own: Debian's, in a temporary folder, at a socket in it, gone with them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { openDatabase } from "../../src/control/store/database.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder of the server's socket. */
    postgresFolder: string;
  }
}

/** Where Debian keeps the server's programs, the newest version first. */
function programs(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const [newest] = versions;
  if (newest === undefined) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  return join(root, newest, "bin");
}

/** PostgreSQL does not run as root; Debian's package has a user for it. */
function run(program: string, ...args: string[]): void {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) execFileSync("runuser", ["-u", "postgres", "--", program, ...args], { stdio: "ignore" });
  else execFileSync(program, args, { stdio: "ignore" });
}

/** Database with all tables and no rows: what each test begins with is copied from it. */
const templateName = "tandem_template";

export default async function setup(project: TestProject): Promise<() => void> {
  const { folder, stop } = await startPostgres();
  project.provide("postgresFolder", folder);
  return stop;
}

/** Starts a server; `folder` is its socket's. */
export async function startPostgres(): Promise<{ readonly folder: string; stop(): void }> {
  const bin = programs();
  const folder = mkdtempSync(join(tmpdir(), "tandem-postgres-"));
  mkdirSync(join(folder, "data"));
  if (process.getuid?.() === 0) execFileSync("chown", ["-R", "postgres", folder]);
  const data = join(folder, "data");
  run(join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "tandem", "-E", "UTF8", "--no-sync");
  // Nothing here outlives the tests, so nothing has to reach the disk.
  const options = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off -c max_connections=200`;
  run(join(bin, "pg_ctl"), "-D", data, "-o", options, "-l", join(folder, "log"), "-w", "start");
  const stop = () => {
    run(join(bin, "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop");
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await makeDatabase(folder, templateName, "template1");
    await (await openDatabase(folder, postgresUrl(folder, templateName))).close();
  } catch (error) {
    stop();
    throw error;
  }
  return { folder, stop };
}

/** Address of a database on the server. */
export function postgresUrl(folder: string, database: string): string {
  return `postgres://tandem@/${database}?host=${encodeURIComponent(folder)}`;
}

/** Makes a database that is like another (`template1`: quite empty), unless it is there. */
export async function makeDatabase(folder: string, database: string, template = templateName): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl(folder, "postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [database]);
    if (rowCount !== 0) return;
    const [made, like] = [database, template].map((name) => client.escapeIdentifier(name));
    await client.query(`create database ${made} template ${like} strategy file_copy`);
  } finally {
    await client.end();
  }
}

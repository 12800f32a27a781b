/** What is said to the database during some work, whichever database it is. */
import { AsyncLocalStorage } from "node:async_hooks";
import Database from "better-sqlite3";
import pg from "pg";
import { onTestFinished } from "vitest";

const listening = new AsyncLocalStorage<Set<string>>();

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** Lets every call of a method be told of first, until the test is over. */
function overhear(target: object, name: string, sqlOf: (self: unknown, args: unknown[]) => unknown): void {
  const owner = target as Record<string, Method>;
  const original = owner[name];
  if (!original) throw new Error(`there is no method ${name}`);
  owner[name] = function (this: unknown, ...args) {
    const text = sqlOf(this, args);
    if (typeof text === "string") listening.getStore()?.add(text);
    return original.apply(this, args);
  };
  onTestFinished(() => {
    owner[name] = original;
  });
}

/** From now on, in this test, `heard` gives the texts of the statements that some work has run. */
export function overhearStatements(): <T>(work: () => Promise<T>) => Promise<{ result: T; statements: Set<string> }> {
  const memory = new Database(":memory:");
  const statement = Object.getPrototypeOf(memory.prepare("select 1")) as object;
  memory.close();
  for (const name of ["all", "run", "iterate"]) {
    overhear(statement, name, (self) => (self as { source?: string }).source);
  }
  overhear(pg.Client.prototype, "query", (_self, [first]) =>
    typeof first === "string" ? first : (first as { text?: string } | undefined)?.text,
  );
  return async (work) => {
    const statements = new Set<string>();
    const result = await listening.run(statements, work);
    return { result, statements };
  };
}

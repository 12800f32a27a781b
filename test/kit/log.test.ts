import pino from "pino";
import { expect, test } from "vitest";
import { createLogger } from "../../src/kit/log.ts";

/** What a logger writes, instead of writing it. */
function linesOf(log: pino.Logger): string[] {
  const lines: string[] = [];
  const stream: { write(line: string): void } = Reflect.get(log, pino.symbols.streamSym);
  stream.write = (line) => lines.push(line);
  return lines;
}

test("log: a database's error keeps the values of its row to itself", () => {
  const log = createLogger("info", "test");
  const lines = linesOf(log);
  const fault = Object.assign(new Error("null value in column"), {
    code: "23502",
    detail: "Failing row contains (text_1, my words)",
    where: "my words",
  });
  log.error({ err: fault }, "failed");
  log.child({ callId: "call_1" }).error({ err: new Error("outer", { cause: fault }) }, "failed");
  expect(lines).toHaveLength(2);
  expect(lines.join()).not.toContain("my words");
  expect(lines[0]).toContain("23502");
});

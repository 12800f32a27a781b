import { describe, expect, test } from "vitest";
import { ToolBook } from "../../../src/media/talk/tool-book.ts";

describe("tool book", () => {
  test("a few run, the next wait in order, the rest is refused", () => {
    const book = new ToolBook({ maxRunning: 2, maxWaiting: 2 });
    expect(["a", "b", "c", "d", "e"].map((id) => book.admit(id))).toEqual(["run", "run", "wait", "wait", "refuse"]);
    expect(book.finish("a")).toBe("c");
    expect(book.finish("c")).toBe("d");
    expect(book.finish("d")).toBeUndefined();
  });

  test("a call is worked on once, and finishing it twice frees one place only", () => {
    const book = new ToolBook({ maxRunning: 1, maxWaiting: 5 });
    expect([book.admit("a"), book.admit("a"), book.admit("b"), book.admit("b")]).toEqual([
      "run",
      "known",
      "wait",
      "known",
    ]);
    expect(book.finish("a")).toBe("b");
    expect(book.finish("a")).toBeUndefined();
    expect(book.admit("c")).toBe("wait");
  });

  test("closing gives back who waited and lets nobody in", () => {
    const book = new ToolBook({ maxRunning: 1, maxWaiting: 5 });
    for (const id of ["a", "b", "c"]) book.admit(id);
    expect(book.close()).toEqual(["b", "c"]);
    expect(book.finish("a")).toBeUndefined();
    expect(book.admit("d")).toBe("closed");
  });
});

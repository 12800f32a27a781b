import { expect, test } from "vitest";
import { ToolDesk } from "../../../src/media/talk/tool-desk.ts";

test("tool desk: a call is begun once and answered once", () => {
  const desk = new ToolDesk();
  expect([desk.begin("a", "lookup", 0), desk.begin("a", "lookup", 1)]).toEqual([true, false]);
  expect(desk.busy).toBe(true);
  expect([desk.answer("a"), desk.answer("a")]).toEqual([true, false]);
  expect(desk.busy).toBe(false);
});

test("tool desk: at the end of the call it names what was not answered", () => {
  const desk = new ToolDesk();
  desk.begin("a", "lookup", 100);
  desk.begin("b", "book", 200);
  desk.answer("a");
  expect(desk.close(1000)).toEqual([{ toolCallId: "b", name: "book", durationMs: 800 }]);
  expect(desk.close(1000)).toEqual([]);
  expect(desk.answer("b")).toBe(false);
});

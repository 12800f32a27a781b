import { expect, test } from "vitest";
import { windowsOfRoute } from "../../../../src/control/http/limits/limit-table.ts";

const table = {
  global: { perMinute: 100 },
  routes: {
    "POST /v1/calls": { perMinute: 60, perHour: 1000 },
    "POST /v1/sms": { byPlan: { free: { perMinute: 1 }, pro: { perMinute: 120 } } },
  },
};

test("limit table: a route has its own windows and the one all routes share", () => {
  expect(windowsOfRoute("jagcall", table, "POST /v1/calls", 1).pro).toEqual([
    { name: "jagcall POST /v1/calls", limit: 60, windowMs: 60_000 },
    { name: "jagcall POST /v1/calls", limit: 1000, windowMs: 3_600_000 },
    { name: "jagcall global", limit: 100, windowMs: 60_000 },
  ]);
  expect(windowsOfRoute("jagcall", table, "GET /v1/calls", 3).pro).toEqual([
    { name: "jagcall global", limit: 300, windowMs: 60_000 },
  ]);
  expect(windowsOfRoute("jagcall", {}, "GET /v1/calls", 1)).toEqual({ free: [], pro: [] });
});

test("limit table: a plan makes two lists where it makes a difference, and one where it does not", () => {
  const texts = windowsOfRoute("jagcall", table, "POST /v1/sms", 1);
  expect([texts.free[0]?.limit, texts.pro[0]?.limit]).toEqual([1, 120]);
  const calls = windowsOfRoute("jagcall", table, "POST /v1/calls", 1);
  expect(calls.free).toBe(calls.pro);
});

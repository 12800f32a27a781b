import { describe, expect, test } from "vitest";
import { StreamTokens } from "../../../src/control/calls/stream-tokens.ts";
import type { CallId } from "../../../src/kit/ids.ts";

const callId = "call_00000000000000000000000001" as CallId;

describe("stream tokens", () => {
  test("a token opens its call once and never again", () => {
    const tokens = new StreamTokens();
    tokens.grant("t1", callId, 1000);
    expect(tokens.take("t1", 10)).toBe(callId);
    expect(tokens.take("t1", 11)).toBeUndefined();
  });

  test("a late token opens nothing, and is used up by the try", () => {
    const tokens = new StreamTokens();
    tokens.grant("t1", callId, 1000);
    expect(tokens.take("t1", 1000)).toBeUndefined();
    expect(tokens.take("t1", 10)).toBeUndefined();
  });

  test("an unknown token opens nothing", () => {
    expect(new StreamTokens().take("guess", 0)).toBeUndefined();
  });

  test("the table is bounded: past its size the oldest ticket is void", () => {
    const tokens = new StreamTokens(2);
    for (const token of ["a", "b", "c"]) tokens.grant(token, callId, 1000);
    expect(tokens.take("a", 0)).toBeUndefined();
    expect(tokens.take("c", 0)).toBe(callId);
  });

  test("a sweep voids what is late and leaves the rest", () => {
    const tokens = new StreamTokens();
    tokens.grant("early", callId, 100);
    tokens.grant("late", callId, 200);
    tokens.sweep(150);
    expect(tokens.take("early", 0)).toBeUndefined();
    expect(tokens.take("late", 150)).toBe(callId);
  });
});

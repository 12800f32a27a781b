import { describe, expect, test } from "vitest";
import { dialFailure, referFailure, statusForCaller } from "../../../src/control/exchange/dial-plan.ts";
import type { SessionEnd } from "../../../src/sip/invite-session/types.ts";

const end = (change: Partial<SessionEnd>): SessionEnd => ({ by: "remote", cause: "rejected", reasons: [], ...change });

describe("the end of an INVITE that nobody took", () => {
  test.each([
    [486, "busy", false],
    [600, "busy", false],
    [480, "no-answer", false],
    [404, "call-refused", false],
    [603, "call-refused", false],
    [401, "call-refused", false],
    [408, "call-refused", true],
    [500, "call-refused", true],
    [503, "call-refused", true],
  ] as const)("%i is %s; another target may do better: %s (RFC 3261 §16.7)", (status, cause, mayRetry) => {
    expect(dialFailure(end({ status }))).toMatchObject({ cause, sipStatus: status, mayRetry });
  });

  test.each(["timeout", "transport", "overload"] as const)("%s is a far end that cannot be reached", (cause) => {
    const failure = dialFailure(end({ by: "network", cause }));
    expect(failure).toMatchObject({ cause: "call-unreachable", sipStatus: undefined, mayRetry: true });
  });

  test("a telephone that rang in vain is not tried elsewhere", () => {
    expect(dialFailure(end({ by: "local", cause: "no-answer" }))).toMatchObject({
      cause: "no-answer",
      mayRetry: false,
    });
  });

  test("a far end that breaks the rules has lost the connection", () => {
    expect(dialFailure(end({ cause: "protocol" }))).toMatchObject({ cause: "connection-lost", mayRetry: false });
  });
});

describe("the status for a caller of ours", () => {
  test("is the callee's own, but a challenge of a trunk is none of the caller's", () => {
    expect(statusForCaller("call-refused", 404)).toBe(404);
    expect(statusForCaller("call-refused", 407)).toBe(403);
    expect(statusForCaller("call-refused", 401)).toBe(403);
  });

  test.each([
    ["busy", 486],
    ["no-answer", 480],
    ["call-unreachable", 480],
    ["internal-error", 500],
  ] as const)("without one, %s is %i", (cause, status) => {
    expect(statusForCaller(cause, undefined)).toBe(status);
  });

  test("a 3xx that led nowhere is not sent on", () => {
    expect(statusForCaller("call-refused", 302)).toBe(500);
  });
});

test("a transfer that a far end could not make: why", () => {
  const causes = [486, 600, 408, 480, 487, 603, 404].map(referFailure);
  expect(causes).toEqual(["busy", "busy", "no-answer", "no-answer", "no-answer", "call-refused", "call-refused"]);
});

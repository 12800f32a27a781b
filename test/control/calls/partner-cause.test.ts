import { describe, expect, test } from "vitest";
import { partnerCause } from "../../../src/control/calls/partner-cause.ts";

describe("the ending of a call whose partner has ended", () => {
  test.each(["caller-hung-up", "callee-hung-up", "connection-lost", "agent-hung-up"] as const)(
    "%s: for a caller of ours the callee hung up, for one we called the caller did",
    (cause) => {
      expect(partnerCause(cause, "inbound")).toBe("callee-hung-up");
      expect(partnerCause(cause, "outbound")).toBe("caller-hung-up");
    },
  );

  test.each([
    "api-hung-up",
    "max-duration",
    "out-of-credit",
    "media-process-died",
    "gateway-stopped",
    "transferred",
  ] as const)("%s: ends both for the same reason", (cause) => {
    expect([partnerCause(cause, "inbound"), partnerCause(cause, "outbound")]).toEqual([cause, cause]);
  });
});

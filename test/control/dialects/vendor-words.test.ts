import { describe, expect, test } from "vitest";
import { type CallState, callsIn, stateOf } from "../../../src/control/dialects/call-states.ts";
import { fieldNamed } from "../../../src/control/dialects/refusal-words.ts";
import { vendorIds } from "../../../src/control/dialects/vendor-ids.ts";

describe("words that the vendors' APIs share", () => {
  test("ids: a vendor's prefix comes and goes, the letters stay; what is not theirs stays whole", () => {
    const ids = vendorIds("agent", "agt");
    expect(ids.show("agent_demo")).toBe("agt_demo");
    expect(ids.read(ids.show("agent_0abc"))).toBe("agent_0abc");
    for (const text of ["agent_demo", "agt", "pn_1", "", "agt-1", "xagt_1"]) expect(ids.read(text)).toBe(text);
  });

  test("fields: a service's name is the client's; a schema's and other people's names stay", () => {
    const named = (field: string | undefined, fieldBy: "service" | "schema" = "service") =>
      fieldNamed({ field, fieldBy }, { voice: "voice_id" });
    expect(named("contextWebhook.timeoutMs")).toBe("context_webhook.timeout_ms");
    expect(named("voice")).toBe("voice_id");
    expect(named("voice", "schema")).toBe("voice");
    expect(named("areaCode", "schema")).toBe("areaCode");
    expect(named("Idempotency-Key")).toBe("Idempotency-Key");
    expect(named("toString")).toBe("to_string");
    expect(named(undefined)).toBeUndefined();
  });

  test("calls: one that was answered is completed, whatever ended it", () => {
    for (const cause of ["caller-hung-up", "provider-failed", "out-of-credit", "gateway-restarted"] as const) {
      expect(stateOf({ status: "ended", cause, startedAt: 5 })).toBe("completed");
    }
    expect(stateOf({ status: "in-progress", cause: null, startedAt: 5 })).toBe("in-progress");
    expect(stateOf({ status: "ended", cause: "busy", startedAt: null })).toBe("busy");
  });

  test("calls: each ending of an unanswered call is looked for under one word", () => {
    const words: readonly CallState[] = ["busy", "no-answer", "failed", "canceled"];
    const causes = words.flatMap((word) => callsIn(word).causes ?? []);
    expect(new Set(causes).size).toBe(causes.length);
    for (const word of words) {
      for (const cause of callsIn(word).causes ?? []) {
        expect(stateOf({ status: "ended", cause: cause as "busy", startedAt: null })).toBe(word);
      }
    }
    expect(callsIn("completed")).toEqual({ status: "ended", wasAnswered: true });
    expect(callsIn("ringing")).toEqual({ status: "ringing" });
  });
});

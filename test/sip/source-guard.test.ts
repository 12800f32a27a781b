import { describe, expect, test } from "vitest";
import { SourceGuard } from "../../src/sip/source-guard.ts";

const options = {
  messagesPerS: 10,
  burst: 20,
  strikesToBan: 3,
  strikeMemoryMs: 60_000,
  banMs: 600_000,
  maxSources: 100,
};

describe("source guard", () => {
  test("source guard: a burst passes, then the rate holds, others are not touched", () => {
    const guard = new SourceGuard(options);
    let passed = 0;
    for (let now = 0; now < 1000; now += 10) if (guard.admit("203.0.113.1", now) === "ok") passed++;
    expect(passed).toBe(29);
    expect(guard.admit("203.0.113.2", 1000)).toBe("ok");
    expect(guard.counts.limited).toBe(71);
  });

  test("source guard: offences ban for a time, and the ban expires", () => {
    const guard = new SourceGuard(options);
    expect([1, 2, 3].map((now) => guard.strike("203.0.113.1", now))).toEqual([false, false, true]);
    expect(guard.admit("203.0.113.1", 1000)).toBe("banned");
    expect(guard.bans(1000)).toEqual([{ address: "203.0.113.1", until: 600_003 }]);
    expect(guard.admit("203.0.113.1", 600_004)).toBe("ok");
    expect(guard.bans(600_004)).toEqual([]);
  });

  test("source guard: a mistyped password now and then bans nobody", () => {
    const guard = new SourceGuard(options);
    for (let now = 0; now < 1_000_000; now += 61_000) expect(guard.strike("203.0.113.1", now)).toBe(false);
  });

  test("source guard: trusted addresses are never limited, forgiven ones start anew", () => {
    const guard = new SourceGuard(options, (address) => address === "10.0.0.1");
    for (let i = 0; i < 1000; i++) expect(guard.admit("10.0.0.1", 0)).toBe("ok");
    expect([1, 2, 3, 4].map((now) => guard.strike("10.0.0.1", now))).toEqual([false, false, false, false]);
    for (let i = 0; i < 3; i++) guard.strike("203.0.113.1", i);
    guard.forgive("203.0.113.1");
    expect(guard.admit("203.0.113.1", 5)).toBe("ok");
  });

  test("source guard: ten thousand addresses fill no memory", () => {
    const guard = new SourceGuard(options);
    for (let i = 0; i < 10_000; i++) guard.admit(`10.${i >> 8}.${i & 255}.1`, i);
    expect(guard.counts.sources).toBe(100);
  });
});

import { expect, test } from "vitest";
import { TokenBuckets } from "../../src/kit/token-buckets.ts";

test("rate limit: a burst passes, then one per period, and it says how long to wait", () => {
  const buckets = new TokenBuckets({ burst: 2, perSecond: 4, maxBuckets: 10 });
  expect([0, 0, 100, 250, 250].map((now) => buckets.take("a", now))).toEqual([0, 0, 150, 0, 250]);
});

test("rate limit: keys do not disturb each other, and rest fills a bucket to its burst only", () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 1, maxBuckets: 10 });
  expect([buckets.take("a", 0), buckets.take("b", 0), buckets.take("a", 0)]).toEqual([0, 0, 1000]);
  expect([buckets.take("a", 60_000), buckets.take("a", 60_000)]).toEqual([0, 1000]);
});

test("rate limit: memory is bounded, the key unused longest is forgotten first", () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.001, maxBuckets: 2 });
  buckets.take("a", 0);
  buckets.take("b", 0);
  buckets.take("a", 0); // used again
  buckets.take("c", 0); // pushes b out
  expect(buckets.take("a", 0)).toBeGreaterThan(0);
  expect(buckets.take("b", 0)).toBe(0);
});

test("rate limit: what is given back can be taken again, and never makes more than the burst", () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 1, maxBuckets: 10 });
  buckets.giveBack("a");
  expect(buckets.take("a", 0)).toBe(0);
  buckets.giveBack("a");
  buckets.giveBack("a");
  expect([buckets.take("a", 0), buckets.take("a", 0)]).toEqual([0, 1000]);
});

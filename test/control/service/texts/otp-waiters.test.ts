import { describe, expect, test } from "vitest";
import { OtpWaiters } from "../../../../src/control/service/texts/io/otp-waiters.ts";
import { firstOrgId, type OrgId } from "../../../../src/kit/ids.ts";

const place = { orgId: firstOrgId, number: "+15550111" };
const elsewhere = { orgId: firstOrgId, number: "+15550112" };
const stranger = { orgId: "org_2" as OrgId, number: "+15550111" };
const never = new AbortController().signal;
const longMs = 60_000;

describe("waiting for one-time codes", () => {
  test("waiters: a code goes to all who wait for it at once, and to nobody else", async () => {
    const waiters = new OtpWaiters<string>();
    const here = Array.from({ length: 200 }, () => waiters.open(place).next(longMs, never));
    const others = [waiters.open(elsewhere), waiters.open(stranger)].map((waiter) => waiter.next(longMs, never));
    waiters.publish(place, "482913");
    expect(new Set(await Promise.all(here))).toEqual(new Set(["482913"]));
    waiters.close();
    expect(await Promise.all(others)).toEqual([undefined, undefined]);
  });

  test("waiters: a code that comes between opening and asking is not lost", async () => {
    const waiters = new OtpWaiters<string>();
    const waiter = waiters.open(place);
    waiters.publish(place, "1111");
    expect(await waiter.next(longMs, never)).toBe("1111");
    expect(await waiter.next(1, never)).toBeUndefined();
  });

  test("waiters: time, a caller who went away, and a gateway that stops each end the wait", async () => {
    const waiters = new OtpWaiters<string>();
    expect(await waiters.open(place).next(1, never)).toBeUndefined();
    const gone = new AbortController();
    const waiting = waiters.open(place).next(longMs, gone.signal);
    gone.abort();
    expect(await waiting).toBeUndefined();
    expect(await waiters.open(place).next(longMs, gone.signal)).toBeUndefined();
    waiters.close();
    expect(await waiters.open(place).next(longMs, never)).toBeUndefined();
  });

  test("waiters: an organisation has so many at a time, the gateway so many in all, and closing twice frees one", () => {
    const waiters = new OtpWaiters<string>({ maxPerOrg: 2, max: 3 });
    const first = waiters.open(place);
    waiters.open(elsewhere);
    expect(() => waiters.open(place)).toThrow(expect.objectContaining({ code: "rate-limited" }));
    waiters.open(stranger);
    expect(() => waiters.open(stranger)).toThrow(expect.objectContaining({ code: "rate-limited" }));
    first.close();
    first.close();
    expect(waiters.size).toBe(2);
    waiters.open(place);
    expect(() => waiters.open(stranger)).toThrow(expect.objectContaining({ code: "rate-limited" }));
  });
});

import { describe, expect, test } from "vitest";
import { cachedDns, type DnsCacheOptions, defaultDnsCache } from "../../../src/sip/io/dns-cache.ts";
import { querySystemDns } from "../../../src/sip/io/resolver.ts";
import type { DnsAnswer, DnsQuery } from "../../../src/sip/routing.ts";

/** A cache over a DNS whose answers the test decides; `asked` are the questions that reached it. */
function cacheOver(change: Partial<DnsCacheOptions> = {}) {
  const asked: string[] = [];
  let now = 0;
  let say: string[] | "silence" = ["192.0.2.1"];
  let held: Promise<void> = Promise.resolve();
  const query = async ({ type, name }: DnsQuery): Promise<DnsAnswer> => {
    asked.push(`${type} ${name}`);
    const answer = say;
    await held;
    if (answer === "silence") throw new Error("no answer");
    return type === "address" ? { type, addresses: answer } : { type, records: [] };
  };
  const ask = cachedDns(query, { now: () => now, wall: () => now }, { ...defaultDnsCache, ...change });
  return {
    asked,
    addresses: async (name = "sip.example.com") => {
      const answer = await ask({ type: "address", name });
      return answer.type === "address" ? answer.addresses : undefined;
    },
    ask,
    say: (answer: string[] | "silence") => {
      say = answer;
    },
    hold: () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("DNS cache", () => {
  test("DNS cache: an answer is used for a while, then asked for again", async () => {
    const dns = cacheOver();
    expect(await dns.addresses()).toEqual(["192.0.2.1"]);
    dns.say(["192.0.2.2"]);
    dns.pass(29_999);
    expect(await dns.addresses("SIP.example.com")).toEqual(["192.0.2.1"]);
    expect(dns.asked.length).toBe(1);
    dns.pass(1);
    expect(await dns.addresses()).toEqual(["192.0.2.2"]);
    expect(dns.asked.length).toBe(2);
  });

  test("DNS cache: that there is nothing is remembered too, for less long (RFC 2308)", async () => {
    const dns = cacheOver();
    dns.say([]);
    expect(await dns.addresses()).toEqual([]);
    dns.say(["192.0.2.1"]);
    dns.pass(9_999);
    expect(await dns.addresses()).toEqual([]);
    dns.pass(1);
    expect(await dns.addresses()).toEqual(["192.0.2.1"]);
  });

  test("DNS cache: a hundred calls at once ask once; other types are other questions", async () => {
    const dns = cacheOver();
    const release = dns.hold();
    const all = Promise.all(Array.from({ length: 100 }, () => dns.addresses()));
    const srv = dns.ask({ type: "srv", name: "sip.example.com" });
    release();
    expect(new Set((await all).map(String))).toEqual(new Set(["192.0.2.1"]));
    expect(await srv).toEqual({ type: "srv", records: [] });
    expect(dns.asked).toEqual(["address sip.example.com", "srv sip.example.com"]);
  });

  test("DNS cache: while the DNS is silent, what was known serves for an hour, and only the first one waits", async () => {
    const dns = cacheOver();
    await dns.addresses();
    dns.say("silence");
    dns.pass(60_000);
    expect(await dns.addresses()).toEqual(["192.0.2.1"]);
    expect(await dns.addresses()).toEqual(["192.0.2.1"]);
    expect(dns.asked.length).toBe(2);
    dns.pass(3_000);
    const release = dns.hold();
    expect(await dns.addresses()).toEqual(["192.0.2.1"]);
    expect(dns.asked.length).toBe(3);
    release();
    dns.pass(3_600_000);
    expect(await dns.addresses()).toEqual([]);
    dns.say(["192.0.2.9"]);
    dns.pass(3_000);
    expect(await dns.addresses()).toEqual(["192.0.2.9"]);
  });

  test("DNS cache: a DNS that never answered gives nothing, and is left alone for a moment", async () => {
    const dns = cacheOver();
    dns.say("silence");
    expect([await dns.addresses(), await dns.addresses()]).toEqual([[], []]);
    expect(dns.asked.length).toBe(1);
  });

  test("DNS cache: holds so many names and no more; the longest unasked goes first", async () => {
    const dns = cacheOver({ maxEntries: 2 });
    for (const name of ["a", "b", "a", "c", "a", "b"]) await dns.addresses(name);
    expect(dns.asked).toEqual(["address a", "address b", "address c", "address b"]);
  });

  test("DNS of the system: what the hosts file says counts", async () => {
    const query = querySystemDns(200);
    const answer = await query({ type: "address", name: "localhost" });
    expect(answer.type === "address" && answer.addresses.some((one) => one === "127.0.0.1" || one === "::1")).toBe(
      true,
    );
  });
});

import { describe, expect, test } from "vitest";
import { parseSource, plainAddress, SourceTable, writeSource } from "../../../src/control/exchange/source-match.ts";

function table(...entries: readonly (readonly [block: string, name: string])[]): SourceTable<string> {
  const made = new SourceTable<string>();
  for (const [block, name] of entries) made.add(parseSource(block)!, name);
  return made;
}

describe("source lists", () => {
  test.each([
    ["203.0.113.7", "203.0.113.7/32"],
    ["203.0.113.7/24", "203.0.113.0/24"],
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["10.1.255.3/15", "10.0.0.0/15"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8::1", "2001:db8::1/128"],
    ["2001:db8:ffff::/33", "2001:db8:8000::/33"],
    ["::ffff:192.0.2.9", "192.0.2.9/32"],
    ["::ffff:10.0.0.0/104", "10.0.0.0/8"],
  ])("source: %s means %s", (text, block) => {
    expect(writeSource(parseSource(text)!)).toBe(block);
  });

  test.each([
    "",
    "sip.example.com",
    "203.0.113",
    "203.0.113.7/33",
    "203.0.113.7/-1",
    "203.0.113.7/",
    "203.0.113.7/8/8",
    "203.0.113.7/0x8",
    "0x7f000001",
    "127.1",
    "010.0.0.1/8/",
    "2001:db8::/129",
    "fe80::1%eth0",
    "::ffff:10.0.0.0/80",
    "[2001:db8::1]",
  ])("source: %j is none", (text) => {
    expect(parseSource(text)).toBeUndefined();
  });

  test("sources: the most specific block wins, whatever the order", () => {
    const sources = table(["10.0.0.0/8", "lan"], ["10.1.2.3", "pbx"], ["10.1.0.0/16", "floor"]);
    expect(["10.1.2.3", "10.1.9.9", "10.9.9.9", "11.0.0.1"].map((address) => sources.match(address))).toEqual([
      "pbx",
      "floor",
      "lan",
      undefined,
    ]);
  });

  test("sources: of two equal blocks the first one wins", () => {
    expect(table(["192.0.2.0/24", "old"], ["192.0.2.0/24", "new"]).match("192.0.2.1")).toBe("old");
  });

  test("sources: an IPv4 address inside IPv6 is the IPv4 address, and never matches an IPv6 block (RFC 4291 §2.5.5.2)", () => {
    const sources = table(["192.0.2.0/24", "v4"], ["::/0", "v6"]);
    expect(sources.match("::ffff:192.0.2.1")).toBe("v4");
    expect(sources.match("::ffff:198.51.100.1")).toBeUndefined();
    expect(sources.match("2001:db8::1")).toBe("v6");
  });

  test("sources: the zone of a link-local address does not count; nonsense matches nothing", () => {
    const sources = table(["fe80::/64", "link"], ["0.0.0.0/0", "all"]);
    expect(sources.match("fe80::1%eth0")).toBe("link");
    expect(sources.match("example.com")).toBeUndefined();
    expect(sources.match("")).toBeUndefined();
  });

  test("sources: an address has one spelling", () => {
    expect(["::ffff:192.0.2.1", "2001:DB8:0::1", "fe80::1%2", "pbx"].map(plainAddress)).toEqual([
      "192.0.2.1",
      "2001:db8::1",
      "fe80::1",
      undefined,
    ]);
  });
});

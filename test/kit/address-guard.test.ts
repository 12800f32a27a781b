import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../../src/kit/address-guard.ts";

describe("address guard", () => {
  test.each(["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.32.0.1", "192.0.1.1", "223.255.255.255"])(
    "address guard: %s is public",
    (ip) => expect(isPublicAddress(ip)).toBe(true),
  );

  test.each(["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "2620:4f:8000::1"])(
    "address guard: %s is public",
    (ip) => expect(isPublicAddress(ip)).toBe(true),
  );

  test.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
  ])("address guard: %s is refused", (ip) => expect(isPublicAddress(ip)).toBe(false));

  test.each([
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:7f00:1",
    "::7f00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1%1",
    "fec0::1",
    "ff02::1",
  ])("address guard: %s is refused, what it embeds too", (ip) => expect(isPublicAddress(ip)).toBe(false));

  test.each([
    "",
    "localhost",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0177.0.0.1",
    "8.8.8.8 ",
    "[::1]",
    "1.1.1.1/0",
    ":::",
  ])("address guard: %j is not an address we take", (text) => expect(isPublicAddress(text)).toBe(false));
});

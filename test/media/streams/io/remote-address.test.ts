import { describe, expect, test } from "vitest";
import { plainAddress } from "../../../../src/media/streams/io/remote-address.ts";

describe("remote address", () => {
  test("IPv4 inside IPv6 is IPv4, in every spelling (RFC 4291 §2.5.5.2)", () => {
    for (const spelling of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0000:0000:0000:0000:0000:ffff:c000:0201"]) {
      expect(plainAddress(spelling)).toBe("192.0.2.1");
    }
  });

  test("everything else stays as it is", () => {
    for (const address of ["192.0.2.1", "::1", "2001:db8::ffff:1", "fe80::1%eth0", ""]) {
      expect(plainAddress(address)).toBe(address);
    }
  });
});

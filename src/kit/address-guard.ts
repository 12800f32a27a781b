import ipaddr from "ipaddr.js";

/**
 * Networks the address library calls ordinary, but that are special by the IANA registries or carry an IPv4 address
 * inside (which could be a private one), so no customer's server is reached through them.
 */
const refusedV6: readonly string[] = [
  "::/96", // IPv4-compatible, deprecated (RFC 4291 §2.5.5.1)
  "::ffff:0:0/96", // IPv4-mapped (RFC 4291 §2.5.5.2)
  "::ffff:0:0:0/96", // IPv4-translated (RFC 2765)
  "64:ff9b::/96", // NAT64 (RFC 6052)
  "64:ff9b:1::/48", // local NAT64 (RFC 8215)
  "100::/64", // discard (RFC 6666)
  "100:0:0:1::/64", // dummy prefix (RFC 9780)
  "2001::/23", // IETF protocol assignments, Teredo 2001::/32 among them (RFC 2928, RFC 4380)
  "2001:db8::/32", // documentation (RFC 3849)
  "2002::/16", // 6to4 (RFC 3056)
  "3fff::/20", // documentation (RFC 9637)
  "5f00::/16", // segment routing (RFC 9602)
  "fc00::/7", // unique local (RFC 4193)
  "fe80::/10", // link-local (RFC 4291)
  "fec0::/10", // site-local, deprecated (RFC 3879)
  "ff00::/8", // multicast
];

const refusedV4: readonly string[] = [
  "0.0.0.0/8", // this network (RFC 791)
  "10.0.0.0/8", // private (RFC 1918)
  "100.64.0.0/10", // carrier-grade NAT (RFC 6598)
  "127.0.0.0/8", // loopback
  "169.254.0.0/16", // link-local, where clouds answer with their credentials (169.254.169.254)
  "172.16.0.0/12", // private
  "192.0.0.0/24", // IETF protocol assignments (RFC 6890)
  "192.0.2.0/24", // documentation (RFC 5737)
  "192.31.196.0/24", // AS112 (RFC 7535)
  "192.52.193.0/24", // AMT (RFC 7450)
  "192.88.99.0/24", // 6to4 relays, deprecated (RFC 7526)
  "192.168.0.0/16", // private
  "192.175.48.0/24", // AS112 (RFC 7534)
  "198.18.0.0/15", // benchmarks (RFC 2544)
  "198.51.100.0/24", // documentation
  "203.0.113.0/24", // documentation
  "224.0.0.0/4", // multicast
  "240.0.0.0/4", // reserved, broadcast
];

const v4Ranges = refusedV4.map((cidr) => ipaddr.IPv4.parseCIDR(cidr));
const v6Ranges = refusedV6.map((cidr) => ipaddr.IPv6.parseCIDR(cidr));
/** Only 2000::/3 is given out as global unicast (IANA IPv6 address space). */
const globalUnicastV6 = ipaddr.IPv6.parseCIDR("2000::/3");

/** True when `ip` (text, v4 or v6, no brackets) is an ordinary address of the public internet. Unreadable text is not. */
export function isPublicAddress(ip: string): boolean {
  // Four-part decimal only: "127.1" or "0x7f000001" is nobody's honest way to write an address.
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) {
    const address = ipaddr.IPv4.parse(ip);
    return !v4Ranges.some((range) => address.match(range));
  }
  // A zone index names a link of this machine (RFC 4007 §11).
  if (ip.includes("%") || !ipaddr.IPv6.isValid(ip)) return false;
  const address = ipaddr.IPv6.parse(ip);
  return address.match(globalUnicastV6) && !v6Ranges.some((range) => address.match(range));
}

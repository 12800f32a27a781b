import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import { isPublicAddress } from "../../kit/address-guard.ts";

/**
 * The address of ours a far end reaches, without brackets: the public one for the internet, else that of the interface
 * in the far end's network, else the first one there is.
 */
export function addressTowards(remote: string, publicAddress: string | undefined): string {
  if (publicAddress !== undefined && publicAddress !== "" && isPublicAddress(remote)) return publicAddress;
  const isV6 = remote.includes(":");
  const family = isV6 ? "IPv6" : "IPv4";
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const candidates = all.filter((one) => one.family === family && !one.address.startsWith("fe80"));
  const sameNetwork = candidates.find(({ cidr }) => cidr !== null && isInside(remote, cidr));
  const outer = candidates.find(({ internal }) => !internal);
  return (sameNetwork ?? outer)?.address ?? (isV6 ? "::1" : "127.0.0.1");
}

function isInside(address: string, cidr: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === network.kind() && parsed.match(network, bits);
}

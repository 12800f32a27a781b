import { networkInterfaces } from "node:os";
import { performance } from "node:perf_hooks";
import ipaddr from "ipaddr.js";
import { isPublicAddress } from "../../kit/address-guard.ts";

/** How long the system's interfaces are taken to stay as they are: asking for them costs as much as parsing two INVITEs. */
const keepMs = 5000;
const maxKept = 1000;
const kept = new Map<string, string>();
let keptUntil = 0;

/**
 * The address of ours a far end reaches, without brackets: the public one for the internet, else that of the interface
 * in the far end's network, else the first one there is.
 */
export function addressTowards(remote: string, publicAddress: string | undefined): string {
  if (publicAddress !== undefined && publicAddress !== "" && isPublicAddress(remote)) return publicAddress;
  const now = performance.now();
  if (now > keptUntil || kept.size >= maxKept) {
    kept.clear();
    keptUntil = now + keepMs;
  }
  let address = kept.get(remote);
  if (address === undefined) {
    address = interfaceTowards(remote);
    kept.set(remote, address);
  }
  return address;
}

function interfaceTowards(remote: string): string {
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

import type { RandomBytes } from "../kit/ids.ts";
import { branchCookie } from "./headers/fields.ts";

/** A random token of 16 hex digits: tags (RFC 3261 §19.3 asks for 32 bits at least) and the like. */
export function makeTag(random: RandomBytes): string {
  return hex(random(8));
}

/** A new branch that nobody can guess, so that no stranger can answer for a far end (RFC 3261 §8.1.1.7). */
export function makeBranch(random: RandomBytes): string {
  return `${branchCookie}${hex(random(12))}`;
}

/** A new Call-ID without a host in it, which would tell our address (RFC 3261 §8.1.1.4). */
export function makeSipCallId(random: RandomBytes): string {
  return hex(random(16));
}

/** A random fraction from 0 to below 1. */
export function randomFraction(random: RandomBytes): number {
  const [high = 0, middle = 0, low = 0] = random(3);
  return (high * 65536 + middle * 256 + low) / 0x100_0000;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

import { randomBytes } from "node:crypto";
import type { RandomBytes } from "../ids.ts";

/** Cryptographic randomness of the operating system. */
export const systemRandom: RandomBytes = (sizeBytes) => randomBytes(sizeBytes);

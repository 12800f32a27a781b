/** The gateway's own key, and what is made from it: key hashes, link signatures, sealed secrets. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RandomBytes } from "../../kit/ids.ts";

/** Uses of the secret key; each has a key of its own, so that none can stand in for another (HKDF, RFC 5869). */
export interface Secrets {
  /** HMAC-SHA-256 of an API key, hex: what the database holds instead of it. */
  hashKey(apiKey: string): string;
  /** HMAC-SHA-256 of a link's content, base64url. */
  signLink(content: string): string;
  /** Compares in constant time. */
  linkMatches(content: string, signature: string): boolean;
  /** Encrypts a text for the database (AES-256-GCM); `context` must be the same when it is opened. */
  seal(text: string, context: string): string;
  /** Throws when the text was sealed under another key or context. */
  open(sealed: string, context: string): string;
}

/** The key given by the settings, or the one kept in the data folder (`secret.key`, mode 0600), made at the first start. */
export function readSecretKey(dataDir: string, configured: string, random: RandomBytes): string {
  if (configured !== "") return configured;
  const path = join(dataDir, "secret.key");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${Buffer.from(random(32)).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const key = readFileSync(path, "utf8").trim();
  if (key.length < 32) throw new Error(`${path} is damaged: expected at least 32 characters`);
  return key;
}

/** Makes the uses of a secret key. */
export function createSecrets(secretKey: string, random: RandomBytes): Secrets {
  const derive = (use: string) => Buffer.from(hkdfSync("sha256", secretKey, "tandem", use, 32));
  const keys = { apiKeys: derive("api-keys"), links: derive("links"), sealing: derive("sealing") };
  const signLink = (content: string) => createHmac("sha256", keys.links).update(content).digest("base64url");
  return {
    hashKey: (apiKey) => createHmac("sha256", keys.apiKeys).update(apiKey).digest("hex"),
    signLink,
    linkMatches: (content, signature) => {
      const expected = Buffer.from(signLink(content));
      const given = Buffer.from(signature);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
    seal: (text, context) => {
      const iv = random(12);
      const cipher = createCipheriv("aes-256-gcm", keys.sealing, iv).setAAD(Buffer.from(context));
      const body = [cipher.update(text, "utf8"), cipher.final()];
      return `1.${Buffer.concat([iv, cipher.getAuthTag(), ...body]).toString("base64url")}`;
    },
    open: (sealed, context) => {
      const bytes = Buffer.from(sealed.slice(2), "base64url");
      if (!sealed.startsWith("1.") || bytes.length < 28) throw new Error("sealed text is damaged");
      const decipher = createDecipheriv("aes-256-gcm", keys.sealing, bytes.subarray(0, 12), { authTagLength: 16 })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
    },
  };
}

import { GatewayError } from "../../../kit/errors.ts";

/** How much a customer may attach to a call. Characters are UTF-16 code units, bytes those of its JSON in UTF-8. */
export const metadataLimits = { keys: 24, keyChars: 64, valueChars: 512, bytes: 2048 } as const;

/** Refuses metadata beyond the limits, and names what is too much. */
export function checkMetadata(metadata: Readonly<Record<string, string>>, field = "metadata"): void {
  const entries = Object.entries(metadata);
  const { keys, keyChars, valueChars, bytes } = metadataLimits;
  if (entries.length > keys) throw tooMuch(`may have ${keys} keys at most`, field);
  for (const [key, value] of entries) {
    if (key === "") throw tooMuch("must not have an empty key", field);
    if (key.length > keyChars) throw tooMuch(`may have keys of ${keyChars} characters at most`, field);
    if (value.length > valueChars) {
      throw tooMuch(`may have values of ${valueChars} characters at most`, `${field}.${key}`);
    }
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > bytes) throw tooMuch(`may take ${bytes} bytes as JSON`, field);
}

function tooMuch(what: string, field: string): GatewayError {
  return new GatewayError("invalid-request", what, field);
}

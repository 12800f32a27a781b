/** What carriers' messages hold, read with care. */
import { isJsonObject, type JsonObject, parseJsonObject } from "../../kit/json.ts";

/** A JSON object, or undefined for anything else that JSON can be and for what is not JSON. Text is UTF-8 bytes. */
export function parseObject(data: Uint8Array): JsonObject | undefined {
  return parseJsonObject(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
}

/** The value when it is an object and neither null nor a list. */
export function asObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}

/** The value when it is a text of 1 to `maxLength` UTF-16 units. */
export function asText(value: unknown, maxLength: number): string | undefined {
  return typeof value === "string" && value.length > 0 && value.length <= maxLength ? value : undefined;
}

/** The value as a number, whether it was written as one or as a text of digits: carriers do both. */
export function asWholeNumber(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  return typeof value === "string" && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

/** A name from outside that may become a metric's label or a log field: short and plain, else "?". */
export function plainName(value: string): string {
  return /^[A-Za-z0-9_:.-]{1,32}$/.test(value) ? value : "?";
}

import { requireField, supportedField } from "./headers/fields.ts";
import type { SipHeaders } from "./headers/headers.ts";
import type { SipMessage } from "./message.ts";

/** Value of Allow: the methods we understand (RFC 3261 §20.5). */
export const allowedMethods = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO, MESSAGE";

const supportedTags: readonly string[] = ["100rel", "timer", "replaces", "norefersub"];

/** Value of Supported: the extensions we understand (RFC 3261 §20.37). */
export function supportedOptions(offers: { readonly reliable: boolean; readonly timer: boolean }): string {
  return supportedTags
    .filter((tag) => (tag !== "100rel" || offers.reliable) && (tag !== "timer" || offers.timer))
    .join(", ");
}

/** Option tags the request insists on and we do not know; it gets a 420 (RFC 3261 §8.2.2.3). */
export function unknownRequirements(headers: SipHeaders): string[] {
  return headers.all(requireField).filter((tag) => !supportedTags.includes(tag.toLowerCase()));
}

/** True when a message's sender understands an extension. */
export function supports(message: SipMessage, tag: string): boolean {
  const has = (one: string): boolean => one.toLowerCase() === tag;
  return message.headers.all(supportedField).some(has) || message.headers.all(requireField).some(has);
}

/** True when a message insists on an extension. */
export function requires(message: SipMessage, tag: string): boolean {
  return message.headers.all(requireField).some((one) => one.toLowerCase() === tag);
}

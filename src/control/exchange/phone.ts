import { type E164, type OrgId, parseE164 } from "../../kit/ids.ts";
import { type Uri, userOf } from "../../sip/uri.ts";

declare const brand: unique symbol;
/** A short number inside the house: 2–6 digits, the first may be zero. */
export type Extension = string & { readonly [brand]: "Extension" };

/** A softphone or desk phone that registers with us. */
export interface Phone {
  readonly id: string;
  readonly orgId: OrgId;
  /** Name it authenticates with; compared byte by byte. */
  readonly username: string;
  /** What is dialled to reach it, an extension in its organisation alone; null: nobody can dial it. */
  readonly number: E164 | Extension | null;
  readonly label: string | null;
  /** `internal`: our own numbers and phones only. */
  readonly mayCall: "internal" | "any";
  /** False: it can neither register nor call. */
  readonly enabled: boolean;
}

/** Checks an extension (2–6 digits); `undefined` when the text is anything else. */
export function parseExtension(text: string): Extension | undefined {
  return /^[0-9]{2,6}$/.test(text) ? (text as Extension) : undefined;
}

/** A number as people dial it: 2–6 digits are an extension, more are E.164 with or without `+`; separators do not count. */
export function readDialled(text: string | undefined): E164 | Extension | undefined {
  const digits = text?.replace(/[-.() ]/g, "");
  if (digits === undefined) return undefined;
  return parseExtension(digits) ?? parseE164(digits.startsWith("+") ? digits : `+${digits}`);
}

/** The number a URI names in its user part; undefined when there is none. */
export function dialledIn(uri: Uri): E164 | Extension | undefined {
  return readDialled(userOf(uri));
}

/** What others see a call or text of a phone come from. */
export function identityOf(phone: Phone): string {
  return phone.number ?? phone.username;
}

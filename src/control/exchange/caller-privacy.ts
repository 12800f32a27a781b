import { privacyField } from "../../sip/headers/fields.ts";
import type { SipHeaders } from "../../sip/headers/headers.ts";

/** Levels of Privacy that keep the caller's number from those who are called (RFC 3323 §4.2, RFC 3325 §9.3). */
const withholding: ReadonlySet<string> = new Set(["id", "user", "header"]);

/** True when a request's sender wants its number withheld; a Privacy that cannot be read withholds it too. */
export function wantsPrivacy(headers: SipHeaders): boolean {
  if (!headers.has("Privacy")) return false;
  return (
    headers.isMalformed(privacyField) ||
    headers
      .all(privacyField)
      .flat()
      .some((level) => withholding.has(level))
  );
}

import type { HeaderField } from "./headers/field.ts";
import {
  branchCookie,
  callIdField,
  contactField,
  cseqField,
  expiresField,
  fromField,
  isWildcardContact,
  maxForwardsField,
  recordRouteField,
  routeField,
  toField,
  viaField,
} from "./headers/fields.ts";
import type { SipHeaders } from "./headers/headers.ts";
import type { SipFault, SipFaultKind } from "./message.ts";
import type { StartLine } from "./parse-start-line.ts";

/** Headers every message has (RFC 3261 §8.1.1). Departs from it in Max-Forwards, which RFC 2543 clients do not send. */
const needed: readonly HeaderField<unknown>[] = [viaField, fromField, toField, callIdField, cseqField];
/** Headers that must be readable where they are, because the layers above steer by them. */
const steering: readonly HeaderField<unknown>[] = [routeField, recordRouteField, maxForwardsField, expiresField];
/** Headers that may stand once, beside Content-Type (RFC 4475 §3.3.8). */
const single: readonly HeaderField<unknown>[] = [fromField, toField, callIdField, cseqField, maxForwardsField];
/** The first thing wrong with a message's headers, so that what passes can be used without asking again. */
export function checkHeaders(startLine: StartLine, headers: SipHeaders): SipFault | undefined {
  // All questions go to the typed reader: it remembers its answers for the layers above.
  for (const field of needed) {
    if (headers.isMalformed(field)) return unreadable(field.name);
    if (headers.all(field).length === 0) return fault("missing-header", `no ${field.name}`);
  }
  for (const field of steering) if (headers.isMalformed(field)) return unreadable(field.name);
  for (const field of single) {
    if (headers.all(field).length > 1) return fault("repeated-header", `${field.name} twice`);
  }
  if (headers.count("Content-Type") > 1) return fault("repeated-header", "Content-Type twice");
  if (headers.isMalformed(contactField) && !isWildcardContact(headers.get("Contact"))) return unreadable("Contact");
  const cseq = headers.first(cseqField);
  if (startLine.type === "request" && cseq?.method !== startLine.method) {
    return fault("cseq-method", "CSeq names another method");
  }
  // The cookie alone would make all such requests one transaction (RFC 4475 §3.2.1).
  return headers.first(viaField)?.branch === branchCookie ? unreadable("Via") : undefined;
}

function unreadable(name: string): SipFault {
  return fault("header-value", `malformed ${name}`);
}

function fault(kind: SipFaultKind, detail: string): SipFault {
  return { type: "fault", kind, detail };
}

import { contentTypeField } from "../../sip/headers/fields.ts";
import type { SipHeaders } from "../../sip/headers/headers.ts";
import type { SipRequest } from "../../sip/message.ts";

/** Longest text, in bytes of UTF-8; ten SMS parts and more. */
export const maxTextBytes = 4096;

/** Content-Type of the texts we send. */
export const textContentType = "text/plain;charset=UTF-8";

/** The text of a MESSAGE, or the status it is refused with. */
export type TextBody =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "refused"; readonly status: 400 | 413 | 415 };

const charsets: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii"]);

/** Reads the body of a MESSAGE: `text/plain`, UTF-8, not empty (RFC 3428 §4). */
export function readTextBody({ headers, body }: SipRequest): TextBody {
  if (!isPlainText(headers)) return { type: "refused", status: 415 };
  if (body.length > maxTextBytes) return { type: "refused", status: 413 };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return { type: "refused", status: 400 };
  }
  return text === "" || text.includes("\0") ? { type: "refused", status: 400 } : { type: "text", text };
}

function isPlainText(headers: SipHeaders): boolean {
  const encoding = headers.get("Content-Encoding")?.toLowerCase() ?? "identity";
  const content = headers.first(contentTypeField);
  const charset = content?.params.get("charset")?.toLowerCase() ?? "utf-8";
  return encoding === "identity" && content?.type === "text/plain" && charsets.has(charset);
}

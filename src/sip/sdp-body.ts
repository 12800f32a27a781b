import { contentTypeField } from "./headers/fields.ts";
import type { SipMessage } from "./message.ts";

/** The SDP of a message: its body, or the part of a multipart body that is SDP (RFC 5621 §3.1); undefined: none. */
export function sdpOf(message: SipMessage): Uint8Array | undefined {
  if (message.body.length === 0) return undefined;
  const contentType = message.headers.first(contentTypeField);
  if (contentType?.type === "application/sdp") return message.body;
  const boundary = contentType?.params.get("boundary");
  if (!contentType?.type.startsWith("multipart/") || boundary === undefined) return undefined;
  const bytes = Buffer.from(message.body.buffer, message.body.byteOffset, message.body.length);
  return findPart(bytes, `--${boundary}`);
}

function findPart(bytes: Buffer, delimiter: string): Uint8Array | undefined {
  let at = bytes.indexOf(delimiter);
  // A body is no longer than a message, and each round goes on by a delimiter, so this ends soon.
  while (at >= 0) {
    const start = at + delimiter.length;
    const end = bytes.indexOf(`\r\n${delimiter}`, start);
    if (end < 0) return undefined;
    const headEnd = bytes.indexOf("\r\n\r\n", start);
    if (headEnd >= 0 && headEnd < end) {
      const head = bytes.toString("latin1", start, headEnd + 2);
      if (/\r\n(?:content-type|c)[ \t]*:[ \t]*application\/sdp[ \t]*[;\r]/i.test(head))
        return bytes.subarray(headEnd + 4, end);
    }
    at = end + 2;
  }
  return undefined;
}

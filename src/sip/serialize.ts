import type { SipMessage } from "./message.ts";
import { writeUri } from "./uri.ts";

/** Writes a message: canonical names, order kept, Content-Length last and always right (RFC 3261 §7, §20.14). */
export function serializeMessage(message: SipMessage): Uint8Array {
  let head =
    message.type === "request"
      ? `${message.method} ${writeUri(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${message.reason}\r\n`;
  for (const [name, value] of message.headers) {
    if (name !== "Content-Length") head += `${name}: ${value}\r\n`;
  }
  head += `Content-Length: ${message.body.length}\r\n\r\n`;
  const headLength = Buffer.byteLength(head, "utf8");
  const out = Buffer.allocUnsafe(headLength + message.body.length);
  out.write(head, 0, "utf8");
  out.set(message.body, headLength);
  return out;
}

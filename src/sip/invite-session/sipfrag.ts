import { parseStartLine } from "../parse-start-line.ts";

/** The status line in a message/sipfrag body, where a transfer's progress is told (RFC 3515 §2.4.5, RFC 3420). */
export function readSipfrag(body: Uint8Array): { readonly status: number; readonly reason: string } | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 1024)).toString("utf8");
  const line = parseStartLine(/^[^\r\n]*/.exec(text.trimStart())![0].trimEnd());
  return line?.type === "response" && line.fault === undefined
    ? { status: line.status, reason: line.reason }
    : undefined;
}

/** The body that tells a transfer's progress. */
export function writeSipfrag(status: number, reason: string): Uint8Array {
  return Buffer.from(`SIP/2.0 ${status} ${reason}\r\n`, "utf8");
}

import { isIpv4, isIpv6 } from "../uri-host.ts";

/** One `a=` line; undefined value for a bare flag (RFC 8866 §5.13). */
export interface SdpAttribute {
  readonly name: string;
  readonly value?: string;
}

/** One `m=` section (RFC 8866 §5.14). */
export interface SdpMedia {
  /** `audio`, `video`, … */
  readonly kind: string;
  /** 0 refuses or ends the line (RFC 3264 §6). */
  readonly port: number;
  /** `RTP/AVP`, `RTP/SAVP`, … */
  readonly protocol: string;
  /** Payload types for RTP, as text. */
  readonly formats: readonly string[];
  /** Address of this section's own `c=` line. */
  readonly connection?: string;
  readonly attributes: readonly SdpAttribute[];
}

/** `o=`: who described the session, and which version of it this is (RFC 8866 §5.2). */
export interface SdpOrigin {
  readonly username: string;
  /** Digits; may be wider than 53 bits. */
  readonly sessionId: string;
  /** Digits; may be wider than 53 bits. */
  readonly version: string;
  readonly address: string;
}

/** A session description, as far as calls need it; `b=`, `k=`, `t=` and the like are not kept. */
export interface SdpSession {
  readonly origin: SdpOrigin;
  /** Address of the session's `c=` line. */
  readonly connection?: string;
  readonly attributes: readonly SdpAttribute[];
  readonly media: readonly SdpMedia[];
}

/** What is wrong with a session description, or with an offer or answer made of it. */
export interface SdpFault {
  readonly type: "fault";
  readonly kind: "too-large" | "malformed" | "no-media" | "not-acceptable" | "mismatch";
  /** For people and logs; holds nothing of the description. */
  readonly detail: string;
}

/** Bounds of a session description. */
export const sdpBounds = { bytes: 16_384, lines: 512, media: 16, formats: 64 } as const;

/** Makes a fault. */
export function sdpFault(kind: SdpFault["kind"], detail: string): SdpFault {
  return { type: "fault", kind, detail };
}

interface MediaDraft extends SdpMedia {
  connection?: string;
  readonly attributes: SdpAttribute[];
}

/** Reads a session description; lines of unknown type are passed over, and a bare LF is taken for CRLF (RFC 8866 §5). */
export function parseSdp(body: Uint8Array | string): SdpSession | SdpFault {
  if (body.length > sdpBounds.bytes) return sdpFault("too-large", "description too long");
  const text =
    typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
  let origin: SdpOrigin | undefined;
  let connection: string | undefined;
  const attributes: SdpAttribute[] = [];
  const media: MediaDraft[] = [];
  const lines = text.split("\n", sdpBounds.lines + 1);
  if (lines.length > sdpBounds.lines) return sdpFault("too-large", "too many lines");
  if (!/^v=0\s*$/.test(lines[0]!)) return sdpFault("malformed", "does not begin with v=0");
  for (const raw of lines) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "") continue;
    if (line.charCodeAt(1) !== 61) return sdpFault("malformed", "line without =");
    const value = line.slice(2);
    const current = media.at(-1);
    switch (line.charCodeAt(0)) {
      case 111: // o
        origin = parseOrigin(value);
        if (origin === undefined) return sdpFault("malformed", "origin");
        break;
      case 99: {
        // c
        const address = parseConnection(value);
        if (address === undefined) return sdpFault("malformed", "connection");
        if (current === undefined) connection = address;
        // Of several addresses of one section the first counts; we do no multicast.
        else current.connection ??= address;
        break;
      }
      case 97: // a
        (current?.attributes ?? attributes).push(parseAttribute(value));
        break;
      case 109: {
        // m
        const section = parseMedia(value);
        if (section === undefined) return sdpFault("malformed", "media line");
        if (media.push(section) > sdpBounds.media) return sdpFault("too-large", "too many media lines");
      }
    }
  }
  if (origin === undefined) return sdpFault("malformed", "no origin");
  return { origin, connection, attributes, media };
}

function parseOrigin(value: string): SdpOrigin | undefined {
  const [username, sessionId, version, net, , address] = value.trim().split(/ +/, 6);
  if (username === undefined || address === undefined || net !== "IN") return undefined;
  if (!/^\d{1,20}$/.test(sessionId!) || !/^\d{1,20}$/.test(version!)) return undefined;
  return { username, sessionId: sessionId!, version: version!, address };
}

function parseConnection(value: string): string | undefined {
  const match = /^IN +IP([46]) +([^\s/]{1,255})(?:\/\d+){0,2} *$/.exec(value);
  const address = match?.[2];
  if (address === undefined) return undefined;
  const isAddress = match?.[1] === "6" ? isIpv6(address) : isIpv4(address);
  // A host name may be written under either version (RFC 8866 §5.7).
  return isAddress || /^(?=.*[A-Za-z])[-\w.]+$/.test(address) ? address : undefined;
}

function parseAttribute(value: string): SdpAttribute {
  const colon = value.indexOf(":");
  return colon < 0 ? { name: value.trim() } : { name: value.slice(0, colon), value: value.slice(colon + 1).trim() };
}

function parseMedia(value: string): MediaDraft | undefined {
  const [kind, portText, protocol, ...formats] = value.trim().split(/ +/, sdpBounds.formats + 3);
  const port = /^(\d{1,5})(?:\/\d{1,5})?$/.exec(portText ?? "");
  if (kind === undefined || port === null || Number(port[1]) > 65535 || protocol === undefined) return undefined;
  if (!/^[-\w.!]{1,32}$/.test(kind) || !/^[-\w/.]{1,64}$/.test(protocol) || formats.length === 0) return undefined;
  if (!formats.every((format) => /^[-\w.!*+/]{1,64}$/.test(format))) return undefined;
  return { kind: kind.toLowerCase(), port: Number(port[1]), protocol, formats, attributes: [] };
}

/** The value of the first attribute of that name; empty text for a bare flag, undefined when absent. */
export function attributeOf(attributes: readonly SdpAttribute[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.name === name);
  return found === undefined ? undefined : (found.value ?? "");
}

/** Writes a session description as parseSdp() reads it (RFC 8866 §5). */
export function writeSdp(session: SdpSession): string {
  const { origin, connection } = session;
  let out = `v=0\r\no=${origin.username} ${origin.sessionId} ${origin.version} ${writeAddress(origin.address)}\r\ns=-\r\n`;
  if (connection !== undefined) out += `c=${writeAddress(connection)}\r\n`;
  out += "t=0 0\r\n";
  for (const attribute of session.attributes) out += writeAttribute(attribute);
  for (const section of session.media) {
    out += `m=${section.kind} ${section.port} ${section.protocol} ${section.formats.join(" ")}\r\n`;
    if (section.connection !== undefined) out += `c=${writeAddress(section.connection)}\r\n`;
    for (const attribute of section.attributes) out += writeAttribute(attribute);
  }
  return out;
}

function writeAddress(address: string): string {
  return `IN ${address.includes(":") ? "IP6" : "IP4"} ${address}`;
}

function writeAttribute({ name, value }: SdpAttribute): string {
  return value === undefined ? `a=${name}\r\n` : `a=${name}:${value}\r\n`;
}

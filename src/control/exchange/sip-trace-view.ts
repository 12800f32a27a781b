import { printable } from "../../kit/printable.ts";
import type { SipTransport } from "../../sip/hop.ts";
import type { TraceEntry } from "./sip-trace-shelf.ts";

/** One message of a ladder. */
export interface TraceMessage {
  readonly sipCallId: string;
  /** Wall ms, fractional. */
  readonly at: number;
  readonly direction: "in" | "out";
  readonly transport: SipTransport;
  /** Address and port of the far end. */
  readonly peer: string;
  /** `INVITE sip:…`, `180 Ringing`, with what the SDP says: `200 OK (PCMU, sendonly)`. One line, no control characters. */
  readonly summary: string;
  /** The message, secrets masked. */
  readonly raw: string;
}

const maxSummaryChars = 120;
/** Names of payload types that need no rtpmap (RFC 3551 §6). */
const staticNames: Readonly<Record<string, string>> = {
  0: "PCMU",
  3: "GSM",
  4: "G723",
  8: "PCMA",
  9: "G722",
  13: "CN",
  18: "G729",
};
const maxNames = 6;

export function viewEntry(sipCallId: string, { at, direction, transport, peer, raw }: TraceEntry): TraceMessage {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString("utf8");
  return { sipCallId, at, direction, transport, peer, summary: summarise(text), raw: text };
}

/** The first line of a message in a few words, of a response with its method, and what its SDP says. */
function summarise(raw: string): string {
  const headEnd = raw.indexOf("\r\n\r\n");
  const head = headEnd < 0 ? raw : raw.slice(0, headEnd);
  const first = head.slice(0, Math.max(0, head.indexOf("\r\n")));
  const isResponse = first.startsWith("SIP/2.0 ");
  const method = /\r\nCSeq: *\d+[ \t]+([^\r\n]{1,32})/.exec(head)?.[1];
  let line = isResponse ? first.slice("SIP/2.0 ".length) : first.replace(/ SIP\/2\.0$/, "");
  if (isResponse && method !== undefined && method !== "INVITE") line += ` to ${method}`;
  const hint = headEnd < 0 ? "" : sdpHint(raw.slice(headEnd + 4));
  const room = maxSummaryChars - (hint === "" ? 0 : hint.length + 3);
  const whole = line.length > room ? `${line.slice(0, room - 1)}…` : line;
  return printable(hint === "" ? whole : `${whole} (${hint})`);
}

/** `PCMU, PCMA, sendonly`: the audio codecs in their order, and the direction where it is not both ways. */
function sdpHint(body: string): string {
  const media = /^m=audio (\d{1,5})[^ \r\n]* (\S{1,40})((?: \d{1,3}){1,64})/m.exec(body);
  if (media === null) return "";
  const section = body.slice(media.index).split(/\r?\nm=/, 1)[0] ?? "";
  const names = new Map<string, string>();
  for (const [, type = "", name = ""] of section.matchAll(/^a=rtpmap:(\d{1,3}) +([-\w.+]{1,24})\//gm)) {
    names.set(type, name);
  }
  const codecs = (media[3] ?? "")
    .trim()
    .split(" ")
    .map((type) => names.get(type) ?? staticNames[type] ?? type);
  const spoken = [...new Set(codecs)].filter((name) => !/^(telephone-event|CN)$/i.test(name)).slice(0, maxNames);
  const session = body.slice(0, media.index);
  const direction = (/^a=(sendonly|recvonly|inactive|sendrecv)\r?$/m.exec(section) ??
    /^a=(sendonly|recvonly|inactive|sendrecv)\r?$/m.exec(session))?.[1];
  if (direction !== undefined && direction !== "sendrecv") spoken.push(direction);
  if (media[1] === "0") spoken.push("refused");
  if (/SAVP/.test(media[2] ?? "")) spoken.push("SRTP");
  return spoken.join(", ");
}

import { isHost, readHost } from "../uri-host.ts";
import type { HeaderField } from "./field.ts";
import { noParams, type Params, readParams, writeParams } from "./params.ts";
import { atEnd, type Cursor, readNumber, readToken, skipSpace, take } from "./scan.ts";

/** One Via value (RFC 3261 §20.42); parameters in common use have their own fields. */
export interface Via {
  /** Upper case: UDP, TCP, TLS, SCTP, WS, WSS or one we do not know. */
  readonly transport: string;
  /** Sent-by host: a name or an address, IPv6 in brackets. */
  readonly host: string;
  readonly port?: number;
  readonly branch?: string;
  /** Address the packet came from, as the receiver saw it; IPv6 without brackets. */
  readonly received?: string;
  /** Port the packet came from; `true` when the sender asks to have it filled in (RFC 3581 §3). */
  readonly rport?: number | true;
  readonly maddr?: string;
  readonly ttl?: number;
  /** All others. */
  readonly params: Params;
}

/** Branches of RFC 3261 clients begin like this (RFC 3261 §8.1.1.7). */
export const branchCookie = "z9hG4bK";

const ownNames = ["branch", "received", "rport", "maddr", "ttl"];

function parseVia(text: string): Via | undefined {
  const cursor: Cursor = { text, at: 0 };
  skipSpace(cursor);
  if (readToken(cursor).toUpperCase() !== "SIP" || !take(cursor, 47)) return undefined;
  if (readToken(cursor) !== "2.0" || !take(cursor, 47)) return undefined;
  const transport = readToken(cursor).toUpperCase();
  const beforeHost = cursor.at;
  skipSpace(cursor);
  if (transport === "" || cursor.at === beforeHost) return undefined;
  const host = readHost(cursor);
  if (host === undefined) return undefined;
  let port: number | undefined;
  if (take(cursor, 58)) {
    port = readNumber(readToken(cursor), 65535);
    if (port === undefined || port === 0) return undefined;
  }
  const all = readParams(cursor);
  if (all === undefined || !atEnd(cursor)) return undefined;
  return viaFromParams(transport, host, port, all);
}

function viaFromParams(transport: string, host: string, port: number | undefined, all: Params): Via | undefined {
  const branch = all.get("branch");
  const receivedText = all.get("received");
  // IPv6 comes with and without brackets (RFC 5118 §4.5).
  const received = receivedText?.startsWith("[") ? receivedText.slice(1, -1) : receivedText;
  if (received !== undefined && !isHost(received.includes(":") ? `[${received}]` : received)) return undefined;
  const rport = all.has("rport") ? readRport(all.get("rport")) : undefined;
  const ttl = all.has("ttl") ? readNumber(all.get("ttl") ?? "", 255) : undefined;
  if ((all.has("rport") && rport === undefined) || (all.has("ttl") && ttl === undefined)) return undefined;
  let params: Params = noParams;
  for (const [name, value] of all) {
    if (ownNames.includes(name)) continue;
    if (params === noParams) params = new Map();
    (params as Map<string, string | undefined>).set(name, value);
  }
  return { transport, host, port, branch, received, rport, maddr: all.get("maddr"), ttl, params };
}

function readRport(value: string | undefined): number | true | undefined {
  if (value === undefined) return true;
  const port = readNumber(value, 65535);
  return port === 0 ? undefined : port;
}

function writeVia(via: Via): string {
  let out = `SIP/2.0/${via.transport} ${via.host}`;
  if (via.port !== undefined) out += `:${via.port}`;
  if (via.branch !== undefined) out += `;branch=${via.branch}`;
  if (via.rport !== undefined) out += via.rport === true ? ";rport" : `;rport=${via.rport}`;
  if (via.received !== undefined) out += `;received=${via.received}`;
  if (via.maddr !== undefined) out += `;maddr=${via.maddr}`;
  if (via.ttl !== undefined) out += `;ttl=${via.ttl}`;
  return out + writeParams(via.params);
}

/** Via (RFC 3261 §20.42). */
export const viaField: HeaderField<Via> = { name: "Via", parse: parseVia, write: writeVia };

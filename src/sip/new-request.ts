import type { RandomBytes } from "../kit/ids.ts";
import { callIdField, cseqField, fromField, type NameAddress, routeField, toField } from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import { emptyBody, type SipRequest } from "./message.ts";
import { makeSipCallId, makeTag } from "./tokens.ts";
import type { Uri } from "./uri.ts";

export interface NewRequest {
  /** Not INVITE, which is a call, and not REGISTER, which has a client of its own. */
  readonly method: "OPTIONS" | "MESSAGE" | "NOTIFY" | "SUBSCRIBE" | "PUBLISH";
  readonly uri: Uri;
  /** Without a tag. */
  readonly from: NameAddress;
  readonly to: NameAddress;
  readonly routes?: readonly NameAddress[];
  readonly headers?: SipHeaders;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** A request outside a dialog, with new tag and Call-ID, without Via and Contact (RFC 3261 §8.1.1). */
export function newRequest(parts: NewRequest, random: RandomBytes): SipRequest {
  const { method, uri, from, to, routes = [], contentType, body = emptyBody } = parts;
  const headers = new SipHeaders();
  for (const route of routes) headers.put(routeField, route);
  headers.add("Max-Forwards", "70");
  headers.put(fromField, { ...from, params: new Map(from.params).set("tag", makeTag(random)) });
  headers.put(toField, to).put(callIdField, makeSipCallId(random)).put(cseqField, { seq: 1, method });
  for (const [name, value] of parts.headers ?? []) headers.add(name, value);
  if (contentType !== undefined && body.length > 0) headers.add("Content-Type", contentType);
  return { type: "request", method, uri, headers, body };
}

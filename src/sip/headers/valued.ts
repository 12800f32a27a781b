import type { HeaderField } from "./field.ts";
import { type Params, readParams, writeParams } from "./params.ts";
import { atEnd, type Cursor, isToken, maxUint32, readNumber, readToken, skipSpace } from "./scan.ts";

/** Reads `token *( SEMI param )`; undefined when malformed. */
function readTokenAndParams(text: string): { token: string; params: Params } | undefined {
  const cursor: Cursor = { text, at: 0 };
  skipSpace(cursor);
  const token = readToken(cursor);
  const params = token === "" ? undefined : readParams(cursor);
  return params === undefined || !atEnd(cursor) ? undefined : { token, params };
}

/** Content type in lower case, with parameters such as `boundary` (RFC 3261 §20.15). */
export interface MediaType {
  /** `application/sdp`, lower case. */
  readonly type: string;
  readonly params: Params;
}

/** Content-Type (RFC 3261 §20.15). */
export const contentTypeField: HeaderField<MediaType> = {
  name: "Content-Type",
  parse(text) {
    const match = /^([^\s/;]{1,127})[ \t]*\/[ \t]*([^\s/;]{1,127})/.exec(text);
    if (match === null || !isToken(match[1]!) || !isToken(match[2]!)) return undefined;
    const cursor: Cursor = { text, at: match[0].length };
    const params = readParams(cursor);
    if (params === undefined || !atEnd(cursor)) return undefined;
    return { type: `${match[1]}/${match[2]}`.toLowerCase(), params };
  },
  write: ({ type, params }) => type + writeParams(params),
};

/** Session interval and who refreshes (RFC 4028 §4). */
export interface SessionExpires {
  readonly seconds: number;
  readonly refresher?: "uac" | "uas";
}

/** Session-Expires (RFC 4028 §4). */
export const sessionExpiresField: HeaderField<SessionExpires> = {
  name: "Session-Expires",
  parse(text) {
    const read = readTokenAndParams(text);
    const seconds = readNumber(read?.token ?? "", maxUint32);
    const refresher = read?.params.get("refresher")?.toLowerCase();
    if (seconds === undefined) return undefined;
    return refresher === "uac" || refresher === "uas" ? { seconds, refresher } : { seconds };
  },
  write: ({ seconds, refresher }) => (refresher === undefined ? `${seconds}` : `${seconds};refresher=${refresher}`),
};

/** Min-SE: least session interval in seconds (RFC 4028 §5). */
export const minSeField: HeaderField<number> = {
  name: "Min-SE",
  parse: (text) => readNumber(readTokenAndParams(text)?.token ?? "", maxUint32),
  write: String,
};

/** Which dialog an INVITE takes the place of (RFC 3891 §6.1). */
export interface Replaces {
  readonly callId: string;
  /** Local tag of the dialog at the receiver's side. */
  readonly toTag: string;
  readonly fromTag: string;
  /** Only a dialog still early may be replaced. */
  readonly earlyOnly: boolean;
}

/** Replaces (RFC 3891 §6.1). */
export const replacesField: HeaderField<Replaces> = {
  name: "Replaces",
  parse(text) {
    const semicolon = text.indexOf(";");
    const callId = text.slice(0, Math.max(semicolon, 0)).trim();
    const cursor: Cursor = { text, at: Math.max(semicolon, 0) };
    const params = readParams(cursor);
    const toTag = params?.get("to-tag");
    const fromTag = params?.get("from-tag");
    if (!/^[\x21-\x7e]+$/.test(callId) || params === undefined || !atEnd(cursor)) return undefined;
    if (toTag === undefined || fromTag === undefined) return undefined;
    return { callId, toTag, fromTag, earlyOnly: params.has("early-only") };
  },
  write: ({ callId, toTag, fromTag, earlyOnly }) =>
    `${callId};to-tag=${toTag};from-tag=${fromTag}${earlyOnly ? ";early-only" : ""}`,
};

/** Why a request was sent (RFC 3326). */
export interface Reason {
  /** `SIP`, `Q.850` or another protocol's name, as received. */
  readonly protocol: string;
  readonly cause?: number;
  readonly text?: string;
}

/** Reason (RFC 3326). */
export const reasonField: HeaderField<Reason> = {
  name: "Reason",
  parse(text) {
    const read = readTokenAndParams(text);
    if (read === undefined) return undefined;
    const cause = readNumber(read.params.get("cause") ?? "", 999);
    return { protocol: read.token, cause, text: read.params.get("text") };
  },
  write: ({ protocol, cause, text }) => {
    const params = new Map<string, string | undefined>();
    if (cause !== undefined) params.set("cause", String(cause));
    // `text` is a quoted string by its grammar, even when it is one word (RFC 3326 §2).
    const quoted = text === undefined ? "" : `;text="${text.replace(/[\\"]/g, "\\$&").replace(/[\r\n\0]/g, " ")}"`;
    return `${protocol}${writeParams(params)}${quoted}`;
  },
};

/** Event package with its `id` (RFC 6665 §8.2.1). */
export interface EventPackage {
  /** `refer`, `message-summary` …, lower case. */
  readonly name: string;
  readonly id?: string;
  readonly params: Params;
}

/** Event (RFC 6665 §8.2.1). */
export const eventField: HeaderField<EventPackage> = {
  name: "Event",
  parse(text) {
    const read = readTokenAndParams(text);
    return read && { name: read.token.toLowerCase(), id: read.params.get("id"), params: read.params };
  },
  write({ name, id, params }) {
    const all = new Map(params);
    if (id !== undefined) all.set("id", id);
    return name + writeParams(all);
  },
};

/** State of a subscription (RFC 6665 §8.2.3). */
export interface SubscriptionState {
  /** `active`, `pending`, `terminated` or an extension, lower case. */
  readonly state: string;
  readonly reason?: string;
  readonly expiresS?: number;
  readonly retryAfterS?: number;
}

/** Subscription-State (RFC 6665 §8.2.3). */
export const subscriptionStateField: HeaderField<SubscriptionState> = {
  name: "Subscription-State",
  parse(text) {
    const read = readTokenAndParams(text);
    if (read === undefined) return undefined;
    return {
      state: read.token.toLowerCase(),
      reason: read.params.get("reason")?.toLowerCase(),
      expiresS: readNumber(read.params.get("expires") ?? "", maxUint32),
      retryAfterS: readNumber(read.params.get("retry-after") ?? "", maxUint32),
    };
  },
  write({ state, reason, expiresS, retryAfterS }) {
    let out = state;
    if (reason !== undefined) out += `;reason=${reason}`;
    if (expiresS !== undefined) out += `;expires=${expiresS}`;
    if (retryAfterS !== undefined) out += `;retry-after=${retryAfterS}`;
    return out;
  },
};

/** Retry-After in seconds (RFC 3261 §20.33); comment and `duration` are not kept. */
export const retryAfterField: HeaderField<number> = {
  name: "Retry-After",
  parse: (text) => readNumber(/^\d{1,20}/.exec(text)?.[0] ?? "", maxUint32),
  write: String,
};

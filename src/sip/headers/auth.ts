import type { HeaderField } from "./field.ts";
import type { Params } from "./params.ts";
import { atEnd, type Cursor, readQuoted, readToken, skipSpace, take, writeQuoted } from "./scan.ts";

/** A challenge or credentials: scheme and its comma-separated parameters (RFC 3261 §20.44, RFC 8760 §2). */
export interface AuthValue {
  /** As received; schemes are compared without case. */
  readonly scheme: string;
  /** Names in lower case, values unquoted. Empty for schemes that carry something else. */
  readonly params: Params;
}

/** Most parameters of one challenge. */
const maxAuthParams = 32;

/** Parameters that are written without quotes (RFC 7616 §3.3, §3.4). */
const bareParams: ReadonlySet<string> = new Set(["algorithm", "stale", "nc", "userhash"]);

function parseAuth(text: string): AuthValue | undefined {
  const cursor: Cursor = { text, at: 0 };
  skipSpace(cursor);
  const scheme = readToken(cursor);
  if (scheme === "") return undefined;
  const params = new Map<string, string | undefined>();
  // Only Digest is ours; another scheme's content is nothing we could read wrong.
  if (scheme.toLowerCase() !== "digest") return { scheme, params };
  skipSpace(cursor);
  do {
    const name = readToken(cursor).toLowerCase();
    if (name === "" || params.has(name) || params.size === maxAuthParams || !take(cursor, 61)) return undefined;
    const value = text.charCodeAt(cursor.at) === 34 ? readQuoted(cursor) : readToken(cursor);
    if (value === undefined) return undefined;
    params.set(name, value);
  } while (take(cursor, 44));
  return atEnd(cursor) ? { scheme, params } : undefined;
}

function authField(name: string, isChallenge: boolean): HeaderField<AuthValue> {
  return {
    name,
    parse: parseAuth,
    write({ scheme, params }) {
      const written: string[] = [];
      for (const [key, value = ""] of params) {
        // `qop` is a quoted list in a challenge and a token in credentials.
        const isBare = bareParams.has(key) || (key === "qop" && !isChallenge);
        written.push(`${key}=${isBare ? value : writeQuoted(value)}`);
      }
      return written.length === 0 ? scheme : `${scheme} ${written.join(", ")}`;
    },
  };
}

/** WWW-Authenticate (RFC 3261 §20.44); one challenge a line, several lines (RFC 8760 §2.4). */
export const wwwAuthenticateField = authField("WWW-Authenticate", true);
/** Proxy-Authenticate (RFC 3261 §20.27). */
export const proxyAuthenticateField = authField("Proxy-Authenticate", true);
/** Authorization (RFC 3261 §20.7). */
export const authorizationField = authField("Authorization", false);
/** Proxy-Authorization (RFC 3261 §20.28). */
export const proxyAuthorizationField = authField("Proxy-Authorization", false);

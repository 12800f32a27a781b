import { GuardedHttpError } from "./guarded-http-error.ts";

/** One request on the way through redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** All that goes along to another origin: any other header may be a signature or a customer's password for the first. */
const neutralHeaders = new Set(["accept", "content-type", "content-encoding", "content-language", "user-agent"]);
/** Headers of a body that is not sent along (RFC 9110 §15.4). */
const bodyHeaders = new Set(["content-type", "content-length", "content-encoding", "content-language"]);

/** Reads a URL we may call; throws `refused-scheme` unless https (or http where private targets are allowed). */
export function readTarget(text: string, allowPrivate: boolean, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base?.href) : undefined;
  if (url === undefined) throw new GuardedHttpError("refused-scheme", base?.hostname ?? "");
  const schemeAllowed = url.protocol === "https:" || (allowPrivate && url.protocol === "http:");
  if (!schemeAllowed || url.username !== "" || url.password !== "") {
    throw new GuardedHttpError("refused-scheme", url.hostname);
  }
  return url;
}

/** The first request. */
export function firstHop(
  url: URL,
  request: {
    readonly method?: Hop["method"];
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Hop["body"];
  },
): Hop {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
  return { url, method: request.method ?? "GET", headers, body: request.body };
}

/** Where a response sends us next, or undefined when it is the answer (RFC 9110 §15.4). */
export function nextHop(
  hop: Hop,
  status: number,
  location: string | undefined,
  allowPrivate: boolean,
): Hop | undefined {
  const redirects = status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  if (!redirects || location === undefined) return undefined;
  const url = readTarget(location, allowPrivate, hop.url);
  const dropsBody = status === 303 ? hop.method !== "HEAD" : status < 303 && hop.method === "POST";
  const sameOrigin = url.origin === hop.url.origin;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers)) {
    if (!sameOrigin && !neutralHeaders.has(name)) continue;
    if (dropsBody && bodyHeaders.has(name)) continue;
    headers[name] = value;
  }
  return dropsBody
    ? { url, method: "GET", headers, body: undefined }
    : { url, method: hop.method, headers, body: hop.body };
}

import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns";
import { isIP } from "node:net";
import { Agent, request } from "undici";
import { isPublicAddress } from "../address-guard.ts";
import { GuardedHttpError } from "../guarded-http-error.ts";
import { firstHop, type Hop, nextHop, readTarget } from "../http-hop.ts";

export { GuardedHttpError, type GuardedHttpFault } from "../guarded-http-error.ts";

/** A request to a server somebody else named: a tool, a webhook, a customer's endpoint. */
export interface GuardedRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Whole exchange, redirects and body too, in ms. */
  readonly timeoutMs: number;
  /** Longest response body taken, in bytes. */
  readonly maxResponseBytes: number;
  readonly maxRedirects?: number;
  /** Also private, loopback and link-local addresses, and plain http. */
  readonly allowPrivate: boolean;
  readonly signal?: AbortSignal;
}

/** As `GuardedRequest`; `idleTimeoutMs` bounds the wait for the response's head and for each next chunk. */
export interface GuardedStreamRequest extends GuardedRequest {
  readonly idleTimeoutMs: number;
}

/** Header names are in lower case; a name that came more than once has its values joined by ", ". */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** A whole response. */
export interface GuardedResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: Uint8Array;
  /** The body as UTF-8. */
  text(): string;
}

/** A response whose body comes as it arrives; iterate once, or `close` it. */
export interface GuardedStreamResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the rest of the body and frees the connection. Twice is fine. */
  close(): void;
}

/** How names become addresses: as `dns.lookup` with `all: true`. Tests give their own. */
export type LookupAll = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export const defaultMaxRedirects = 3;
const connectTimeoutMs = 10_000;

/**
 * HTTP to places we do not trust. Names are resolved and checked at the moment of connecting, so a name that changes
 * its address between the check and the use (DNS rebinding) gains nothing; redirects are followed here, one checked
 * hop at a time.
 */
export class GuardedHttp {
  readonly #publicOnly: Agent;
  readonly #anywhere: Agent;

  constructor(lookup: LookupAll = systemLookup) {
    this.#publicOnly = new Agent({
      connect: { lookup: guardLookup(lookup, isPublicAddress), timeout: connectTimeoutMs },
    });
    this.#anywhere = new Agent({ connect: { lookup: guardLookup(lookup, () => true), timeout: connectTimeoutMs } });
  }

  /** One exchange with the whole body; rejects with `GuardedHttpError` only. Any HTTP status is an answer. */
  async fetch(url: string, options: GuardedRequest): Promise<GuardedResponse> {
    const response = await this.stream(url, { ...options, idleTimeoutMs: options.timeoutMs });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    return { status: response.status, headers: response.headers, body, text: () => body.toString("utf8") };
  }

  /** One exchange whose body is read as it comes; both the promise and the iteration reject with `GuardedHttpError` only. */
  async stream(url: string, options: GuardedStreamRequest): Promise<GuardedStreamResponse> {
    const exchange = new Exchange(options);
    try {
      let hop = firstHop(readTarget(url, options.allowPrivate), options);
      for (let redirects = 0; ; redirects += 1) {
        exchange.host = hop.url.hostname;
        const { status, headers, body } = await this.#send(hop, options.allowPrivate, exchange);
        const next = nextHop(hop, status, headers.location, options.allowPrivate);
        if (next === undefined) {
          if (Number(headers["content-length"] ?? 0) > options.maxResponseBytes) {
            throw new GuardedHttpError("too-large", exchange.host);
          }
          return { status, headers, body: exchange.read(body), close: () => exchange.giveUp() };
        }
        body.destroy();
        if (redirects >= (options.maxRedirects ?? defaultMaxRedirects)) {
          throw new GuardedHttpError("too-many-redirects", hop.url.hostname);
        }
        hop = next;
      }
    } catch (error) {
      const explained = exchange.explain(error);
      exchange.giveUp();
      throw explained;
    }
  }

  /** Closes idle connections and drops running exchanges. Twice is fine. */
  async close(): Promise<void> {
    await Promise.all([this.#publicOnly.destroy(), this.#anywhere.destroy()]);
  }

  async #send(hop: Hop, allowPrivate: boolean, exchange: Exchange) {
    const literal = hop.url.hostname.replace(/^\[|\]$/g, "");
    // An address written in the URL never passes through `lookup`.
    if (!allowPrivate && isIP(literal) !== 0 && !isPublicAddress(literal)) {
      throw new GuardedHttpError("refused-address", hop.url.hostname);
    }
    exchange.waiting();
    // The exchange's own clocks bound the waits for head and body.
    const { statusCode, headers, body } = await request(hop.url, {
      dispatcher: allowPrivate ? this.#anywhere : this.#publicOnly,
      method: hop.method,
      headers: hop.headers,
      body: hop.body,
      signal: exchange.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    exchange.arrived();
    // A body nobody reads any more may still fail; that is no news.
    body.on("error", () => {});
    return { status: statusCode, headers: flatten(headers), body };
  }
}

/** One exchange's clocks, limits and the reason it failed. */
class Exchange {
  readonly #maxResponseBytes: number;
  readonly #controller = new AbortController();
  readonly #idleTimeoutMs: number;
  readonly #outer: AbortSignal | undefined;
  readonly #total: NodeJS.Timeout;
  #idle: NodeJS.Timeout | undefined;
  #failure: GuardedHttpError | undefined;
  host = "";

  constructor(options: GuardedStreamRequest) {
    this.#maxResponseBytes = options.maxResponseBytes;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#outer = options.signal;
    this.#total = setTimeout(() => this.#fail("timeout"), options.timeoutMs);
    if (this.#outer?.aborted) this.#fail("aborted");
    this.#outer?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The idle clock starts. */
  waiting(): void {
    if (this.#idle === undefined) this.#idle = setTimeout(() => this.#fail("timeout"), this.#idleTimeoutMs);
    else this.#idle.refresh();
  }

  /** Something came; until `waiting` again nobody is owed anything. */
  arrived(): void {
    clearTimeout(this.#idle);
    this.#idle = undefined;
  }

  async *read(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let receivedBytes = 0;
    try {
      this.waiting();
      for await (const chunk of body) {
        receivedBytes += chunk.byteLength;
        if (receivedBytes > this.#maxResponseBytes) throw new GuardedHttpError("too-large", this.host);
        // A slow reader is not a slow server.
        this.arrived();
        yield chunk;
        this.waiting();
      }
    } catch (error) {
      throw this.explain(error);
    } finally {
      this.end();
    }
  }

  /** Drops whatever is still under way. Twice is fine. */
  giveUp(): void {
    this.#fail("aborted");
  }

  /** Stops the clocks. Twice is fine. */
  end(): void {
    clearTimeout(this.#total);
    this.arrived();
    this.#outer?.removeEventListener("abort", this.#abort);
  }

  /** The error as ours: what we did ourselves first, then what the library says, by its code only. */
  explain(error: unknown): GuardedHttpError {
    if (this.#failure !== undefined) return this.#failure;
    for (let cause: unknown = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
      if (cause instanceof GuardedHttpError) return cause;
    }
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
    return new GuardedHttpError(
      code === "UND_ERR_CONNECT_TIMEOUT" ? "timeout" : "network",
      this.host,
      /^[A-Z0-9_]{1,40}$/.test(code) ? code : undefined,
    );
  }

  readonly #abort = (): void => this.#fail("aborted");

  #fail(kind: "timeout" | "aborted"): void {
    this.#failure ??= new GuardedHttpError(kind, this.host);
    this.#controller.abort(this.#failure);
    this.end();
  }
}

type ConnectLookup = (
  host: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void;

/** A `net.connect` lookup that gives only allowed addresses; none left is `refused-address`. */
function guardLookup(lookup: LookupAll, allowed: (ip: string) => boolean): ConnectLookup {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, "", 0);
      const kept = addresses.filter(({ address }) => allowed(address));
      const first = kept[0];
      if (first === undefined) return done(new GuardedHttpError("refused-address", host), "", 0);
      return options.all ? done(null, kept) : done(null, first.address, first.family);
    });
  };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHeaders {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

let shared: GuardedHttp | undefined;

/** One exchange over the process's own connections; see `GuardedHttp.fetch`. */
export function guardedFetch(url: string, options: GuardedRequest): Promise<GuardedResponse> {
  shared ??= new GuardedHttp();
  return shared.fetch(url, options);
}

/** One streamed exchange over the process's own connections; see `GuardedHttp.stream`. */
export function guardedStream(url: string, options: GuardedStreamRequest): Promise<GuardedStreamResponse> {
  shared ??= new GuardedHttp();
  return shared.stream(url, options);
}

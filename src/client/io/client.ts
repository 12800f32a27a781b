import { TandemError, TandemUnreachable } from "../errors.ts";
import { operations, type TandemOperations } from "../operations.ts";
import type { OperationShape, RequestOptions } from "../shapes.ts";
import { followEvents } from "./event-stream.ts";

/** Where the gateway is, and the key that opens it. */
export interface ClientOptions {
  /** Origin of the gateway: `https://voice.example.com`. */
  readonly baseUrl: string;
  /** `tk_live_…` */
  readonly key: string;
  /** How long an answer may take; event streams are as long as they are. */
  readonly timeoutMs?: number;
}

/** What is used when nothing is said. A one-time code is waited for up to a minute. */
export const defaultClientOptions = { timeoutMs: 75_000 } as const satisfies Partial<ClientOptions>;

type RequestMembers = Readonly<Record<string, unknown>>;

/** A client of the native API: one method for each operation. */
export function createClient(options: ClientOptions): TandemOperations {
  const methods = Object.entries(operations).map(([name, shape]) => {
    const method = (request: RequestMembers = {}, more: RequestOptions = {}) =>
      shape.streams
        ? followEvents((afterId, signal) => openStream(options, shape, { ...request, ...afterId }, signal), more.signal)
        : send(options, shape, request, more);
    return [name, method];
  });
  // The table and the types are made from the same description, so they fit.
  return Object.fromEntries(methods) as TandemOperations;
}

async function send(
  { baseUrl, key, timeoutMs = defaultClientOptions.timeoutMs }: ClientOptions,
  shape: OperationShape,
  request: RequestMembers,
  { signal, idempotencyKey }: RequestOptions,
): Promise<unknown> {
  const { body } = request;
  const timeOut = AbortSignal.timeout(timeoutMs);
  const response = await ask(urlOf(baseUrl, shape, request), {
    method: shape.method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: signal ? AbortSignal.any([signal, timeOut]) : timeOut,
  });
  return readAnswer(response);
}

async function openStream(
  { baseUrl, key }: ClientOptions,
  shape: OperationShape,
  request: RequestMembers,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, accept: "text/event-stream" };
  const response = await ask(urlOf(baseUrl, shape, request), { method: shape.method, headers, signal });
  if (!response.ok) await readAnswer(response);
  return response;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    throw new TandemUnreachable(`nothing answers at ${new URL(url).origin}`, { cause: error });
  }
}

/** The body of an answer; throws what was refused. */
async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  if (response.ok && text === "") return undefined;
  const json = parse(text);
  if (response.ok && json !== undefined) return json;
  const { error } = (json ?? {}) as { error?: { message?: string; code?: string } };
  if (typeof error?.code !== "string") {
    throw new TandemUnreachable(`what answers at ${new URL(response.url).origin} is no gateway (${response.status})`);
  }
  const { message = error.code, code, ...details } = error;
  const waitS = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new TandemError(response.status, message, { ...details, code }, Number.isNaN(waitS) ? undefined : waitS * 1000);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function urlOf(baseUrl: string, { path, query }: OperationShape, request: RequestMembers): string {
  const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(String(request[name])));
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/api/v1${filled}`);
  for (const name of query) {
    if (request[name] !== undefined) url.searchParams.set(name, String(request[name]));
  }
  return url.href;
}

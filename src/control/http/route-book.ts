import type { FastifyInstance } from "fastify";

/** A route as it was registered. */
export interface NotedRoute {
  readonly method: string;
  readonly url: string;
  readonly schema: RouteDescription | undefined;
}

/** What a route's schema may tell of it: JSON Schemas, and words for people. */
export interface RouteDescription {
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly hide?: boolean;
  /** Empty: no key is needed. */
  readonly security?: readonly unknown[];
  readonly params?: unknown;
  readonly querystring?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly response?: unknown;
}

declare module "fastify" {
  interface FastifyInstance {
    /** Every route there is, in the order they were made. */
    readonly routeBook: readonly NotedRoute[];
  }
}

/** Notes all routes that are added after this, so that a page can be written from them. */
export function keepRouteBook(app: FastifyInstance): void {
  const book: NotedRoute[] = [];
  app.decorate("routeBook", book);
  app.addHook("onRoute", ({ method, url, schema }) => {
    for (const one of [method].flat()) {
      if (one !== "HEAD") book.push({ method: one, url, schema: schema as RouteDescription | undefined });
    }
  });
}

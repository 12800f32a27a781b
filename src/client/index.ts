/** A typed client of the native API; made from its description, see docs/client.md. */
export { TandemError, TandemUnreachable } from "./errors.ts";
export { type ClientOptions, createClient } from "./io/client.ts";
export type * from "./operations.ts";
export { everyItem, type ListPage } from "./pages.ts";
export type { RequestOptions, StreamedEvent } from "./shapes.ts";

/** The text of src/client/operations.ts, from an OpenAPI document of the native API. */
export function renderClient(openapi: unknown): string;

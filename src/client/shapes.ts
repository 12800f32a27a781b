/** Where an operation of the native API is. */
export interface OperationShape {
  readonly method: string;
  /** Below `/api/v1`; `{id}` stands for a member of the request. */
  readonly path: string;
  /** Members of the request that go into the query. */
  readonly query: readonly string[];
  /** Answers with server-sent events. */
  readonly streams: boolean;
}

/** What may be said with every request. */
export interface RequestOptions {
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal;
  /** Said again with the same body, nothing happens twice; where the API takes it. */
  readonly idempotencyKey?: string;
}

/** An event of a call, as it arrives. */
export interface StreamedEvent {
  /** Counts over all calls of the gateway; an event stream goes on after it. */
  readonly id: number;
  readonly type: string;
  readonly call_id: string;
  /** Counts in its call. */
  readonly sequence: number;
  /** ISO 8601. */
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

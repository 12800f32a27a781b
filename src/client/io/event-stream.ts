import { createParser } from "eventsource-parser";
import { TandemError, TandemUnreachable } from "../errors.ts";
import type { StreamedEvent } from "../shapes.ts";

/** Pause before a stream that broke is asked for again, unless the gateway says another. */
const usualRetryMs = 2000;
/** So often in a row it may fail to open. */
const maxFailures = 5;

type Open = (after: { readonly last_event_id?: number }, signal: AbortSignal) => Promise<Response>;

/**
 * Events as they arrive. A connection that breaks is made again and goes on after the last event; the end is an abort,
 * a refusal, or 204: there is nothing more.
 */
export async function* followEvents(open: Open, outer?: AbortSignal): AsyncGenerator<StreamedEvent> {
  const over = new AbortController();
  const signal = outer ? AbortSignal.any([outer, over.signal]) : over.signal;
  let lastId: number | undefined;
  let failures = 0;
  let retryMs = usualRetryMs;
  try {
    while (!signal.aborted) {
      try {
        const response = await open(lastId === undefined ? {} : { last_event_id: lastId }, signal);
        if (response.status === 204 || !response.body) return;
        failures = 0;
        for await (const event of readEvents(response.body, (ms) => {
          retryMs = ms;
        })) {
          lastId = event.id;
          yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const isFinal = error instanceof TandemError && error.retryAfterMs === undefined && error.status < 500;
        if (isFinal || failures >= maxFailures) throw error;
      }
      await pause(retryMs, signal);
    }
  } finally {
    over.abort();
  }
}

async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onRetry: (ms: number) => void,
): AsyncGenerator<StreamedEvent> {
  let ready: StreamedEvent[] = [];
  const parser = createParser({
    maxBufferSize: 4_000_000,
    onEvent: ({ id, data }) => ready.push({ ...JSON.parse(data), id: Number(id) }),
    onRetry,
    onError: (error) => {
      if (error.type !== "unknown-field") throw new TandemUnreachable("the event stream cannot be read");
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const now = ready;
    ready = [];
    yield* now;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

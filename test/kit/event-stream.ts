import { createParser } from "eventsource-parser";

/** One event of the gateway's event stream. */
export interface StreamedEvent {
  readonly id: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Follows an event stream until closed; `events` grows as they come. */
export async function followEvents(
  url: string,
  apiKey: string,
  lastEventId?: number,
): Promise<{ events: StreamedEvent[]; close(): void }> {
  const stop = new AbortController();
  const answer = await fetch(url, {
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(lastEventId !== undefined && { "last-event-id": String(lastEventId) }),
    },
    signal: stop.signal,
  });
  if (!answer.ok || !answer.body) throw new Error(`${url} answered ${answer.status}`);
  const events: StreamedEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => events.push({ id: Number(id), type: event ?? "", data: JSON.parse(data) }),
  });
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
  };
  // Ends with an abort when closed.
  read(answer.body).catch(() => {});
  return { events, close: () => stop.abort() };
}

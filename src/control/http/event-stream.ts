import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import type { OrgId } from "../../kit/ids.ts";
import type { CallEvent } from "../service/calls/call-events.ts";
import type { EventFeed, FollowRequest } from "../service/event-feed.ts";

/** Limits of server-sent events (WHATWG HTML §9.2). */
export interface EventStreamOptions {
  readonly heartbeatMs: number;
  /** Bytes that may wait for a slow reader; with more waiting for longer than `stallMs` the stream is closed. */
  readonly maxBufferedBytes: number;
  readonly stallMs: number;
  readonly maxPerKey: number;
}

export const defaultEventStreamOptions = {
  heartbeatMs: 15_000,
  maxBufferedBytes: 262_144,
  stallMs: 10_000,
  maxPerKey: 20,
} as const satisfies EventStreamOptions;

export interface EventStreamRequest {
  readonly reply: FastifyReply;
  readonly orgId: OrgId;
  readonly keyId: string;
  readonly callId: string | undefined;
  readonly afterId: number | undefined;
  /** The event as the dialect writes it: one line of JSON. */
  readonly render: (event: CallEvent) => string;
  /** True: nothing follows this event, the stream ends after it. */
  readonly isLast: (event: CallEvent) => boolean;
  /** Asked at each heartbeat; false closes the stream (the key was revoked). */
  readonly stillAllowed: () => Promise<boolean>;
}

/** Server-sent events for those who follow calls: counted per key, bounded for slow readers, closed with the server. */
export class EventStreams {
  readonly #feed: Pick<EventFeed, "follow">;
  readonly #options: EventStreamOptions;
  readonly #perKey = new Map<string, number>();
  readonly #open = new Set<AbortController>();

  constructor(feed: Pick<EventFeed, "follow">, options: EventStreamOptions = defaultEventStreamOptions) {
    this.#feed = feed;
    this.#options = options;
  }

  /** Streams still open. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes the reply over; refuses with rate-limited when the key has too many streams. Resolves when the stream is over. */
  async serve(request: EventStreamRequest): Promise<void> {
    const { reply, keyId, orgId, callId, afterId } = request;
    const count = this.#perKey.get(keyId) ?? 0;
    if (count >= this.#options.maxPerKey) {
      throw new GatewayError("rate-limited", `a key may hold ${this.#options.maxPerKey} event streams`);
    }
    this.#perKey.set(keyId, count + 1);
    const over = new AbortController();
    this.#open.add(over);
    const headers = reply.getHeaders();
    reply.hijack();
    const socket = reply.raw;
    const abort = () => over.abort();
    socket.on("close", abort).on("error", abort);
    // Gone while its key or its call was looked up: it will not tell again, and its place must not stay taken.
    if (socket.destroyed) abort();
    const heartbeat = setInterval(() => {
      if (socket.writableLength <= this.#options.maxBufferedBytes) socket.write(": still here\n\n");
      request.stillAllowed().then((allowed) => {
        if (!allowed) over.abort();
      }, abort);
    }, this.#options.heartbeatMs);
    try {
      socket.writeHead(200, {
        ...(headers as Record<string, string>),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        // Kept open after its end, an idle connection would hold up the stop of the gateway that ended it.
        connection: "close",
      });
      socket.write("retry: 2000\n\n");
      await this.#pump(socket, { orgId, callId, afterId, signal: over.signal }, request);
    } finally {
      clearInterval(heartbeat);
      over.abort();
      this.#open.delete(over);
      const left = (this.#perKey.get(keyId) ?? 1) - 1;
      if (left > 0) this.#perKey.set(keyId, left);
      else this.#perKey.delete(keyId);
      // A reader that stopped reading would never see an orderly end.
      if (socket.writableLength > this.#options.maxBufferedBytes) socket.destroy();
      else socket.end();
    }
  }

  /** Ends every stream; the readers come back with their `Last-Event-ID`. */
  closeAll(): void {
    for (const over of this.#open) over.abort();
  }

  async #pump(socket: ServerResponse, follow: FollowRequest, { render, isLast }: EventStreamRequest): Promise<void> {
    for await (const events of this.#feed.follow(follow)) {
      for (const event of events) {
        if (follow.signal.aborted) return;
        socket.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${render(event)}\n\n`);
        if (isLast(event)) return;
        const full = socket.writableLength > this.#options.maxBufferedBytes;
        if (full && !(await this.#drained(socket, follow.signal))) return;
      }
    }
  }

  /** Waits for a slow reader; false when it did not catch up in time or went away. */
  #drained(socket: ServerResponse, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (drained: boolean) => {
        clearTimeout(timer);
        socket.off("drain", onDrain);
        signal.removeEventListener("abort", onAbort);
        resolve(drained);
      };
      const onDrain = () => done(true);
      const onAbort = () => done(false);
      const timer = setTimeout(() => done(false), this.#options.stallMs);
      socket.once("drain", onDrain);
      signal.addEventListener("abort", onAbort);
    });
  }
}

import type { ConversationItem, RealtimeClientEvent } from "openai/resources/realtime/realtime";
import type { AiErrorKind, AiEvent } from "./session.ts";

export type RealtimeOrder =
  /** Open a socket. There is none at this moment. */
  | { readonly type: "connect" }
  /** Close the socket and hear nothing more from it. */
  | { readonly type: "disconnect" }
  | { readonly type: "send"; readonly message: RealtimeClientEvent }
  /** Append caller audio, byte positions for `visitCallerAudio`. */
  | { readonly type: "append"; readonly from: number; readonly to: number }
  | { readonly type: "report"; readonly event: AiEvent };

/** Where the parts of a session's core put their orders. What goes to the server is dropped while no session is there. */
export class RealtimeOutbox {
  #orders: RealtimeOrder[] = [];
  #eventCount = 0;
  /** A session is configured, so the server may be told things. */
  live = false;

  /** The orders since the last call. */
  take(): readonly RealtimeOrder[] {
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }

  /** An id for a client event, unlike any before; it comes back in errors about that event. */
  eventId(prefix: string): string {
    this.#eventCount++;
    return `${prefix}-${this.#eventCount}`;
  }

  put(order: RealtimeOrder): void {
    this.#orders.push(order);
  }

  report(event: AiEvent): void {
    this.#orders.push({ type: "report", event });
  }

  /** Reports trouble after which the session goes on. */
  trouble(kind: AiErrorKind, message: string): void {
    this.report({ type: "error", kind, message, fatal: false });
  }

  send(message: RealtimeClientEvent): void {
    if (this.live) this.#orders.push({ type: "send", message });
  }

  /** Adds items to the conversation. Without a session they wait in the history, which the next session gets as a whole. */
  sendItems(items: readonly ConversationItem[]): void {
    for (const item of items) this.send({ type: "conversation.item.create", event_id: this.eventId("item"), item });
  }
}

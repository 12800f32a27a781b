import type { AiErrorKind, AiEvent } from "../session.ts";
import type { PipelineOrder } from "./protocol.ts";

/** The orders of one input, in the order they were given. */
export class Outbox {
  #orders: PipelineOrder[] = [];

  push(order: PipelineOrder): void {
    this.#orders.push(order);
  }

  tell(event: AiEvent): void {
    this.#orders.push({ type: "event", event });
  }

  tellError(kind: AiErrorKind, message: string, fatal: boolean): void {
    this.tell({ type: "error", kind, message, fatal });
  }

  /** What was given so far, once. */
  take(): readonly PipelineOrder[] {
    const orders = this.#orders;
    this.#orders = [];
    return orders;
  }
}

import type { DeliveryRow } from "../store/outbox.ts";

/** A delivery in the words of its public API. */
export interface RenderedDelivery {
  /** JSON; what is signed, byte by byte. */
  readonly body: string;
  /** Headers of that API; `signatures`: hex HMAC-SHA256 of the body, one for each secret, the newest first. */
  headers(signatures: readonly string[]): Readonly<Record<string, string>>;
}

/** What a row needs to be told in the words of a dialect; given from above. */
export type RenderDelivery = (
  row: Pick<DeliveryRow, "event_id" | "event" | "position" | "notice" | "created_at">,
  dialect: string,
) => RenderedDelivery;

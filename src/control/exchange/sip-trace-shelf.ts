import type { CallId } from "../../kit/ids.ts";
import type { SipTransport } from "../../sip/hop.ts";

/** One message as kept. */
export interface TraceEntry {
  /** Wall ms, fractional; never goes back within a dialog. */
  readonly at: number;
  readonly direction: "in" | "out";
  readonly transport: SipTransport;
  /** `192.0.2.1:5060`, IPv6 in brackets. */
  readonly peer: string;
  /** UTF-8, memory of its own. */
  readonly raw: Uint8Array;
}

/** What a dialog's messages are about: a call that was answered, one that was not, anything else. */
export type TraceKind = "answered" | "attempt" | "other";

/** All that is kept of one Call-ID. */
export interface TraceDialog {
  readonly sipCallId: string;
  /** Method of the first message, and who was named in it. */
  readonly method: string;
  readonly from: string;
  readonly to: string;
  readonly peer: string;
  readonly firstWall: number;
  readonly firstNow: number;
  readonly entries: TraceEntry[];
  kind: TraceKind;
  callId: CallId | undefined;
  /** Final status of the first request; undefined: none yet. */
  status: number | undefined;
  lastAt: number;
  /** Users that are not to be shown. */
  withheld: readonly string[];
  /** Messages that had to go. */
  dropped: number;
  bytes: number;
}

export interface ShelfBounds {
  readonly maxDialogs: number;
  readonly maxBytes: number;
}

/** Dialogs of one kind in the order of their last message; when there are too many the longest silent goes. */
export class TraceShelf {
  readonly #bounds: ShelfBounds;
  readonly #dialogs = new Map<string, TraceDialog>();
  #bytes = 0;

  constructor(bounds: ShelfBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#dialogs.size;
  }

  get(sipCallId: string): TraceDialog | undefined {
    return this.#dialogs.get(sipCallId);
  }

  all(): Iterable<TraceDialog> {
    return this.#dialogs.values();
  }

  take(dialog: TraceDialog): void {
    if (this.#dialogs.delete(dialog.sipCallId)) this.#bytes -= dialog.bytes;
  }

  /** Puts a dialog in as the latest. */
  put(dialog: TraceDialog): void {
    this.#dialogs.set(dialog.sipCallId, dialog);
    this.#bytes += dialog.bytes;
    const { maxDialogs, maxBytes } = this.#bounds;
    for (const oldest of this.#dialogs.values()) {
      if ((this.#dialogs.size <= maxDialogs && this.#bytes <= maxBytes) || oldest === dialog) return;
      this.take(oldest);
    }
  }
}

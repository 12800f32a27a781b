import type { TimedWord } from "../ai/session.ts";
import { ChunkPool, PlayoutItem } from "./playout-item.ts";

/** A reply of the agent, as the ledger knows it. */
export interface PlayoutResponse {
  readonly responseId: string;
  /** `live`: plays. `kept`: interrupted, may go on. `stale`: nothing more of it will be played. */
  state: "live" | "kept" | "stale";
  /** Further audio is refused: it was called off. */
  closed: boolean;
  /** No more items will come. */
  ended: boolean;
  /** All of it was heard, and said so. */
  heard: boolean;
  readonly items: PlayoutItem[];
}

/** Text that came before its item's first audio. */
interface EarlyText {
  readonly pieces: { readonly delta: string; readonly words: readonly TimedWord[] | undefined }[];
  chars: number;
}

/** Finished ones are remembered so far back, for late audio and questions. */
const maxItems = 256;
const maxResponses = 64;
const maxEarlyItems = 8;
const maxEarlyPieces = 512;
const maxEarlyChars = 65_536;
/** A chunk of audio memory. */
const chunkMs = 320;

/** The items and responses of a call, bounded whatever a provider does. */
export class PlayoutItems {
  readonly #bytesPerMs: number;
  readonly #sampleBytes: 1 | 2;
  readonly #pool: ChunkPool;
  readonly #items = new Map<string, PlayoutItem>();
  readonly #responses = new Map<string, PlayoutResponse>();
  readonly #early = new Map<string, EarlyText>();

  constructor(bytesPerMs: number, sampleBytes: 1 | 2) {
    this.#bytesPerMs = bytesPerMs;
    this.#sampleBytes = sampleBytes;
    this.#pool = new ChunkPool(bytesPerMs * chunkMs);
  }

  item(itemId: string): PlayoutItem | undefined {
    return this.#items.get(itemId);
  }

  /** A response, made when it is new. */
  response(responseId: string): PlayoutResponse {
    const known = this.#responses.get(responseId);
    if (known) return known;
    if (this.#responses.size >= maxResponses) this.#forgetResponse();
    const response: PlayoutResponse = {
      responseId,
      state: "live",
      closed: false,
      ended: false,
      heard: false,
      items: [],
    };
    this.#responses.set(responseId, response);
    return response;
  }

  knownResponse(responseId: string): PlayoutResponse | undefined {
    return this.#responses.get(responseId);
  }

  responses(): IterableIterator<PlayoutResponse> {
    return this.#responses.values();
  }

  /** A new item with the text that came before it; undefined when too many are unfinished. */
  create(response: PlayoutResponse, itemId: string): PlayoutItem | undefined {
    if (this.#items.size >= maxItems && !this.#forgetItem()) return undefined;
    const { responseId } = response;
    const item = new PlayoutItem({
      itemId,
      responseId,
      pool: this.#pool,
      bytesPerMs: this.#bytesPerMs,
      sampleBytes: this.#sampleBytes,
    });
    for (const { delta, words } of this.#early.get(itemId)?.pieces ?? []) item.addText(delta, words);
    this.#early.delete(itemId);
    this.#items.set(itemId, item);
    response.items.push(item);
    return item;
  }

  addText(itemId: string, delta: string, words: readonly TimedWord[] | undefined): void {
    const item = this.#items.get(itemId);
    if (item) {
      if (!item.done) item.addText(delta, words);
      return;
    }
    let early = this.#early.get(itemId);
    if (!early) {
      if (this.#early.size >= maxEarlyItems) this.#early.delete(this.#early.keys().next().value as string);
      early = { pieces: [], chars: 0 };
      this.#early.set(itemId, early);
    }
    early.chars += delta.length;
    if (early.pieces.length < maxEarlyPieces && early.chars <= maxEarlyChars) early.pieces.push({ delta, words });
  }

  /** The item ended without audio: its text will not be heard. */
  forgetEarlyText(itemId: string): void {
    this.#early.delete(itemId);
  }

  #forgetItem(): boolean {
    for (const [itemId, item] of this.#items) {
      if (!item.done) continue;
      const siblings = this.#responses.get(item.responseId)?.items;
      siblings?.splice(siblings.indexOf(item), 1);
      return this.#items.delete(itemId);
    }
    return false;
  }

  #forgetResponse(): void {
    for (const [responseId, response] of this.#responses) {
      if (response.state === "stale" || response.heard || response.items.length === 0) {
        this.#responses.delete(responseId);
        return;
      }
    }
  }
}

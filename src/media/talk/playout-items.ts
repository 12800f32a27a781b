import type { TimedWord } from "../ai/session.ts";
import { ChunkPool, PlayoutItem } from "./playout-item.ts";
import type { InterruptedItem, PlayoutNews, RestoredItem } from "./playout-news.ts";

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
const noNews: readonly PlayoutNews[] = [];

/** The items and responses of a call from their first audio to their end, bounded whatever a provider does. */
export class PlayoutItems {
  readonly #bytesPerMs: number;
  readonly #sampleBytes: 1 | 2;
  readonly #pool: ChunkPool;
  readonly #items = new Map<string, PlayoutItem>();
  readonly #responses = new Map<string, PlayoutResponse>();
  readonly #early = new Map<string, EarlyText>();
  /** Items of live responses that may still bring audio. */
  readonly #open = new Set<PlayoutItem>();
  #news: PlayoutNews[] = [];

  constructor(bytesPerMs: number, sampleBytes: 1 | 2) {
    this.#bytesPerMs = bytesPerMs;
    this.#sampleBytes = sampleBytes;
    this.#pool = new ChunkPool(bytesPerMs * chunkMs);
  }

  /** Some item of a live response may still bring audio. */
  get anyOpen(): boolean {
    return this.#open.size > 0;
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
    if (response.state === "live") this.#open.add(item);
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

  /** No more audio will come for an item. */
  endItem(itemId: string): void {
    // An item without audio: its text will not be heard.
    this.#early.delete(itemId);
    const item = this.#items.get(itemId);
    // After an interruption audio may have been lost: its text is not known to end with its audio.
    if (item) this.#end(item, this.response(item.responseId).state === "live");
  }

  /** No more will come of a response; `complete` as in `PlayoutItem`. */
  endResponse(responseId: string, complete: boolean): void {
    const response = this.#responses.get(responseId);
    if (!response || response.ended) return;
    response.ended = true;
    for (const item of response.items) this.#end(item, complete && response.state === "live");
    this.#settleResponse(response);
  }

  /** The first byte of an item goes out. */
  started(item: PlayoutItem, now: number): void {
    item.startedAtMs = now;
    this.tell({ type: "item-started", itemId: item.itemId, responseId: item.responseId, atMs: now });
  }

  /** Finishes an item of which nothing more will come and nothing is unheard. */
  settle(item: PlayoutItem): void {
    if (item.done || !item.ended || item.heardBytes < item.receivedBytes) return;
    const response = this.response(item.responseId);
    if (response.state === "kept") return;
    this.#finish(item, false);
    this.#settleResponse(response);
  }

  /** Everything unfinished is interrupted; what of it was heard, in order. */
  keep(): InterruptedItem[] {
    this.#open.clear();
    const interrupted: InterruptedItem[] = [];
    for (const response of this.#responses.values()) {
      const unfinished = response.items.filter((item) => !item.done);
      if (response.state === "live" && (unfinished.length > 0 || !response.ended)) response.state = "kept";
      for (const { responseId, itemId, heardMs, receivedMs, heardText, complete } of unfinished) {
        interrupted.push({ responseId, itemId, heardMs, receivedMs, heardText, complete });
      }
    }
    return interrupted;
  }

  /** What was kept is live again, as far as it is here: its replies were called off. */
  restoreKept(): RestoredItem[] {
    const restored: RestoredItem[] = [];
    for (const response of this.#keptResponses()) {
      response.state = "live";
      response.closed = true;
      response.ended = true;
      for (const item of response.items) {
        if (!item.done) restored.push({ itemId: item.itemId, remainderText: item.unheardText });
        this.#end(item, false);
        this.settle(item);
      }
      this.#settleResponse(response);
    }
    return restored;
  }

  /** What was kept is cut off for good. */
  discardKept(): void {
    for (const response of this.#keptResponses()) {
      response.state = "stale";
      for (const item of response.items) {
        if (!item.done) this.#finish(item, true);
      }
    }
  }

  tell(news: PlayoutNews): void {
    this.#news.push(news);
  }

  /** What happened since the last call. */
  takeNews(): readonly PlayoutNews[] {
    if (this.#news.length === 0) return noNews;
    const news = this.#news;
    this.#news = [];
    return news;
  }

  #end(item: PlayoutItem, complete: boolean): void {
    if (item.ended) return;
    item.ended = true;
    item.complete = complete;
    this.#open.delete(item);
    this.settle(item);
  }

  #finish(item: PlayoutItem, interrupted: boolean): void {
    item.done = true;
    item.ended = true;
    item.release();
    if (item.startedAtMs === undefined) return;
    this.tell({
      type: "item-heard",
      itemId: item.itemId,
      responseId: item.responseId,
      startMs: item.startedAtMs,
      endMs: Math.max(item.startedAtMs, item.heardUntilMs),
      text: item.heardText,
      interrupted,
      heardMs: item.heardMs,
    });
  }

  #settleResponse(response: PlayoutResponse): void {
    if (response.heard || !response.ended || response.state !== "live" || response.items.length === 0) return;
    if (response.items.some((item) => !item.done)) return;
    response.heard = true;
    this.tell({ type: "response-heard", responseId: response.responseId });
  }

  #keptResponses(): PlayoutResponse[] {
    return [...this.#responses.values()].filter((response) => response.state === "kept");
  }

  #forgetItem(): boolean {
    for (const [itemId, item] of this.#items) {
      if (!item.done) continue;
      const siblings = this.#responses.get(item.responseId)?.items;
      if (siblings?.includes(item)) siblings.splice(siblings.indexOf(item), 1);
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

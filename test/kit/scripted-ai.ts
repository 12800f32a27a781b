import { pcmu8k } from "../../src/codecs/format.ts";
import type { AiCapabilities, AiOrder, AiSession, AiSink, RespondReason } from "../../src/media/ai/session.ts";
import { markedAudio } from "./playout-call.ts";

/** How a reply goes; everything left out is as with a provider that works. */
export interface ReplyScript {
  readonly text?: string;
  /** Length of its audio; by default that of its text, spoken briskly. 0: no audio. */
  readonly audioMs?: number;
  readonly tools?: readonly { readonly toolCallId: string; readonly name: string }[];
  /** It begins and sends its audio, but never ends. */
  readonly endless?: boolean;
  /** It is never begun: the provider does not answer. */
  readonly lost?: boolean;
}

interface Reply {
  readonly script: ReplyScript;
  readonly reason: RespondReason;
  readonly beginsAt: number;
}

const audioPerMs = 5;
const msPerChar = 70;

/** Length of a text that the scripted voice speaks, in whole frames. */
export function spokenMs(text: string): number {
  return Math.ceil((text.length * msPerChar) / 20) * 20;
}

/** An AI session on a virtual clock that answers as scripted and writes down its orders. Speaks five times as fast as it sounds. */
export class ScriptedAi implements AiSession {
  readonly capabilities: AiCapabilities;
  readonly inbound = pcmu8k;
  readonly outbound = pcmu8k;
  /** Orders as "ms type", with what matters of them. */
  readonly log: string[] = [];
  readonly orders: AiOrder[] = [];
  /** What the next replies to `respond` are; a short answer when there is none. */
  readonly replies: ReplyScript[] = [];
  /** What the next committed turns turn out to be; undefined entries never get words. */
  readonly words: (string | undefined)[] = [];
  latencyMs = 200;
  /** From the commit to its words; a pipeline knows them before it answers, others mostly after. */
  transcribeMs = 100;
  /** Agent audio as sent, by item. */
  readonly audio = new Map<string, number[]>();
  closed = false;
  /** How many keys it expects. */
  keys: number | undefined;
  /** Is given what the AI hears; the view is valid only during the call. */
  hears: (frame: Uint8Array) => void = () => {};
  now = 0;
  #queue: Reply[] = [];
  #current: (Reply & { responseId: string; itemId: string; sentMs: number; audioMs: number }) | undefined;
  #lastNumber = 0;
  #made = 0;
  #due: { readonly at: number; readonly itemId: string; readonly text: string }[] = [];
  #turns = 0;
  #sink: AiSink | undefined;

  constructor(capabilities: Partial<AiCapabilities> = {}) {
    this.capabilities = { truncation: "real", endsTurns: false, exactSpeech: true, ears: true, ...capabilities };
  }

  attach(sink: AiSink): void {
    this.#sink = sink;
  }

  start(): void {
    this.#sink?.event({ type: "ready" });
  }

  pushCallerAudio(frame: Uint8Array): void {
    this.hears(frame);
  }

  keysExpected(): number | undefined {
    return this.keys;
  }

  close(): void {
    this.closed = true;
  }

  order(order: AiOrder): void {
    this.orders.push(order);
    this.log.push(`${this.now} ${shown(order)}`);
    switch (order.type) {
      case "commit-turn":
        this.#turns += 1;
        if (this.words.length > 0) this.#transcribeLater(this.words.shift());
        break;
      case "respond":
        this.#ask(this.replies.shift() ?? { text: "All right then." }, order.reason);
        break;
      case "say":
        this.#ask({ text: order.text }, order.reason);
        break;
      case "tool-result":
        if (order.respond) this.#ask(this.replies.shift() ?? { text: "Here is the result." }, "tool-result");
        break;
      case "cancel-response": {
        this.#queue = [];
        const cut = this.#current;
        this.#current = undefined;
        if (cut) this.#done(cut.responseId, "cancelled");
        break;
      }
    }
  }

  /** Brings what is due by now: words, and the reply under way. */
  advance(): void {
    const { now } = this;
    for (const { itemId, text } of this.#due.filter(({ at }) => at <= now)) {
      this.#sink?.event({ type: "caller-transcript", itemId, text, final: true });
    }
    this.#due = this.#due.filter(({ at }) => at > now);
    const next = this.#queue[0];
    if (!this.#current && next && next.beginsAt <= now && !next.script.lost) this.#begin(this.#queue.shift() as Reply);
    else if (this.#current && now % 20 === 0) this.#goOn();
  }

  /** Audio of a reply that was called off. */
  lateAudio(responseId: string): void {
    this.#sink?.agentAudio(responseId, "late item", markedAudio(0, 160));
  }

  #transcribeLater(text: string | undefined): void {
    if (text === undefined) return;
    this.#due.push({ at: this.now + this.transcribeMs, itemId: `turn_${this.#turns}`, text });
  }

  #ask(script: ReplyScript, reason: RespondReason): void {
    this.#queue.push({ script, reason, beginsAt: this.now + this.latencyMs });
  }

  #begin(reply: Reply): void {
    this.#lastNumber += 1;
    const { text = "", audioMs = spokenMs(text), tools = [] } = reply.script;
    const [responseId, itemId] = [`response_${this.#lastNumber}`, `item_${this.#lastNumber}`];
    this.#current = { ...reply, responseId, itemId, sentMs: 0, audioMs };
    this.#sink?.event({ type: "response-started", responseId, reason: reply.reason });
    if (text !== "" && audioMs > 0) this.#sink?.event({ type: "agent-text", responseId, itemId, delta: text });
    for (const tool of tools) this.#sink?.event({ type: "tool-call", responseId, argumentsJson: "{}", ...tool });
    this.#goOn();
  }

  #goOn(): void {
    const reply = this.#current;
    if (!reply) return;
    const { responseId, itemId, audioMs } = reply;
    const pieceMs = Math.min(20 * audioPerMs, audioMs - reply.sentMs);
    if (pieceMs > 0) {
      reply.sentMs += pieceMs;
      this.#sink?.agentAudio(responseId, itemId, this.#makeAudio(itemId, pieceMs * 8));
    }
    if (this.#current !== reply || reply.sentMs < audioMs || reply.script.endless) return;
    if (audioMs > 0) this.#sink?.event({ type: "item-done", responseId, itemId });
    this.#current = undefined;
    this.#done(responseId, "completed", (reply.script.tools ?? []).length > 0);
  }

  #done(responseId: string, status: "completed" | "cancelled", toolsPending = false): void {
    this.#sink?.event({ type: "response-done", responseId, status, toolsPending });
  }

  #makeAudio(itemId: string, sizeBytes: number): Uint8Array {
    const piece = markedAudio(this.#made, sizeBytes);
    this.#made += sizeBytes;
    const audio = this.audio.get(itemId) ?? [];
    this.audio.set(itemId, audio);
    for (const byte of piece) audio.push(byte);
    return piece;
  }
}

function shown(order: AiOrder): string {
  switch (order.type) {
    case "respond":
      return `respond ${order.reason}`;
    case "say":
      return `say ${order.reason}`;
    case "truncate":
      return `truncate ${order.itemId} ${order.heardMs}`;
    case "add-text":
      return `add-text ${order.role}: ${order.text}`;
    case "tool-result":
      return `tool-result ${order.toolCallId} ${order.respond}`;
    case "heard":
      return `heard ${order.itemId}`;
    default:
      return order.type;
  }
}

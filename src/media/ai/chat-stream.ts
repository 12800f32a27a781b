/**
 * Reads the answer of a chat completions request, whatever shape a compatible server gives it:
 *
 *     data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}      one chunk an event
 *     : keepalive                                                                          comments
 *     data: {"choices":[],"usage":{…}}                                                     after the finish chunk
 *     data: [DONE]                                                                         or just the end
 *
 * or one plain JSON object where the server ignores `stream`. Never throws.
 */
import { createParser, type EventSourceParser } from "eventsource-parser";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../kit/json.ts";
import type { MindPiece } from "./pipeline/parts.ts";
import { type ToolFragmentLimits, ToolFragments } from "./pipeline/tool-fragments.ts";
import type { AiErrorKind, AiUsage } from "./session.ts";

/** What may come at most; beyond it the answer is a fault. */
export interface ChatStreamLimits extends ToolFragmentLimits {
  readonly maxEventBytes: number;
  readonly maxTextChars: number;
}

/** Far above any spoken answer. */
export const defaultChatStreamLimits = {
  maxEventBytes: 1024 * 1024,
  maxTextChars: 64 * 1024,
  maxToolCalls: 16,
  maxArgumentsChars: 64 * 1024,
} as const satisfies ChatStreamLimits;

/** What was wrong with an answer; `code` is the server's own, shortened to harmless characters. */
export interface ChatFault {
  readonly kind: AiErrorKind;
  readonly code: string;
}

/** One answer's reader. */
export class ChatStream {
  readonly #limits: ChatStreamLimits;
  readonly #decoder = new TextDecoder();
  readonly #parser: EventSourceParser;
  #mode: "unknown" | "sse" | "json" = "unknown";
  #body = "";
  #textChars = 0;
  readonly #tools: ToolFragments;
  #usage: Partial<AiUsage> | undefined;
  #pieces: MindPiece[] = [];
  #ended = false;
  #fault: ChatFault | undefined;
  #finishReason: string | undefined;
  #sawAnswer = false;

  constructor(limits: ChatStreamLimits = defaultChatStreamLimits) {
    this.#limits = limits;
    this.#tools = new ToolFragments(limits);
    this.#parser = createParser({
      onEvent: (event) => this.#readEvent(event.event, event.data),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") this.#fail("overflow", "event_too_large");
      },
      maxBufferSize: limits.maxEventBytes,
    });
  }

  /** True after `[DONE]`, a fault or `end()`: nothing more is read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why the model stopped, as the server said it; only usage and `[DONE]` may follow. Undefined: not said (yet). */
  get finishReason(): string | undefined {
    return this.#finishReason;
  }

  /** Set when the answer broke; pieces given before stay good. */
  get fault(): ChatFault | undefined {
    return this.#fault;
  }

  /** Reads bytes of the body, cut anywhere. */
  push(bytes: Uint8Array): MindPiece[] {
    if (this.#ended) return [];
    this.#read(this.#decoder.decode(bytes, { stream: true }));
    return this.#take();
  }

  /** The body ended: gives the tool calls and the usage, when `[DONE]` has not already. */
  end(): MindPiece[] {
    if (!this.#ended) {
      this.#read(this.#decoder.decode());
      if (this.#mode === "sse") this.#parser.feed("\n\n");
      if (this.#mode === "json") this.#readPlain();
      if (!this.#ended && !this.#sawAnswer) this.#fail("protocol", "empty_answer");
      this.#finish();
    }
    return this.#take();
  }

  #read(text: string): void {
    if (this.#mode === "unknown") {
      this.#body += text;
      const start = this.#body.trimStart();
      if (start === "" && this.#body.length < this.#limits.maxEventBytes) return;
      this.#mode = start.startsWith("{") ? "json" : "sse";
      if (this.#mode === "json") return;
      this.#parser.feed(this.#body);
      this.#body = "";
      return;
    }
    if (this.#mode === "sse") {
      this.#parser.feed(text);
      return;
    }
    this.#body += text;
    if (this.#body.length > this.#limits.maxEventBytes) this.#fail("overflow", "body_too_large");
  }

  #readPlain(): void {
    const answer = parseJsonObject(this.#body);
    this.#body = "";
    if (answer) this.#readChunk(answer);
    else this.#fail("protocol", "not_json");
  }

  #readEvent(name: string | undefined, data: string): void {
    if (this.#ended) return;
    if (data.trim() === "") return;
    if (data.trim() === "[DONE]") {
      if (!this.#sawAnswer) this.#fail("protocol", "empty_answer");
      this.#finish();
      return;
    }
    const chunk = parseJsonObject(data);
    if (name === "error") this.#fail("provider", faultCode(chunk?.error ?? chunk));
    else if (chunk) this.#readChunk(chunk);
    else this.#fail("protocol", "not_json");
  }

  #readChunk(chunk: JsonObject): void {
    if (chunk.error !== undefined && chunk.error !== null) {
      const code = faultCode(chunk.error);
      this.#fail(/rate_limit|429/.test(code) ? "rate-limited" : "provider", code);
      return;
    }
    if (isJsonObject(chunk.usage)) this.#usage = readUsage(chunk.usage);
    if (!Array.isArray(chunk.choices)) return;
    for (const choice of chunk.choices) {
      if (!isJsonObject(choice) || (choice.index ?? 0) !== 0) continue;
      this.#sawAnswer = true;
      const message = isJsonObject(choice.delta) ? choice.delta : choice.message;
      if (isJsonObject(message)) this.#readDelta(message, !isJsonObject(choice.delta));
      if (typeof choice.finish_reason === "string") this.#finishReason = choice.finish_reason.slice(0, 64);
    }
  }

  #readDelta(delta: JsonObject, whole: boolean): void {
    this.#addText(readContent(delta.content));
    this.#addText(readContent(delta.refusal));
    if (isJsonObject(delta.function_call)) this.#addToolFragment({ index: -1, function: delta.function_call });
    if (!Array.isArray(delta.tool_calls)) return;
    for (const [position, fragment] of delta.tool_calls.entries()) {
      if (isJsonObject(fragment)) this.#addToolFragment(whole ? { index: position, ...fragment } : fragment);
    }
  }

  #addText(delta: string): void {
    if (delta === "" || this.#ended) return;
    this.#textChars += delta.length;
    if (this.#textChars > this.#limits.maxTextChars) this.#fail("overflow", "text_too_long");
    else this.#pieces.push({ type: "text", delta });
  }

  #addToolFragment(fragment: JsonObject): void {
    const excess = this.#ended ? undefined : this.#tools.add(fragment);
    if (excess) this.#fail("overflow", excess);
  }

  #fail(kind: AiErrorKind, code: string): void {
    if (this.#ended) return;
    this.#fault = { kind, code };
    this.#ended = true;
  }

  #finish(): void {
    if (!this.#ended) this.#pieces.push(...this.#tools.finish());
    if (this.#usage) this.#pieces.push({ type: "usage", usage: this.#usage });
    this.#usage = undefined;
    this.#ended = true;
  }

  #take(): MindPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

/** Text content: a string, or a list of parts of which only `text` is spoken. */
function readContent(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  let text = "";
  for (const part of content) {
    if (isJsonObject(part) && part.type === "text" && typeof part.text === "string") text += part.text;
  }
  return text;
}

/** The server's error code or type in at most 64 harmless characters; never its message, which may quote the caller. */
function faultCode(error: unknown): string {
  const about: JsonObject = isJsonObject(error) ? error : {};
  for (const value of [about.code, about.type, about.status]) {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text === "string" && /^[\w.-]{1,64}$/.test(text)) return text;
  }
  return "error";
}

function readUsage(usage: JsonObject): Partial<AiUsage> {
  const count = (value: unknown) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0);
  const details = usage.prompt_tokens_details;
  return {
    inputTextTokens: count(usage.prompt_tokens),
    inputCachedTokens: isJsonObject(details) ? count(details.cached_tokens) : 0,
    outputTextTokens: count(usage.completion_tokens),
  };
}

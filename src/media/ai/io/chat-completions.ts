import { setTimeout as sleep } from "node:timers/promises";
import OpenAI, { APIConnectionError, APIError } from "openai";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { chatMessages, chatTools } from "../pipeline/chat-messages.ts";
import { type Mind, type MindPiece, type MindRequest, PartFailure } from "../pipeline/parts.ts";
import { readChatAnswer } from "./chat-answer.ts";
import { openaiFailure } from "./chat-failure.ts";

/** A chat completions service: OpenAI's or any compatible one. */
export interface ChatCompletionsOptions {
  /** Undefined or "" for servers that want none. */
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
  /** Model of agents that name none. */
  readonly model: string;
  /** Wait before the one retry after 429, 503 or a lost connection; a shorter Retry-After is followed. */
  readonly retryAfterMs?: number;
}

/** The caller hears silence meanwhile, so it is short. */
const defaultRetryAfterMs = 250;
const source = "chat completions";

/** A mind that streams chat completions. Timeouts are the pipeline's: it aborts. */
export function createChatCompletionsMind(options: ChatCompletionsOptions): Mind {
  return new ChatCompletionsMind(options);
}

class ChatCompletionsMind implements Mind {
  readonly #options: ChatCompletionsOptions;
  readonly #client: OpenAI;
  readonly #closing = new AbortController();
  /** Some servers refuse `stream_options`; then it is left out for the rest of the call. */
  #askForUsage = true;

  constructor(options: ChatCompletionsOptions) {
    this.#options = options;
    this.#client = openaiClient(options.apiKey, options.baseUrl);
  }

  async *respond(request: MindRequest, signal: AbortSignal): AsyncGenerator<MindPiece> {
    const done = new AbortController();
    const ending = AbortSignal.any([signal, this.#closing.signal, done.signal]);
    try {
      const response = await this.#send(request, ending);
      if (!response.body) throw new PartFailure("protocol", `${source} answered without a body`);
      yield* readChatAnswer(response.body, source);
    } catch (error) {
      throw openaiFailure(error, source);
    } finally {
      // A server that keeps the connection open after its answer loses it.
      done.abort();
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /** Sends the question, at most twice more: once without `stream_options`, once after a pause. */
  async #send(request: MindRequest, signal: AbortSignal): Promise<Response> {
    for (let mayRetry = true; ; ) {
      try {
        return await this.#client.chat.completions.create(this.#body(request), { signal }).asResponse();
      } catch (error) {
        if (signal.aborted) throw error;
        if (this.#askForUsage && error instanceof APIError && (error.status === 400 || error.status === 422)) {
          this.#askForUsage = false;
          continue;
        }
        if (!mayRetry || !isPassing(error)) throw error;
        mayRetry = false;
        await sleep(this.#pauseMs(error), undefined, { signal });
      }
    }
  }

  #body(request: MindRequest): ChatCompletionCreateParamsStreaming {
    const tools = chatTools(request.tools);
    return {
      model: request.model ?? this.#options.model,
      messages: chatMessages(request),
      ...(tools && { tools }),
      stream: true,
      ...(this.#askForUsage && { stream_options: { include_usage: true } }),
    };
  }

  #pauseMs(error: unknown): number {
    const limitMs = this.#options.retryAfterMs ?? defaultRetryAfterMs;
    const seconds = error instanceof APIError ? Number(error.headers?.get("retry-after") ?? Number.NaN) : Number.NaN;
    return Number.isFinite(seconds) && seconds >= 0 ? Math.min(limitMs, seconds * 1000) : limitMs;
  }
}

/** Worth one more try at once: too many requests, overloaded, or the connection was lost. */
function isPassing(error: unknown): boolean {
  if (error instanceof APIConnectionError) return true;
  return error instanceof APIError && (error.status === 429 || error.status === 503);
}

/** A client that never retries by itself: its waits are made for batch jobs, and a caller hears them as silence. */
export function openaiClient(apiKey: string | undefined, baseUrl: string): OpenAI {
  // The client insists on a key; servers on one's own machine ignore it.
  return new OpenAI({ apiKey: apiKey || "none", baseURL: baseUrl, maxRetries: 0, organization: null, project: null });
}

import type { AudioFormat } from "../../src/codecs/format.ts";
import { loopBytes } from "./realtime-server-audio.ts";
import type { SimConversation } from "./realtime-server-conversation.ts";
import { renderItem } from "./realtime-server-conversation.ts";
import type { SimItem, SimReply } from "./realtime-server-options.ts";

/** What a response needs of its session. */
export interface ResponseHost {
  readonly conversation: SimConversation;
  send(event: Readonly<Record<string, unknown>>): void;
  sendAudio(event: Readonly<Record<string, unknown>>, audio: Buffer): void;
  nextCallId(): string;
  /** The response is over and `response.done` was sent (or is withheld). */
  over(run: ResponseRun): void;
}

export interface ResponsePlan {
  readonly responseId: string;
  readonly reply: SimReply;
  readonly metadata: unknown;
  /** Agent voice, encoded, to be repeated. */
  readonly loop: Uint8Array;
  readonly format: AudioFormat;
  readonly firstAudioDelayMs: number;
  readonly deltaMs: number;
  readonly realTimeFactor: number;
  /** Items and characters the model reads, for the usage. */
  readonly inputTextTokens: number;
  readonly inputAudioTokens: number;
}

const msPerCharacter = 60;

/** One reply being generated: sends its events at the pace of the plan. */
export class ResponseRun {
  readonly id: string;
  readonly #plan: ResponsePlan;
  readonly #host: ResponseHost;
  readonly #output: SimItem[] = [];
  readonly #words: readonly string[];
  readonly #audioMs: number;
  #message: SimItem | undefined;
  #sentMs = 0;
  #sentWords = 0;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  constructor(plan: ResponsePlan, host: ResponseHost) {
    this.id = plan.responseId;
    this.#plan = plan;
    this.#host = host;
    const text = plan.reply.text ?? "";
    this.#words = text.split(/(?<= )/).filter((word) => word !== "");
    const spokenMs = text === "" ? 0 : Math.max(400, text.length * msPerCharacter);
    this.#audioMs = Math.ceil((plan.reply.audioMs ?? spokenMs) / 20) * 20;
  }

  start(): void {
    this.#host.send({ type: "response.created", response: this.#render("in_progress", undefined) });
    const limits = ["requests", "tokens"].map((name) => ({
      name,
      limit: 40_000,
      remaining: 39_000,
      reset_seconds: 0.1,
    }));
    this.#host.send({ type: "rate_limits.updated", rate_limits: limits });
    this.#timer = setTimeout(() => this.#begin(), this.#plan.firstAudioDelayMs);
  }

  /** Cuts the reply off. `done` false: without a word; so many late deltas are sent first. */
  cancel(reason: "client_cancelled" | "turn_detected", lateDeltas: number, done: boolean): void {
    if (this.#ended) return;
    clearTimeout(this.#timer);
    for (let i = 0; i < lateDeltas && this.#message; i++) this.#delta(this.#message);
    if (this.#message) this.#closeMessage(this.#message, "incomplete");
    this.#finish("cancelled", { type: "cancelled", reason }, done);
  }

  /** The socket is gone. */
  stop(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #begin(): void {
    if (this.#ended) return;
    this.#startedAt = performance.now();
    if (this.#audioMs > 0) this.#openMessage();
    this.#continue();
  }

  /** Sends what is due and sleeps until the next delta is. */
  #continue(): void {
    const message = this.#message;
    const { deltaMs, realTimeFactor } = this.#plan;
    while (message && this.#sentMs < this.#audioMs && !this.#ended) {
      const dueAt = realTimeFactor === Infinity ? 0 : this.#startedAt + this.#sentMs / realTimeFactor;
      const waitMs = dueAt - performance.now();
      if (waitMs > 0.5) {
        this.#timer = setTimeout(() => this.#continue(), waitMs);
        return;
      }
      this.#delta(message, Math.min(deltaMs, this.#audioMs - this.#sentMs));
    }
    if (this.#ended) return;
    if (message) this.#closeMessage(message, "completed");
    for (const call of this.#plan.reply.toolCalls ?? []) this.#call(call.name, call.arguments);
    const failure = this.#plan.reply.failWith;
    if (failure === undefined) this.#finish("completed", undefined, true);
    else this.#finish("failed", { type: "failed", error: { type: "server_error", code: failure } }, true);
  }

  #openMessage(): void {
    const { conversation } = this.#host;
    const previous = conversation.lastId;
    const item = conversation.add({ type: "message", role: "assistant", status: "in_progress" });
    this.#message = item;
    this.#output.push(item);
    this.#outputItem("added", item, previous);
    const part = { type: "audio", transcript: "" };
    this.#host.send({ ...this.#ids(item), type: "response.content_part.added", content_index: 0, part });
  }

  #delta(item: SimItem, deltaMs: number = this.#plan.deltaMs): void {
    const { loop, format } = this.#plan;
    const audio = loopBytes(loop, format, this.#sentMs, this.#sentMs + deltaMs);
    this.#sentMs += deltaMs;
    item.audioMs += deltaMs;
    const until = Math.min(this.#words.length, Math.ceil((this.#words.length * this.#sentMs) / this.#audioMs));
    const words = this.#words.slice(this.#sentWords, until).join("");
    this.#sentWords = until;
    const ids = { ...this.#ids(item), content_index: 0 };
    if (words !== "") {
      item.text += words;
      this.#host.send({ ...ids, type: "response.output_audio_transcript.delta", delta: words });
    }
    this.#host.sendAudio({ ...ids, type: "response.output_audio.delta" }, audio);
  }

  #closeMessage(item: SimItem, status: "completed" | "incomplete"): void {
    item.status = status;
    this.#message = undefined;
    const ids = { ...this.#ids(item), content_index: 0 };
    const part = { type: "audio", transcript: item.text };
    this.#host.send({ ...ids, type: "response.output_audio.done" });
    this.#host.send({ ...ids, type: "response.output_audio_transcript.done", transcript: item.text });
    this.#host.send({ ...ids, type: "response.content_part.done", part });
    this.#outputItem("done", item, null);
  }

  #call(name: string, args: unknown): void {
    const { conversation } = this.#host;
    const previous = conversation.lastId;
    const payload = typeof args === "string" ? args : JSON.stringify(args);
    const callId = this.#host.nextCallId();
    const item = conversation.add({ type: "function_call", name, callId, payload: "", status: "in_progress" });
    this.#output.push(item);
    this.#outputItem("added", item, previous);
    item.payload = payload;
    item.status = "completed";
    const ids = { ...this.#ids(item), call_id: callId };
    this.#host.send({ ...ids, type: "response.function_call_arguments.delta", delta: payload });
    this.#host.send({ ...ids, type: "response.function_call_arguments.done", name, arguments: payload });
    this.#outputItem("done", item, null);
  }

  #outputItem(step: "added" | "done", item: SimItem, previous: string | null): void {
    const rendered = renderItem(item);
    const index = this.#output.indexOf(item);
    const type = `response.output_item.${step}`;
    this.#host.send({ type, response_id: this.id, output_index: index, item: rendered });
    this.#host.send({ type: `conversation.item.${step}`, previous_item_id: previous, item: rendered });
  }

  #ids(item: SimItem): Readonly<Record<string, unknown>> {
    return { response_id: this.id, item_id: item.id, output_index: this.#output.indexOf(item) };
  }

  #finish(status: string, details: unknown, tell: boolean): void {
    this.#ended = true;
    const outputAudioTokens = Math.ceil(this.#sentMs / 50);
    const outputTextTokens = this.#sentWords;
    const { inputTextTokens, inputAudioTokens } = this.#plan;
    const usage = {
      total_tokens: inputTextTokens + inputAudioTokens + outputTextTokens + outputAudioTokens,
      input_tokens: inputTextTokens + inputAudioTokens,
      output_tokens: outputTextTokens + outputAudioTokens,
      input_token_details: {
        text_tokens: inputTextTokens,
        audio_tokens: inputAudioTokens,
        cached_tokens: 0,
        image_tokens: 0,
      },
      output_token_details: { text_tokens: outputTextTokens, audio_tokens: outputAudioTokens },
    };
    if (tell) this.#host.send({ type: "response.done", response: this.#render(status, details, usage) });
    this.#host.over(this);
  }

  #render(status: string, details: unknown, usage?: unknown): Readonly<Record<string, unknown>> {
    return {
      id: this.id,
      object: "realtime.response",
      status,
      status_details: details ?? null,
      output: this.#output.map(renderItem),
      output_modalities: ["audio"],
      metadata: this.#plan.metadata ?? null,
      usage: usage ?? null,
    };
  }
}

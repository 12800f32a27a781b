import { bytesPerMs } from "../../codecs/format.ts";
import type { FunctionCall, ServerEvent } from "./openai-realtime-decode.ts";
import type { HeardHistory } from "./openai-realtime-history.ts";
import { AgentItems } from "./openai-realtime-items.ts";
import type { OpenAiRealtimeOptions, RealtimeTuning } from "./openai-realtime-options.ts";
import type { RealtimeOutbox } from "./openai-realtime-outbox.ts";
import { modelFormat } from "./openai-realtime-session-config.ts";
import { ToolBatches } from "./openai-realtime-tools.ts";
import type { ResponseQueueInput, ResponseStatus } from "./response-queue.ts";
import { ResponseQueue } from "./response-queue.ts";
import type { RespondReason } from "./session.ts";

/** Server events that belong to one response, but for its end. */
export type ResponseEvent = Exclude<Extract<ServerEvent, { responseId: string }>, { type: "response-done" }>;
export type ResponseDone = Extract<ServerEvent, { type: "response-done" }>;

/** What the model is told of a call that was cut off before anyone ran it. */
const interruptedOutput = JSON.stringify({ error: "interrupted before it ran" });
const maxCallNames = 32;

/** The agent's half of a session: replies one at a time, what of them was heard, and the tools they call. */
export class AgentReplies {
  readonly #outbox: RealtimeOutbox;
  readonly #history: HeardHistory;
  readonly #tuning: RealtimeTuning;
  readonly #queue: ResponseQueue;
  readonly #items: AgentItems;
  readonly #tools = new ToolBatches();
  /** Names of calls whose arguments are still coming (beta servers repeat no name at the end). */
  readonly #callNames = new Map<string, string>();
  /** Truncations the server has not acknowledged, with the end of our patience. */
  readonly #truncates = new Map<string, number>();
  readonly #onAnswered: () => void;

  /** `onAnswered`: a reply became audible or was completed. */
  constructor(
    options: OpenAiRealtimeOptions,
    tuning: RealtimeTuning,
    outbox: RealtimeOutbox,
    history: HeardHistory,
    onAnswered: () => void,
  ) {
    this.#outbox = outbox;
    this.#history = history;
    this.#tuning = tuning;
    this.#queue = new ResponseQueue(tuning, (prefix) => outbox.eventId(prefix));
    this.#items = new AgentItems(bytesPerMs(modelFormat(options.legFormat)), options.unheardItem ?? "truncate");
    this.#onAnswered = onAnswered;
  }

  get deadline(): number | undefined {
    let next = this.#queue.deadline ?? Infinity;
    for (const until of this.#truncates.values()) next = Math.min(next, until);
    return next === Infinity ? undefined : next;
  }

  /** Nothing is being generated and nothing is asked for. */
  get idle(): boolean {
    return this.#queue.idle;
  }

  /** Audio may still be playing, or a tool is running. */
  get busy(): boolean {
    return this.#items.playing || this.#tools.busy;
  }

  timeout(now: number): void {
    this.#ask({ type: "timeout" }, now);
    for (const [itemId, until] of this.#truncates) {
      if (now < until) continue;
      this.#truncates.delete(itemId);
      this.#outbox.trouble("timeout", "a truncation was not acknowledged; the model may remember unheard words");
    }
  }

  /** A session is ready. */
  resume(now: number): void {
    this.#ask({ type: "open" }, now);
  }

  /** The session is gone, and its responses with it. */
  suspend(now: number): void {
    this.#truncates.clear();
    this.#callNames.clear();
    this.#tools.closeResponses();
    this.#ask({ type: "suspend" }, now);
    this.#items.clear();
  }

  // Orders from the conversation.

  request(reason: RespondReason, say: string | undefined, now: number): void {
    this.#ask({ type: "request", request: { reason, say } }, now);
  }

  cancel(now: number): void {
    this.#tools.cancelFollowUps();
    this.#ask({ type: "cancel" }, now);
  }

  heard(itemId: string, heardText: string): void {
    this.#items.settle(itemId);
    this.#outbox.sendItems(this.#history.fill("agent", itemId, heardText));
  }

  truncate(itemId: string, heardMs: number, heardText: string, now: number): void {
    const decision = this.#items.truncation(itemId, heardMs);
    if (decision.type === "delete") {
      const eventId = this.#outbox.eventId("delete");
      this.#outbox.send({ type: "conversation.item.delete", event_id: eventId, item_id: itemId });
    } else if (decision.type === "truncate") {
      this.#truncates.set(itemId, now + this.#tuning.truncateTimeoutMs);
      this.#outbox.send({
        type: "conversation.item.truncate",
        event_id: this.#outbox.eventId("truncate"),
        item_id: itemId,
        content_index: 0,
        audio_end_ms: decision.audioEndMs,
      });
    }
    this.#outbox.sendItems(this.#history.fill("agent", itemId, heardText));
  }

  toolResult(callId: string, output: string, respond: boolean, now: number): void {
    const outcome = this.#tools.answer(callId, respond);
    if (outcome !== "send") {
      this.#outbox.report({ type: "ignored", name: `tool-result:${outcome}` });
      return;
    }
    this.#outbox.sendItems(this.#history.fillTool(callId, output));
    this.#followUp(now);
  }

  // Events from the server.

  /** Counts agent audio; false when its response was cancelled, is over, or is not known. Makes no object. */
  audio(responseId: string, itemId: string, sizeBytes: number, now: number): boolean {
    if (!this.#queue.accepts(responseId, now)) return false;
    this.#queue.markAudible();
    if (this.#items.received(responseId, itemId, sizeBytes)) {
      this.#history.place("agent", itemId);
      this.#onAnswered();
    }
    return true;
  }

  event(event: ResponseEvent, now: number): void {
    const { responseId } = event;
    if (!this.#known(responseId, now)) return;
    switch (event.type) {
      case "message-added":
        this.#history.place("agent", event.itemId);
        break;
      case "message-done":
        this.#finishItem(responseId, event.itemId);
        break;
      case "call-added":
        if (this.#callNames.size >= maxCallNames) this.#callNames.clear();
        this.#callNames.set(event.callId, event.name);
        break;
      case "call":
        this.#handOut(responseId, event.call);
        break;
      case "agent-text":
        this.#outbox.report({ type: "agent-text", responseId, itemId: event.itemId, delta: event.delta });
        break;
      case "response-created":
      case "audio":
      case "progress":
        break;
    }
  }

  done(event: ResponseDone, now: number): void {
    const { responseId } = event;
    const current = this.#known(responseId, now);
    for (const call of event.calls) {
      if (current && event.status === "completed") this.#handOut(responseId, call);
      // Cut off before anyone ran it: still answered, or the model asks again or waits.
      if (this.#tools.add(responseId, call.callId)) this.#answerInterrupted(call.callId);
    }
    if (event.usage) this.#outbox.report({ type: "usage", usage: event.usage });
    if (event.status === "failed") {
      const kind = event.errorCode === "rate_limit_exceeded" ? "rate-limited" : "provider";
      this.#outbox.trouble(kind, `a reply failed: ${event.errorCode || "no reason given"}`);
    }
    this.#ask({ type: "done", responseId, status: event.status }, now);
    this.#tools.responseOver(responseId);
    this.#followUp(now);
  }

  truncated(itemId: string): void {
    this.#truncates.delete(itemId);
  }

  /** An error that names one of our events. True when it was about a reply and is dealt with. */
  refused(eventId: string, activeResponse: boolean, now: number): boolean {
    return this.#ask({ type: "refused", eventId, activeResponse }, now);
  }

  /** Makes a response known by any of its events (some servers never send `response.created`); false: not the one in flight. */
  #known(responseId: string, now: number): boolean {
    if (this.#queue.accepts(responseId, now)) return true;
    this.#ask({ type: "seen", responseId }, now);
    return this.#queue.accepts(responseId, now);
  }

  /** Returns true when the queue gave a reply up, which was then reported. */
  #ask(input: ResponseQueueInput, now: number): boolean {
    let gaveUp = false;
    for (const order of this.#queue.handle(input, now)) {
      switch (order.type) {
        case "create":
          this.#create(order.eventId, order.request.say);
          break;
        case "cancel":
          this.#outbox.send({ type: "response.cancel", event_id: order.eventId, response_id: order.responseId });
          break;
        case "started":
          this.#outbox.report({ type: "response-started", responseId: order.responseId, reason: order.reason });
          break;
        case "ended":
          this.#ended(order.responseId, order.status, now);
          break;
        case "gave-up": {
          gaveUp = true;
          const kind = order.why === "refused" ? "rejected" : order.why;
          this.#outbox.trouble(kind, `a reply (${order.reason}) will not come: ${order.why}`);
          break;
        }
      }
    }
    return gaveUp;
  }

  #create(eventId: string, say: string | undefined): void {
    if (say === undefined) {
      this.#outbox.send({ type: "response.create", event_id: eventId });
      return;
    }
    this.#outbox.send({
      type: "response.create",
      event_id: eventId,
      response: { conversation: "auto", instructions: `Say exactly: ${say}`, tool_choice: "none" },
    });
  }

  #ended(responseId: string, status: ResponseStatus, now: number): void {
    for (const itemId of this.#items.unfinished(responseId)) this.#finishItem(responseId, itemId);
    this.#tools.responseOver(responseId);
    const toolsPending = this.#tools.pending(responseId);
    if (status === "completed") this.#onAnswered();
    this.#outbox.report({ type: "response-done", responseId, status, toolsPending });
    this.#followUp(now);
  }

  #finishItem(responseId: string, itemId: string): void {
    if (this.#items.finish(itemId)) this.#outbox.report({ type: "item-done", responseId, itemId });
  }

  #handOut(responseId: string, call: FunctionCall): void {
    const name = call.name || (this.#callNames.get(call.callId) ?? "");
    if (name === "" || !call.complete || !this.#tools.add(responseId, call.callId)) return;
    this.#callNames.delete(call.callId);
    this.#history.placeTool(call.callId, name, call.argumentsJson);
    const { callId: toolCallId, argumentsJson } = call;
    this.#outbox.report({ type: "tool-call", toolCallId, responseId, name, argumentsJson });
  }

  #answerInterrupted(callId: string): void {
    this.#tools.answer(callId, false);
    this.#outbox.sendItems([{ type: "function_call_output", call_id: callId, output: interruptedOutput }]);
  }

  #followUp(now: number): void {
    if (this.#tools.takeFollowUp()) this.request("tool-result", undefined, now);
  }
}

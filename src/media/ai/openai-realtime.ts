import type { ConnectionInput, ConnectionTrouble } from "./openai-realtime-connection.ts";
import { RealtimeConnection } from "./openai-realtime-connection.ts";
import type { ServerEvent } from "./openai-realtime-decode.ts";
import { HeardHistory } from "./openai-realtime-history.ts";
import type { OpenAiRealtimeOptions, RealtimeTuning } from "./openai-realtime-options.ts";
import { defaultRealtimeTuning } from "./openai-realtime-options.ts";
import type { RealtimeOrder } from "./openai-realtime-outbox.ts";
import { RealtimeOutbox } from "./openai-realtime-outbox.ts";
import { AgentReplies } from "./openai-realtime-replies.ts";
import { formatName, modelFormat, writeSessionUpdate } from "./openai-realtime-session-config.ts";
import { CallerTurns } from "./openai-realtime-turns.ts";
import type { AiErrorKind, AiOrder } from "./session.ts";

export type RealtimeInput =
  /** `wallMs`: milliseconds since 1970 at this moment, to read the session's expiry. */
  | { readonly type: "start"; readonly wallMs: number }
  | { readonly type: "socket-open" }
  | { readonly type: "socket-closed"; readonly code: number }
  /** The upgrade was answered with an HTTP status, or not at all. */
  | { readonly type: "socket-refused"; readonly httpStatus: number | undefined }
  /** More than the bound waits to be sent: the server does not read. */
  | { readonly type: "socket-overflow" }
  | { readonly type: "server-event"; readonly event: ServerEvent }
  | { readonly type: "order"; readonly order: AiOrder }
  | { readonly type: "timeout" };

/** How long after a planned renewal fell due a silence is looked for again. */
const renewalRetryMs = 1_000;
/** From this long before the expiry, playing audio and running tools no longer hold a renewal back. */
const renewalUrgentMs = 30_000;
const shortestLifeMs = 10_000;
/** Unreadable messages in one session before it is given up for a new one. */
const maxMalformed = 50;

/**
 * The core of an OpenAI Realtime session: one conversation over any number of server sessions. Inputs and the time go in,
 * orders come out. Two doors for audio beside `handle` make no objects: `callerAudio` and `agentAudio`.
 */
export class OpenAiRealtime {
  readonly #options: OpenAiRealtimeOptions;
  readonly #tuning: RealtimeTuning;
  readonly #outbox = new RealtimeOutbox();
  readonly #connection: RealtimeConnection;
  readonly #history: HeardHistory;
  readonly #turns: CallerTurns;
  readonly #replies: AgentReplies;
  #configEventId = "";
  #wallOffsetMs = 0;
  #renewAt = Infinity;
  #expiresAt = Infinity;
  #activeAt = 0;
  #malformed = 0;

  constructor(options: OpenAiRealtimeOptions) {
    this.#options = options;
    this.#tuning = { ...defaultRealtimeTuning, ...options.tuning };
    this.#connection = new RealtimeConnection(this.#tuning);
    this.#history = new HeardHistory(this.#tuning.maxHistoryEntries, this.#tuning.maxHistoryCharacters);
    this.#turns = new CallerTurns(options, this.#tuning, this.#outbox, this.#history);
    this.#replies = new AgentReplies(options, this.#tuning, this.#outbox, this.#history, () => this.#turns.answered());
  }

  /** Monotonic ms of the next wanted timeout. */
  get deadline(): number | undefined {
    const next = Math.min(
      this.#connection.deadline ?? Infinity,
      this.#replies.deadline ?? Infinity,
      this.#turns.deadline ?? Infinity,
      this.#renewAt,
    );
    return next === Infinity ? undefined : next;
  }

  /** Takes one frame of caller audio; true when the shell is to append it now. */
  callerAudio(frame: Uint8Array, now: number): boolean {
    return this.#turns.audio.push(frame, now);
  }

  /** Visits kept caller audio of an `append` order; views are valid only during the call. */
  visitCallerAudio(from: number, to: number, visitor: (audio: Uint8Array) => void): void {
    this.#turns.audio.visit(from, to, visitor);
  }

  /**
   * Counts agent audio in the model's format; true when it goes on to the conversation, false when its response was
   * cancelled, is over, or is not known (then a `progress` event makes it known first, if it is new).
   */
  agentAudio(responseId: string, itemId: string, sizeBytes: number, now: number): boolean {
    return this.#replies.audio(responseId, itemId, sizeBytes, now);
  }

  handle(input: RealtimeInput, now: number): readonly RealtimeOrder[] {
    switch (input.type) {
      case "start":
        this.#wallOffsetMs = input.wallMs - now;
        this.#drive({ type: "start" }, now);
        break;
      case "socket-open":
        this.#drive({ type: "opened" }, now);
        break;
      case "socket-closed":
        this.#drive({ type: "closed", code: input.code }, now);
        break;
      case "socket-refused":
        this.#drive({ type: "upgrade-refused", httpStatus: input.httpStatus }, now);
        break;
      case "socket-overflow":
        this.#fail("overflow", "the provider does not read what is sent", false, now);
        break;
      case "server-event":
        this.#serverEvent(input.event, now);
        break;
      case "order":
        this.#activeAt = now;
        if (!this.#connection.over) this.#order(input.order, now);
        break;
      case "timeout":
        this.#drive({ type: "timeout" }, now);
        this.#replies.timeout(now);
        this.#turns.timeout(now);
        if (now >= this.#renewAt) this.#renewInSilence(now);
        break;
    }
    return this.#outbox.take();
  }

  #drive(input: ConnectionInput, now: number): void {
    for (const order of this.#connection.handle(input, now)) {
      switch (order.type) {
        case "connect":
        case "disconnect":
          this.#outbox.put(order);
          break;
        case "configure":
          this.#configEventId = this.#outbox.eventId("config");
          this.#outbox.put({ type: "send", message: writeSessionUpdate(this.#options, this.#configEventId) });
          break;
        case "ready":
          this.#ready(now);
          break;
        case "lost":
          this.#lost(order.trouble, now);
          break;
      }
    }
  }

  #fail(kind: AiErrorKind, message: string, fatal: boolean, now: number): void {
    this.#drive({ type: "failed", kind, message, fatal }, now);
  }

  #ready(now: number): void {
    this.#outbox.live = true;
    this.#malformed = 0;
    this.#renewAt = now + Math.min(this.#tuning.maxAgeMs, this.#untilRenewalMs(now));
    this.#outbox.sendItems(this.#history.restore());
    this.#turns.resume(now);
    this.#outbox.report({ type: "ready" });
    this.#replies.resume(now);
  }

  /** Short sessions are renewed at half their life. A life too short to be true tells of clocks that disagree. */
  #untilRenewalMs(now: number): number {
    const lifeMs = this.#expiresAt - now;
    return lifeMs < shortestLifeMs ? Infinity : Math.max(lifeMs / 2, lifeMs - this.#tuning.renewBeforeExpiryMs);
  }

  #lost(trouble: ConnectionTrouble | undefined, now: number): void {
    this.#outbox.live = false;
    this.#renewAt = Infinity;
    this.#expiresAt = Infinity;
    this.#turns.suspend();
    this.#replies.suspend(now);
    if (trouble) this.#outbox.report({ type: "error", ...trouble });
  }

  #renewInSilence(now: number): void {
    const quiet =
      this.#replies.idle && !this.#turns.audio.speechOpen && now - this.#activeAt >= this.#tuning.renewQuietMs;
    const free = !this.#replies.busy || now >= this.#expiresAt - renewalUrgentMs;
    if (quiet && free) this.#drive({ type: "renew" }, now);
    else this.#renewAt = now + renewalRetryMs;
  }

  #order(order: AiOrder, now: number): void {
    switch (order.type) {
      case "caller-speech-started":
        this.#turns.audio.speechStarted(now);
        break;
      case "commit-turn":
        this.#turns.commit(now);
        break;
      case "discard-turn":
        this.#turns.discard(now);
        break;
      case "respond":
        this.#replies.request(order.reason, undefined, now);
        break;
      case "say":
        this.#replies.request(order.reason, order.text, now);
        break;
      case "cancel-response":
        this.#replies.cancel(now);
        break;
      case "truncate":
        this.#replies.truncate(order.itemId, order.heardMs, order.heardText, now);
        break;
      case "heard":
        this.#replies.heard(order.itemId, order.heardText);
        break;
      case "add-text":
        this.#outbox.sendItems(this.#history.addText(order.role, order.text));
        break;
      case "tool-result":
        this.#replies.toolResult(order.toolCallId, order.output, order.respond, now);
        break;
    }
  }

  #serverEvent(event: ServerEvent, now: number): void {
    switch (event.type) {
      case "session-created":
        this.#noteExpiry(event.expiresAtS);
        break;
      case "session-updated":
        this.#sessionUpdated(event, now);
        break;
      case "error":
        this.#serverError(event.code, event.param, event.eventId, now);
        break;
      case "speech-started":
      case "speech-stopped":
        this.#activeAt = now;
        this.#turns.serverHears(event.type, now);
        break;
      case "committed":
        this.#turns.committed(event.itemId);
        break;
      case "caller-text":
        this.#turns.partialText(event.itemId, event.text, event.replace);
        break;
      case "caller-text-final":
        this.#turns.finalText(event.itemId, event.text, event.usage);
        break;
      case "response-done":
        this.#activeAt = now;
        this.#replies.done(event, now);
        break;
      case "truncated":
        this.#replies.truncated(event.itemId);
        break;
      case "unused":
        break;
      case "unknown":
        this.#outbox.report({ type: "ignored", name: event.name });
        break;
      case "malformed":
        this.#malformedMessage(now);
        break;
      default:
        this.#activeAt = now;
        this.#replies.event(event, now);
    }
  }

  #malformedMessage(now: number): void {
    this.#malformed++;
    if (this.#malformed === 1) this.#outbox.trouble("protocol", "the provider sent a message that cannot be read");
    else this.#outbox.report({ type: "ignored", name: "malformed" });
    if (this.#malformed > maxMalformed) this.#fail("protocol", "the provider keeps sending nonsense", false, now);
  }

  #sessionUpdated(event: Extract<ServerEvent, { type: "session-updated" }>, now: number): void {
    this.#noteExpiry(event.expiresAtS);
    const wanted = formatName(modelFormat(this.#options.legFormat));
    if (event.inputFormat === wanted && event.outputFormat === wanted) {
      this.#drive({ type: "configured" }, now);
      return;
    }
    const got = `hears ${event.inputFormat} and speaks ${event.outputFormat}`;
    this.#fail("format-mismatch", `asked for ${wanted}, but the provider ${got}`, true, now);
  }

  #noteExpiry(expiresAtS: number | undefined): void {
    if (expiresAtS !== undefined) this.#expiresAt = expiresAtS * 1000 - this.#wallOffsetMs;
  }

  #serverError(code: string, param: string, eventId: string, now: number): void {
    switch (code) {
      case "response_cancel_not_active":
        // Nothing was active any more, which is what was wanted.
        this.#replies.refused(eventId, false, now);
        return;
      case "conversation_already_has_active_response":
      case "response_already_active":
        this.#replies.refused(eventId, true, now);
        return;
      case "input_audio_buffer_commit_empty":
        this.#outbox.report({ type: "ignored", name: code });
        return;
      case "session_expired":
        this.#fail("session-expired", "the provider's session came to its end", false, now);
        return;
    }
    const detail = `${code || "unnamed error"}${param && ` (${param})`}`;
    if (eventId !== "" && eventId === this.#configEventId && !this.#connection.ready) {
      this.#fail("rejected", `the provider refused the session: ${detail}`, true, now);
      return;
    }
    if (eventId !== "" && this.#replies.refused(eventId, false, now)) return;
    const blameless = code === "" || code === "server_error";
    const kind = code === "rate_limit_exceeded" ? "rate-limited" : blameless ? "provider" : "rejected";
    this.#outbox.trouble(kind, `the provider says: ${detail}`);
  }
}

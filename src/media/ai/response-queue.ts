import type { RespondReason } from "./session.ts";

/** How a response ended. */
export type ResponseStatus = "completed" | "cancelled" | "failed" | "incomplete";

/** A reply somebody wants. */
export interface ReplyRequest {
  readonly reason: RespondReason;
  /** Exact words to speak; undefined: the model answers from the conversation. */
  readonly say: string | undefined;
}

/** How long each acknowledgement is waited for, and how much may wait. */
export interface ResponseQueueOptions {
  readonly createTimeoutMs: number;
  readonly cancelTimeoutMs: number;
  readonly responseIdleMs: number;
  readonly refusedRetryMs: number;
  readonly maxCreateAttempts: number;
  readonly maxQueuedReplies: number;
}

export type ResponseQueueInput =
  /** A session is there to send to. */
  | { readonly type: "open" }
  /** The session is gone; what was asked of it is asked again on the next, unless it was heard to speak. */
  | { readonly type: "suspend" }
  | { readonly type: "request"; readonly request: ReplyRequest }
  | { readonly type: "cancel" }
  /** The server named a response, in `response.created` or any event that carries its id. */
  | { readonly type: "seen"; readonly responseId: string }
  | { readonly type: "done"; readonly responseId: string; readonly status: ResponseStatus }
  /** An error that names our event; `activeResponse`: refused because another response is active. */
  | { readonly type: "refused"; readonly eventId: string; readonly activeResponse: boolean }
  | { readonly type: "timeout" };

export type ResponseQueueOrder =
  | { readonly type: "create"; readonly eventId: string; readonly request: ReplyRequest }
  | { readonly type: "cancel"; readonly eventId: string; readonly responseId: string }
  | { readonly type: "started"; readonly responseId: string; readonly reason: RespondReason }
  /** A response is over: the server said so, or we stopped waiting for it. Comes once for each `started` or cancelled one. */
  | { readonly type: "ended"; readonly responseId: string; readonly status: ResponseStatus }
  /** A reply will not come: nobody answered the request, it was refused, or too many were waiting. */
  | { readonly type: "gave-up"; readonly why: "timeout" | "refused" | "overflow"; readonly reason: RespondReason };

interface Attempt {
  readonly request: ReplyRequest;
  attempts: number;
  /** An earlier request was never answered, so the response in flight may be its late fruit. */
  timedOut: boolean;
}

type State =
  | { readonly name: "free" }
  | { readonly name: "create-requested"; readonly attempt: Attempt; readonly eventId: string; readonly until: number }
  /** `attempt` undefined: the server began this response by itself. */
  | {
      readonly name: "in-flight";
      readonly attempt: Attempt | undefined;
      readonly createEventId: string;
      readonly responseId: string;
    }
  /** `responseId` undefined: cancelled before the server named it. */
  | {
      readonly name: "cancel-requested";
      readonly responseId: string | undefined;
      readonly createEventId: string;
      readonly cancelEventId: string;
      readonly until: number;
    }
  /** Refused for a response we do not know; tried again when it ends, or at `until`. */
  | { readonly name: "refused"; readonly until: number };

const rememberedIds = 32;

/**
 * At most one response in flight. Everything that wants speech goes through here and waits for the terminal event of what
 * is before it: *free → create-requested → in-flight → (cancel-requested) → free*. A request counts as active from the
 * moment it is sent, and every acknowledgement has a timeout.
 */
export class ResponseQueue {
  readonly #options: ResponseQueueOptions;
  readonly #nextEventId: (prefix: string) => string;
  #state: State = { name: "free" };
  #open = false;
  #waiting: Attempt[] = [];
  #currentId = "";
  #aliveAt = 0;
  #audible = false;
  /** Responses that are over or cancelled: their late events are dropped. Oldest first. */
  readonly #over: string[] = [];

  constructor(options: ResponseQueueOptions, nextEventId: (prefix: string) => string) {
    this.#options = options;
    this.#nextEventId = nextEventId;
  }

  /** True when nothing is in flight and nothing waits. */
  get idle(): boolean {
    return this.#state.name === "free" && this.#waiting.length === 0;
  }

  /** True for events of the response in flight; false for those of a cancelled or finished one. Frees of allocation. */
  accepts(responseId: string, now: number): boolean {
    if (responseId !== this.#currentId) return false;
    this.#aliveAt = now;
    return true;
  }

  /** Audio of the response in flight reached the conversation, so it is not asked for again after a lost socket. */
  markAudible(): void {
    this.#audible = true;
  }

  get deadline(): number | undefined {
    switch (this.#state.name) {
      case "free":
        return undefined;
      case "in-flight":
        return this.#aliveAt + this.#options.responseIdleMs;
      default:
        return this.#state.until;
    }
  }

  handle(input: ResponseQueueInput, now: number): readonly ResponseQueueOrder[] {
    const orders: ResponseQueueOrder[] = [];
    switch (input.type) {
      case "open":
        this.#open = true;
        break;
      case "suspend":
        this.#suspend(orders);
        break;
      case "request":
        this.#request(input.request, orders);
        break;
      case "cancel":
        this.#cancel(now, orders);
        break;
      case "seen":
        this.#seen(input.responseId, now, orders);
        break;
      case "done":
        this.#done(input.responseId, input.status, orders);
        break;
      case "refused":
        this.#refused(input.eventId, input.activeResponse, now, orders);
        break;
      case "timeout":
        this.#timeout(now, orders);
        break;
    }
    this.#pump(now, orders);
    return orders;
  }

  #request(request: ReplyRequest, orders: ResponseQueueOrder[]): void {
    // Two waiting replies "from the conversation" would say the same thing twice; one covers both.
    const covered = request.say === undefined && this.#waiting.some((attempt) => attempt.request.say === undefined);
    if (covered) return;
    if (this.#waiting.length >= this.#options.maxQueuedReplies) {
      orders.push({ type: "gave-up", why: "overflow", reason: request.reason });
      return;
    }
    this.#waiting.push({ request, attempts: 0, timedOut: false });
  }

  #pump(now: number, orders: ResponseQueueOrder[]): void {
    if (!this.#open || this.#state.name !== "free") return;
    const attempt = this.#waiting.shift();
    if (!attempt) return;
    attempt.attempts++;
    const eventId = this.#nextEventId("create");
    this.#state = { name: "create-requested", attempt, eventId, until: now + this.#options.createTimeoutMs };
    orders.push({ type: "create", eventId, request: attempt.request });
  }

  #cancel(now: number, orders: ResponseQueueOrder[]): void {
    this.#waiting = [];
    const until = now + this.#options.cancelTimeoutMs;
    switch (this.#state.name) {
      case "create-requested": {
        // The server has not named it yet: the cancel is sent when it does, so that it cannot hit nothing.
        const createEventId = this.#state.eventId;
        const untilCreated = now + this.#options.createTimeoutMs;
        this.#state = {
          name: "cancel-requested",
          responseId: undefined,
          createEventId,
          cancelEventId: "",
          until: untilCreated,
        };
        break;
      }
      case "in-flight":
        this.#sendCancel(this.#state.responseId, until, orders);
        break;
      case "refused":
        this.#state = { name: "free" };
        break;
      case "free":
      case "cancel-requested":
        break;
    }
  }

  #sendCancel(responseId: string, until: number, orders: ResponseQueueOrder[]): void {
    const cancelEventId = this.#nextEventId("cancel");
    this.#forget(responseId);
    this.#state = { name: "cancel-requested", responseId, createEventId: "", cancelEventId, until };
    orders.push({ type: "cancel", eventId: cancelEventId, responseId });
  }

  #seen(responseId: string, now: number, orders: ResponseQueueOrder[]): void {
    if (responseId === "" || responseId === this.#currentId || this.#over.includes(responseId)) return;
    switch (this.#state.name) {
      case "create-requested":
        this.#begin(responseId, this.#state.attempt, this.#state.eventId, now, orders);
        break;
      case "free":
      case "refused":
        this.#begin(responseId, undefined, "", now, orders);
        break;
      case "cancel-requested":
        if (this.#state.responseId === undefined) {
          this.#sendCancel(responseId, now + this.#options.cancelTimeoutMs, orders);
        }
        break;
      case "in-flight":
        // A second response beside ours, against the protocol: never adopted, so its audio is dropped.
        break;
    }
  }

  #begin(
    responseId: string,
    attempt: Attempt | undefined,
    createEventId: string,
    now: number,
    orders: ResponseQueueOrder[],
  ): void {
    this.#currentId = responseId;
    this.#aliveAt = now;
    this.#audible = false;
    this.#state = { name: "in-flight", attempt, createEventId, responseId };
    orders.push({ type: "started", responseId, reason: attempt?.request.reason ?? "caller-turn" });
  }

  #done(responseId: string, status: ResponseStatus, orders: ResponseQueueOrder[]): void {
    const state = this.#state;
    this.#forget(responseId);
    const named = state.name === "in-flight" || state.name === "cancel-requested";
    if (named && state.responseId === responseId) {
      this.#state = { name: "free" };
      orders.push({ type: "ended", responseId, status });
    } else if (state.name === "refused") {
      // The unknown response we were refused for is over.
      this.#state = { name: "free" };
    }
  }

  #refused(eventId: string, activeResponse: boolean, now: number, orders: ResponseQueueOrder[]): void {
    const state = this.#state;
    if (state.name === "create-requested" && (state.eventId === eventId || (eventId === "" && activeResponse))) {
      if (!activeResponse || state.attempt.attempts >= this.#options.maxCreateAttempts) {
        this.#state = { name: "free" };
        orders.push({ type: "gave-up", why: "refused", reason: state.attempt.request.reason });
        return;
      }
      this.#waiting.unshift(state.attempt);
      this.#state = { name: "refused", until: now + this.#options.refusedRetryMs };
    } else if (state.name === "in-flight" && eventId !== "" && state.createEventId === eventId && activeResponse) {
      // What we took for our reply is one the server began by itself; ours is asked for again behind it.
      if (state.attempt && !state.attempt.timedOut) this.#waiting.unshift(state.attempt);
      this.#state = { ...state, attempt: undefined, createEventId: "" };
    } else if (state.name === "cancel-requested" && eventId !== "") {
      // Nothing was active any more (`response_cancel_not_active`): as good as cancelled. Or the create never began.
      if (state.cancelEventId !== eventId && state.createEventId !== eventId) return;
      this.#state = { name: "free" };
      if (state.responseId !== undefined) {
        orders.push({ type: "ended", responseId: state.responseId, status: "cancelled" });
      }
    }
  }

  #timeout(now: number, orders: ResponseQueueOrder[]): void {
    const state = this.#state;
    if (this.deadline === undefined || now < this.deadline) return;
    this.#state = { name: "free" };
    if (state.name === "create-requested") {
      // Once more, in case the request was lost; after that the caller's next words are a better reason to try.
      if (!state.attempt.timedOut) this.#waiting.unshift({ ...state.attempt, timedOut: true });
      else orders.push({ type: "gave-up", why: "timeout", reason: state.attempt.request.reason });
    } else if (state.name === "in-flight") {
      this.#forget(state.responseId);
      orders.push({ type: "ended", responseId: state.responseId, status: "failed" });
    } else if (state.name === "cancel-requested" && state.responseId !== undefined) {
      orders.push({ type: "ended", responseId: state.responseId, status: "cancelled" });
    }
  }

  #suspend(orders: ResponseQueueOrder[]): void {
    const state = this.#state;
    this.#open = false;
    this.#state = { name: "free" };
    if (state.name === "create-requested") this.#waiting.unshift(state.attempt);
    if (state.name === "in-flight") {
      if (state.attempt && !this.#audible) this.#waiting.unshift(state.attempt);
      this.#forget(state.responseId);
      orders.push({ type: "ended", responseId: state.responseId, status: "failed" });
    }
    if (state.name === "cancel-requested" && state.responseId !== undefined) {
      orders.push({ type: "ended", responseId: state.responseId, status: "cancelled" });
    }
    for (const attempt of this.#waiting) {
      attempt.attempts = 0;
      attempt.timedOut = false;
    }
  }

  #forget(responseId: string): void {
    if (responseId === this.#currentId) this.#currentId = "";
    if (this.#over.includes(responseId)) return;
    this.#over.push(responseId);
    if (this.#over.length > rememberedIds) this.#over.shift();
  }
}

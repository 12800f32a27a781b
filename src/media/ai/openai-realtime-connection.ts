import type { RealtimeTuning } from "./openai-realtime-options.ts";
import type { AiErrorKind } from "./session.ts";

/** What happened to the socket, or to the session on it. */
export type ConnectionInput =
  | { readonly type: "start" }
  | { readonly type: "opened" }
  /** The server confirmed the configuration. */
  | { readonly type: "configured" }
  | { readonly type: "closed"; readonly code: number }
  /** The upgrade was answered with an HTTP status, or (undefined) not at all. */
  | { readonly type: "upgrade-refused"; readonly httpStatus: number | undefined }
  /** We cannot go on with this session. `fatal`: nor with another. */
  | { readonly type: "failed"; readonly kind: AiErrorKind; readonly message: string; readonly fatal: boolean }
  /** Change to a new session now, as planned. */
  | { readonly type: "renew" }
  | { readonly type: "timeout" };

export interface ConnectionTrouble {
  readonly kind: AiErrorKind;
  readonly message: string;
  readonly fatal: boolean;
}

export type ConnectionOrder =
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  | { readonly type: "configure" }
  | { readonly type: "ready" }
  /** The session is gone. Without trouble: renewed as planned. */
  | { readonly type: "lost"; readonly trouble: ConnectionTrouble | undefined };

type State =
  | { readonly name: "idle" }
  | { readonly name: "connecting"; readonly until: number }
  | { readonly name: "configuring"; readonly until: number }
  | { readonly name: "ready"; readonly since: number }
  | { readonly name: "backing-off"; readonly until: number }
  | { readonly name: "over" };

/** HTTP answers that no second try will change: the key, the model or the address is wrong. */
const hopelessStatuses: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 410]);

/**
 * The life of the socket: *idle → connecting → configuring → ready*, and from anywhere *→ backing-off → connecting*.
 * Whatever ends a session leads to a new one; a bounded number in a row without a session that lasts is the end.
 */
export class RealtimeConnection {
  readonly #tuning: RealtimeTuning;
  #state: State = { name: "idle" };
  #failures = 0;
  #wasReady = false;

  constructor(tuning: RealtimeTuning) {
    this.#tuning = tuning;
  }

  get ready(): boolean {
    return this.#state.name === "ready";
  }

  get over(): boolean {
    return this.#state.name === "over";
  }

  get deadline(): number | undefined {
    switch (this.#state.name) {
      case "connecting":
      case "configuring":
      case "backing-off":
        return this.#state.until;
      default:
        return undefined;
    }
  }

  handle(input: ConnectionInput, now: number): readonly ConnectionOrder[] {
    const state = this.#state;
    if (state.name === "over") return [];
    switch (input.type) {
      case "start":
        return state.name === "idle" ? this.#connect(now) : [];
      case "opened":
        if (state.name !== "connecting") return [];
        this.#state = { name: "configuring", until: now + this.#tuning.configTimeoutMs };
        return [{ type: "configure" }];
      case "configured":
        if (state.name !== "configuring") return [];
        this.#state = { name: "ready", since: now };
        this.#wasReady = true;
        return [{ type: "ready" }];
      case "closed":
        return this.#lose("socket-closed", `the provider closed the socket (${input.code})`, now);
      case "upgrade-refused":
        return this.#upgradeRefused(input.httpStatus, now);
      case "failed":
        if (input.fatal) return this.#end(input.kind, input.message);
        return this.#lose(input.kind, input.message, now);
      case "renew":
        if (state.name !== "ready") return [];
        return [{ type: "disconnect" }, { type: "lost", trouble: undefined }, ...this.#connect(now)];
      case "timeout":
        return this.#timeout(now);
    }
  }

  #connect(now: number): ConnectionOrder[] {
    this.#state = { name: "connecting", until: now + this.#tuning.connectTimeoutMs };
    return [{ type: "connect" }];
  }

  #timeout(now: number): readonly ConnectionOrder[] {
    if (this.deadline === undefined || now < this.deadline) return [];
    if (this.#state.name === "backing-off") return this.#connect(now);
    const what = this.#state.name === "connecting" ? "no connection in time" : "the session was not confirmed in time";
    return this.#lose("timeout", what, now);
  }

  #upgradeRefused(httpStatus: number | undefined, now: number): readonly ConnectionOrder[] {
    if (httpStatus === undefined) return this.#lose("connect-failed", "the provider cannot be reached", now);
    const message = `the provider answered the upgrade with HTTP ${httpStatus}`;
    if (hopelessStatuses.has(httpStatus)) return this.#end("rejected", message);
    return this.#lose(httpStatus === 429 ? "rate-limited" : "connect-failed", message, now);
  }

  #lose(kind: AiErrorKind, message: string, now: number): readonly ConnectionOrder[] {
    const state = this.#state;
    if (state.name === "idle" || state.name === "backing-off" || state.name === "over") return [];
    if (state.name === "ready" && now - state.since >= this.#tuning.stableAfterMs) this.#failures = 0;
    if (this.#failures >= this.#tuning.maxReconnects) {
      return this.#end(this.#wasReady ? "socket-closed" : "connect-failed", `${message}; no further attempts`);
    }
    const waitMs = Math.min(this.#tuning.reconnectMaxMs, this.#tuning.reconnectFirstMs * 2 ** this.#failures);
    this.#failures++;
    this.#state = { name: "backing-off", until: now + waitMs };
    return [{ type: "disconnect" }, { type: "lost", trouble: { kind, message, fatal: false } }];
  }

  #end(kind: AiErrorKind, message: string): readonly ConnectionOrder[] {
    this.#state = { name: "over" };
    return [{ type: "disconnect" }, { type: "lost", trouble: { kind, message, fatal: true } }];
  }
}

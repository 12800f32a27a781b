import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";
import type { CallScript } from "./call-script.ts";
import { DelayLine, type NetworkDelay, seededRandom } from "./delay-line.ts";
import { PhoneBank } from "./phone-bank.ts";
import type { PhoneEvent, PhoneMeasures } from "./phone-measures.ts";
import { type LineOptions, TwilioPhoneCall } from "./twilio-phone-call.ts";

export { PhoneBank } from "./phone-bank.ts";
export type { PhoneEvent, PhoneMeasures } from "./phone-measures.ts";

/** A call to place. */
export interface CallOrder {
  /** Address of the gateway's stream, `ws://…/media/twilio`. */
  readonly url: string;
  /** The single-use token, sent as the custom parameter `token`. */
  readonly token: string;
  readonly script: CallScript;
  /** The phone hangs up then at the latest. */
  readonly maxMs: number;
  readonly callSid?: string;
  /** More custom parameters. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Hangs up when aborted. */
  readonly signal?: AbortSignal;
  /** Many phones share one clock; without it the call gets its own. */
  readonly bank?: PhoneBank;
  readonly line?: LineOptions;
  /** What the network does each way; the same seed gives the same delays. */
  readonly network?: { readonly toGateway?: NetworkDelay; readonly toPhone?: NetworkDelay; readonly seed?: number };
  /** Told as it happens. */
  readonly onEvent?: (event: PhoneEvent) => void;
}

/** Who or what ended a call. */
export type CallEnding = "script" | "gateway" | "max-duration" | "aborted" | "connect-failed";

/** A call that is over. Times in ms since the socket opened. */
export interface CallResult extends PhoneMeasures {
  readonly callSid: string;
  readonly streamSid: string;
  readonly ending: CallEnding;
  /** Close code of the WebSocket and its reason, or why the connection failed. */
  readonly closeCode: number;
  readonly closeReason: string;
  /** From the call to `placeCall` to the open socket. */
  readonly connectMs: number;
  readonly durationMs: number;
  /** What the caller heard and what was sent, in step. Int16Array, mono, 8 kHz. */
  readonly heard: Int16Array;
  readonly said: Int16Array;
}

/** How long the gateway may take to open and to close the socket. */
const handshakeTimeoutMs = 10_000;
const closeTimeoutMs = 2_000;

/** Places a call as Twilio's media stream would, and resolves when it is over; never rejects. */
export function placeCall(order: CallOrder): Promise<CallResult> {
  return new Promise((resolve) => new TwilioPhone(order, resolve));
}

class TwilioPhone {
  readonly #order: CallOrder;
  readonly #resolve: (result: CallResult) => void;
  readonly #bank: PhoneBank;
  readonly #socket: WebSocket;
  readonly #call: TwilioPhoneCall;
  readonly #callSid: string;
  readonly #streamSid = `MZ${randomBytes(16).toString("hex")}`;
  readonly #toGateway: DelayLine<string>;
  readonly #toPhone: DelayLine<string | undefined>;
  readonly #dialledAt = performance.now();
  readonly #onAbort = () => this.#hangUp("aborted");
  #openedAt: number | undefined;
  #ending: CallEnding | undefined;
  #failure = "";
  #maxTimer: NodeJS.Timeout | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(order: CallOrder, resolve: (result: CallResult) => void) {
    this.#order = order;
    this.#resolve = resolve;
    this.#bank = order.bank ?? new PhoneBank();
    this.#callSid = order.callSid ?? `CA${randomBytes(16).toString("hex")}`;
    const { toGateway, toPhone, seed = 1 } = order.network ?? {};
    this.#toGateway = new DelayLine(toGateway, seededRandom(seed), (message) => this.#write(message));
    this.#toPhone = new DelayLine(toPhone, seededRandom(seed + 1), (data) => this.#call.message(data, this.#nowMs()));
    this.#call = new TwilioPhoneCall(this.#streamSid, order.script, order.line ?? {}, {
      send: (message) => this.#toGateway.push(message),
      event: (event) => order.onEvent?.(event),
      hangUp: () => this.#hangUp("script"),
    });
    this.#socket = new WebSocket(order.url, { perMessageDeflate: false, handshakeTimeout: handshakeTimeoutMs });
    this.#socket.on("open", () => this.#opened());
    this.#socket.on("message", (data, isBinary) => this.#toPhone.push(isBinary ? undefined : data.toString()));
    this.#socket.on("error", (error) => {
      this.#failure = error.message;
    });
    this.#socket.on("close", (code, reason) => this.#closed(code, reason.toString()));
    if (order.signal?.aborted) this.#onAbort();
    else order.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** One 20 ms slot, from the bank. */
  slot(index: number): void {
    if (this.#ending === undefined) this.#call.slot(index);
  }

  #nowMs(): number {
    return performance.now() - (this.#openedAt ?? performance.now());
  }

  #opened(): void {
    this.#openedAt = performance.now();
    if (this.#ending !== undefined) return;
    const { token, parameters, maxMs } = this.#order;
    this.#call.open(this.#callSid, { ...parameters, token });
    this.#maxTimer = setTimeout(() => this.#hangUp("max-duration"), maxMs);
    this.#bank.add(this);
  }

  #write(message: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  #hangUp(ending: CallEnding): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#bank.remove(this);
    if (this.#socket.readyState === WebSocket.OPEN) this.#call.stop(this.#callSid);
    // What is still on its way arrives before the socket closes.
    const { delayMs, jitterMs } = this.#order.network?.toGateway ?? { delayMs: 0, jitterMs: 0 };
    if (delayMs + jitterMs === 0) this.#close();
    else this.#closeTimer = setTimeout(() => this.#close(), delayMs + jitterMs + 5);
  }

  #close(): void {
    this.#socket.close(1000);
    this.#closeTimer = setTimeout(() => this.#socket.terminate(), closeTimeoutMs);
  }

  #closed(closeCode: number, closeReason: string): void {
    this.#bank.remove(this);
    clearTimeout(this.#maxTimer);
    clearTimeout(this.#closeTimer);
    this.#order.signal?.removeEventListener("abort", this.#onAbort);
    this.#toGateway.close();
    this.#toPhone.close();
    this.#call.finish();
    const wasOpen = this.#openedAt !== undefined;
    const { heard, said, measures } = this.#call;
    this.#resolve({
      ...measures,
      callSid: this.#callSid,
      streamSid: this.#streamSid,
      ending: this.#ending ?? (wasOpen ? "gateway" : "connect-failed"),
      closeCode,
      closeReason: closeReason || this.#failure,
      connectMs: (this.#openedAt ?? performance.now()) - this.#dialledAt,
      durationMs: heard.length / 8,
      heard,
      said,
    });
  }
}

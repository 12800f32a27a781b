import type { WebSocket } from "ws";
import { writeBetaEvent } from "./realtime-server-beta.ts";
import type { SimFaults } from "./realtime-server-options.ts";
import type { Fields } from "./realtime-server-records.ts";
import { keep } from "./realtime-server-records.ts";

/** Messages no client should trip over. */
const garbage: readonly (string | Buffer)[] = [
  '{"type":',
  "null",
  "[]",
  "42",
  '{"type":7}',
  '{"type":"response.output_audio.delta"}',
  "\u0000",
  "[",
  Buffer.from([0, 1, 2]),
  `${'{"type":"x","a":'.repeat(500)}1${"}".repeat(500)}`,
];

/** A session's side of the socket: numbers events, keeps the record, and makes what goes wrong go wrong. */
export class SimWire {
  readonly sent: string[] = [];
  readonly errors: string[] = [];
  closedWith: number | undefined;
  readonly #socket: WebSocket;
  readonly #index: number;
  readonly #faults: SimFaults;
  readonly #beta: boolean;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #count = 0;

  /** `beta`: GA events are written as a beta server writes them. */
  constructor(socket: WebSocket, index: number, faults: SimFaults, beta: boolean) {
    this.#beta = beta;
    this.#socket = socket;
    this.#index = index;
    this.#faults = faults;
  }

  /** Sets the faults that come by time. */
  start(): void {
    const { dropSocket, expireAfterMs } = this.#faults;
    if (dropSocket?.afterMs !== undefined) this.later(dropSocket.afterMs, () => this.#drop(dropSocket.code));
    if (expireAfterMs !== undefined) {
      this.later(expireAfterMs, () => {
        this.error("session_expired", "Your session hit its maximum duration.", null, null);
        this.#drop(1001);
      });
    }
  }

  closed(code: number): void {
    this.closedWith ??= code;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Runs `act` later, unless the socket is gone by then. */
  later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  send(event: Readonly<Fields>): void {
    const written = this.#beta ? writeBetaEvent(event) : event;
    if (!written || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#count++;
    const { type, ...rest } = written;
    if (event.type !== "response.output_audio.delta") keep(this.sent, String(type));
    // Type and id come first, as the hosted service writes them.
    this.#socket.send(JSON.stringify({ type, event_id: `event_s${this.#index}_${this.#count}`, ...rest }));
    const { dropSocket, errorEvent } = this.#faults;
    if (dropSocket?.afterServerEvents === this.#count) this.#drop(dropSocket.code);
    if (errorEvent?.afterServerEvents === this.#count) this.error(errorEvent.code, "An injected error.", null, null);
  }

  error(code: string, message: string, param: string | null, eventId: string | null): void {
    keep(this.errors, code);
    const type = code === "server_error" ? "server_error" : "invalid_request_error";
    this.send({ type: "error", error: { type, code, message, param, event_id: eventId } });
  }

  /** What is to go wrong once the session is configured. */
  misbehave(): void {
    if (this.#faults.garbage) for (const message of garbage) this.#socket.send(message);
    const { hugeMessageBytes } = this.#faults;
    if (hugeMessageBytes === undefined) return;
    this.#socket.send(`{"type":"response.unheard_of","pad":"${"x".repeat(hugeMessageBytes)}"}`);
  }

  #drop(code: number): void {
    this.closedWith ??= code;
    if (code === 1006) this.#socket.terminate();
    else this.#socket.close(code, "injected");
  }
}

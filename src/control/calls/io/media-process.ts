import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import type { Clock } from "../../../kit/clock.ts";
import type { Logger } from "../../../kit/log.ts";
import type { MediaCommand, MediaEvent } from "../../../media/protocol.ts";
import { Respawn } from "../respawn.ts";

/**
 * No warnings of Node's on the operator's log; and a customer's tool schema may hold a pattern that backtracks for ever, so
 * the engine that does not takes over from one that has backtracked too much.
 */
const execArgv = [
  "--disable-warning=ExperimentalWarning",
  "--enable-experimental-regexp-engine-on-excessive-backtracks",
];

export interface MediaProcessOptions {
  readonly processId: number;
  /** File of the compiled entry. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock: Clock;
  event(event: MediaEvent): void;
  /** The process is gone; it will be started again unless closing. */
  died(): void;
}

/** A media process and its next lives: forked, watched, started again after a crash. */
export class MediaProcess {
  readonly #options: MediaProcessOptions;
  readonly #respawn = new Respawn();
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #closing = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: MediaProcessOptions) {
    this.#options = options;
  }

  /** True between its `ready` and its end. */
  get ready(): boolean {
    return this.#ready;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { entry, env, log, clock, processId } = this.#options;
    const startedAt = clock.now();
    const child = fork(entry, [], {
      env: { ...env, TANDEM_PROCESS_ID: String(processId) },
      serialization: "advanced",
      execArgv,
    });
    this.#child = child;
    child.on("message", (message) => {
      const event = message as MediaEvent;
      // A process's messages may be read after its exit.
      if (event.type === "ready") this.#ready = this.#child === child;
      this.#options.event(event);
    });
    this.#exited = new Promise((resolve) => {
      const gone = (code: number | null, signal: NodeJS.Signals | null): void => {
        resolve();
        this.#ready = false;
        this.#child = undefined;
        if (!this.#closing) {
          const delayMs = this.#respawn.died(clock.now() - startedAt);
          log.error({ processId, code, signal, delayMs }, "media process died; its calls end, it is started again");
          this.#timer = setTimeout(() => this.start(), delayMs);
        }
        this.#options.died();
      };
      child.once("exit", gone);
      child.on("error", (error) => {
        log.error({ err: error, processId }, "media process");
        // One that could not be started has no exit.
        if (child.pid === undefined && this.#child === child) gone(null, null);
      });
    });
  }

  /** Sends a command; dropped when the process is down (its calls have ended by then). */
  send(command: MediaCommand): void {
    if (this.#child?.connected) this.#child.send(command);
  }

  /** Gives a carrier's fresh, paused socket to the process; for the engine that cannot share a port by itself. */
  handOver(socket: Socket): void {
    if (this.#child?.connected) this.#child.send({ type: "carrier-socket" }, socket);
    else socket.destroy();
  }

  /** Asks the process to take no new calls and exit when its last one ended; it is not started again. */
  drain(): void {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.send({ type: "drain" });
  }

  /** Resolves when the process is gone. */
  exited(): Promise<void> {
    return this.#exited;
  }

  /** Ends it now. Twice is fine. */
  close(): void {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#child?.kill("SIGKILL");
  }
}

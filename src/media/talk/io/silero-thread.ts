import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { sileroInputSamples } from "../silero-stream.ts";
import {
  makeSileroMemory,
  type SileroAnswer,
  type SileroRequest,
  type SileroSetup,
  sileroWorkerSource,
} from "./silero-worker.ts";

/** What a thread tells. */
export interface SileroThreadEvents {
  /** The run under way is done; its results are in the memory. */
  judged(): void;
  /** The run under way failed; the thread goes on. */
  failed(error: Error): void;
  /** The thread has died, and with it the run under way and every stream's state. Another is started in a while. */
  died(error: Error): void;
  /** Another one is there. */
  restarted(): void;
}

export interface SileroThreadOptions {
  /** The thread's program; tests give worse ones. */
  readonly workerSource: string;
  /** Pause before a dead thread is replaced; doubles each time, up to `maxRestartMs`. */
  readonly firstRestartMs: number;
  readonly maxRestartMs: number;
}

export const defaultSileroThreadOptions = {
  workerSource: sileroWorkerSource,
  firstRestartMs: 1_000,
  maxRestartMs: 60_000,
} as const satisfies SileroThreadOptions;

/** A thread that has answered so many runs works: the next death is a first one again. */
const healthyRuns = 1_000;

/**
 * Silero's worker thread: a run in the media process's own thread would hold up the audio of every call. It is never
 * terminated from outside, since the runtime takes the whole process with it when that happens during a run.
 */
export class SileroThread {
  /** To be written only while no run is under way. */
  readonly memory = makeSileroMemory();
  readonly #events: SileroThreadEvents;
  readonly #options: SileroThreadOptions;
  #worker: Worker | undefined;
  #ready = false;
  /** Deaths in a row. */
  #deaths = 0;
  #runs = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended: (() => void) | undefined;
  #closed = false;

  constructor(events: SileroThreadEvents, options: SileroThreadOptions) {
    this.#events = events;
    this.#options = options;
  }

  /** Starts it; rejects when it does not get ready. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => this.#launch(resolve, reject));
  }

  /** It takes a run now or, when one is under way, after that. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Judges the first `rows` of the memory. One run at a time, and only when it is ready. */
  judge(rows: number): void {
    // A process must not end during a run; an idle thread does not keep it alive.
    this.#worker?.ref();
    this.#post({ type: "judge", rows });
  }

  /** Ends the thread once the run under way is done. Twice is fine. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (!worker) return;
    worker.ref();
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    if (this.#ready) this.#post({ type: "close" });
    this.#ready = false;
    await ended;
  }

  #post(request: SileroRequest): void {
    this.#worker?.postMessage(request);
  }

  /** Starts a thread; `failed` when it dies before it is ready. */
  #launch(ready: () => void, failed: (error: Error) => void): void {
    let fault: Error | undefined;
    let worker: Worker;
    try {
      worker = new Worker(this.#options.workerSource, {
        eval: true,
        name: "silero",
        env: {},
        execArgv: [],
        workerData: this.#setup(),
      });
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#worker = worker;
    worker.on("message", (answer: SileroAnswer) => this.#answered(answer, ready));
    worker.on("error", (error) => {
      fault = error;
    });
    worker.on("exit", (code) => {
      const error = fault ?? new Error(`Silero's thread ended with code ${code}`);
      const wasReady = this.#ready;
      this.#worker = undefined;
      this.#ready = false;
      this.#ended?.();
      if (this.#closed) return;
      if (wasReady) this.#died(error);
      else failed(error);
    });
  }

  /** Tells it, and starts another one in a while. */
  #died(error: Error): void {
    const { firstRestartMs, maxRestartMs } = this.#options;
    const pauseMs = Math.min(maxRestartMs, firstRestartMs * 2 ** this.#deaths);
    this.#deaths += 1;
    this.#timer = setTimeout(() => {
      this.#launch(
        () => this.#events.restarted(),
        (again) => this.#died(again),
      );
    }, pauseMs);
    this.#timer.unref();
    this.#events.died(error);
  }

  #answered(answer: SileroAnswer, ready: () => void): void {
    switch (answer.type) {
      case "ready":
        // Closed while it started.
        if (this.#closed) {
          this.#post({ type: "close" });
          break;
        }
        this.#ready = true;
        this.#worker?.unref();
        ready();
        break;
      case "judged":
        this.#worker?.unref();
        this.#runs += 1;
        if (this.#runs % healthyRuns === 0) this.#deaths = 0;
        this.#events.judged();
        break;
      case "failed":
        this.#worker?.unref();
        this.#events.failed(new Error(answer.message));
        break;
    }
  }

  #setup(): SileroSetup {
    const { resolve } = createRequire(import.meta.url);
    return {
      runtimePath: resolve("onnxruntime-node"),
      modelPath: join(dirname(resolve("@ricky0123/vad-web")), "silero_vad_v6.onnx"),
      inputSamples: sileroInputSamples,
      memory: this.memory,
    };
  }
}

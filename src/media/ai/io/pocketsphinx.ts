import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Hypothesis, isCredible } from "../local/hypothesis.ts";
import { type Grammar, grammarOf, withoutUnknownWords, writeJsgf } from "../local/jsgf.ts";
import { type EarsHint, PartFailure } from "../pipeline/parts.ts";
import { type EarsFolder, openEarsFolder } from "./ears-folder.ts";
import { PocketSphinxChild } from "./pocketsphinx-child.ts";
import { type PocketSphinxInstallation, readPronunciations } from "./pocketsphinx-files.ts";

/** How the recogniser's processes are kept. */
export interface PocketSphinxOptions {
  /** Utterances waiting or being decoded in all; the next is refused. */
  readonly maxPending: number;
  /** Processes with a grammar kept at a time, besides the one for open speech. */
  readonly maxGrammars: number;
  /** A process not used for so long is ended. */
  readonly idleMs: number;
  /** A process silent for so long, and half the utterance's length, is ended. */
  readonly silenceMs: number;
}

export const defaultPocketSphinxOptions = {
  maxPending: 32,
  maxGrammars: 3,
  idleMs: 120_000,
  silenceMs: 5_000,
} as const satisfies PocketSphinxOptions;

/**
 * The front end's noise and silence removal off: they take telephone speech for noise. Of 8 recorded human prompts a
 * small grammar got 3 right with them and 8 without.
 */
const frontEnd = ["-remove_noise", "no", "-remove_silence", "no"];

/** Keeps a chain of digits from growing extra ones. */
const digitInsertionPenalty = ["-wip", "1e-2"];

const bytesPerMs = 32;

/** One process and who waits for it. `grammar` undefined: open speech. */
interface Lane {
  readonly key: string;
  readonly grammar: Grammar | undefined;
  child: PocketSphinxChild | undefined;
  /** Settles when the last utterance given to the lane was answered. */
  tail: Promise<unknown>;
  pending: number;
  usedAt: number;
  idleTimer: NodeJS.Timeout | undefined;
}

/** The recogniser of a process: whole utterances to words, by one child for open speech and a few for small grammars. */
export class PocketSphinx {
  readonly #installation: PocketSphinxInstallation;
  readonly #options: PocketSphinxOptions;
  readonly #lanes = new Map<string, Lane>();
  #folder: Promise<EarsFolder> | undefined;
  #openFolder: EarsFolder | undefined;
  #pending = 0;
  #count = 0;
  #closed = false;

  constructor(installation: PocketSphinxInstallation, options: Partial<PocketSphinxOptions> = {}) {
    this.#installation = installation;
    this.#options = { ...defaultPocketSphinxOptions, ...options };
  }

  /** Processes running now, for tests and metrics. */
  get children(): number {
    let children = 0;
    for (const lane of this.#lanes.values()) if (lane.child && !lane.child.ended) children += 1;
    return children;
  }

  /**
   * Recognises one utterance, 16-bit little-endian at 16 kHz with some silence at both ends. With a hint its grammar
   * is tried first, and open speech when the grammar's answer is not credible. Rejects when aborted, refused or failed.
   */
  async recognise(audio: Uint8Array, hint: EarsHint | undefined, signal: AbortSignal): Promise<string> {
    if (this.#closed) throw new PartFailure("provider", "PocketSphinx is closed");
    if (this.#pending >= this.#options.maxPending) {
      throw new PartFailure("overflow", `PocketSphinx is overloaded: ${this.#pending} utterances wait`);
    }
    this.#pending += 1;
    try {
      const grammar = hint && grammarOf(hint);
      if (grammar) {
        const { text, score } = await this.#decode(grammar, audio, signal);
        if (isCredible({ text, score }, audio.length / bytesPerMs, grammar.repeats)) return text;
      }
      return (await this.#decode(undefined, audio, signal)).text;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Ends all processes and removes the folder. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const lane of this.#lanes.values()) this.#drop(lane);
    this.#openFolder?.remove();
  }

  #decode(grammar: Grammar | undefined, audio: Uint8Array, signal: AbortSignal): Promise<Hypothesis> {
    signal.throwIfAborted();
    const lane = this.#laneOf(grammar);
    clearTimeout(lane.idleTimer);
    lane.pending += 1;
    lane.usedAt = this.#next();
    const decoded = lane.tail.then(async () => {
      signal.throwIfAborted();
      if (this.#closed) throw new PartFailure("provider", "PocketSphinx is closed");
      if (!lane.child || lane.child.ended) lane.child = await this.#startChild(lane.grammar);
      const timeoutMs = this.#options.silenceMs + audio.length / bytesPerMs / 2;
      return await lane.child.decode(`u${this.#next()}`, audio, timeoutMs);
    });
    lane.tail = decoded
      .catch(() => undefined)
      .then(() => {
        lane.pending -= 1;
        this.#rest(lane);
      });
    return orAborted(decoded, signal);
  }

  /** Counts up: names of files, and the order of use. */
  #next(): number {
    this.#count += 1;
    return this.#count;
  }

  #laneOf(grammar: Grammar | undefined): Lane {
    const key = grammar?.key ?? "";
    const existing = this.#lanes.get(key);
    if (existing) return existing;
    const lane: Lane = {
      key,
      grammar,
      child: undefined,
      tail: Promise.resolve(),
      pending: 0,
      usedAt: 0,
      idleTimer: undefined,
    };
    if (grammar) this.#evict(this.#options.maxGrammars - 1);
    this.#lanes.set(key, lane);
    return lane;
  }

  /** Ends the grammars used longest ago until `kept` are left; busy ones get their turn when they rest. */
  #evict(kept: number): void {
    const grammars = [...this.#lanes.values()].filter((lane) => lane.grammar);
    const idle = grammars.filter((lane) => lane.pending === 0).sort((a, b) => a.usedAt - b.usedAt);
    for (const lane of idle.slice(0, Math.max(0, grammars.length - kept))) this.#drop(lane);
  }

  #rest(lane: Lane): void {
    if (lane.pending > 0 || this.#closed) return;
    this.#evict(this.#options.maxGrammars);
    if (this.#lanes.get(lane.key) !== lane) return;
    lane.idleTimer = setTimeout(() => this.#drop(lane), this.#options.idleMs).unref();
  }

  #drop(lane: Lane): void {
    clearTimeout(lane.idleTimer);
    lane.child?.close();
    this.#lanes.delete(lane.key);
  }

  async #startChild(grammar: Grammar | undefined): Promise<PocketSphinxChild> {
    const folder = await this.#folderPath();
    const { program, hmm, lm, dict } = this.#installation;
    if (!grammar) return this.#child(program, ["-hmm", hmm, "-lm", lm, "-dict", dict, ...frontEnd], folder);
    const { lines, known } = await readPronunciations(dict, grammar.words);
    const usable = withoutUnknownWords(grammar, known);
    if (!usable) throw new PartFailure("provider", "PocketSphinx knows none of the words it shall listen for");
    const name = join(folder, `g${this.#next()}`);
    await writeFile(`${name}.jsgf`, writeJsgf(usable), { mode: 0o600 });
    await writeFile(`${name}.dict`, lines, { mode: 0o600 });
    const penalty = grammar.repeats ? digitInsertionPenalty : [];
    const model = ["-hmm", hmm, "-jsgf", `${name}.jsgf`, "-dict", `${name}.dict`];
    return this.#child(program, [...model, ...penalty, ...frontEnd], folder);
  }

  #child(program: string, args: readonly string[], folder: string): PocketSphinxChild {
    if (this.#closed) throw new PartFailure("provider", "PocketSphinx is closed");
    return new PocketSphinxChild(program, args, folder);
  }

  /** What callers said lies here for as long as it is decoded. */
  async #folderPath(): Promise<string> {
    this.#folder ??= openEarsFolder();
    this.#openFolder = await this.#folder;
    if (this.#closed) this.#openFolder.remove();
    return this.#openFolder.path;
  }
}

function orAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

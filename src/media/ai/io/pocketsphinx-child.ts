import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { type Hypothesis, parseHypothesis } from "../local/hypothesis.ts";
import { PartFailure } from "../pipeline/parts.ts";

/** Longest answer line that is read. */
const maxLineLength = 65_536;

/**
 * The program opens `/dev/stdin` and `/dev/stdout` by name, which the sockets Node gives a child do not allow; between
 * two `cat` it has real pipes. It runs at a lower priority: recognition may wait, audio may not. When our end of the
 * pipe closes, for whatever reason, all of them end; when the program ends, it takes its process group along.
 */
const pipeline = 'cat | { nice -n 5 "$0" "$@"; kill 0; } | cat';

/**
 * One `pocketsphinx_batch` process, which decodes whole utterances one after the other: it reads a name from its
 * standard input, then `<name>.raw` from the folder, and answers with one line.
 */
export class PocketSphinxChild {
  readonly #folder: string;
  readonly #process: ChildProcessWithoutNullStreams;
  #lines = "";
  #onLine: ((line: string) => void) | undefined;
  #onEnd: ((error: Error) => void) | undefined;
  #ended = false;

  /** `args` choose the model; the folder must exist and belong to this process alone. */
  constructor(program: string, args: readonly string[], folder: string) {
    this.#folder = folder;
    const files = ["-adcin", "yes", "-cepdir", folder, "-cepext", ".raw", "-ctl", "/dev/stdin", "-hyp", "/dev/stdout"];
    const command = ["-c", pipeline, program, ...files, ...args, "-logfn", "/dev/null"];
    // A process group of its own, so that all of the pipeline can be killed at once.
    const env = { PATH: process.env.PATH }; // no keys of ours
    this.#process = spawn("/bin/sh", command, { stdio: "pipe", detached: true, env });
    this.#process.on("error", (error) => this.#end(new PartFailure("provider", `PocketSphinx: ${error.message}`)));
    this.#process.stdin.on("error", () => undefined);
    this.#process.stderr.resume();
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    this.#process.stdout.on("close", () => this.#end(new PartFailure("provider", "PocketSphinx ended")));
    // Idle children keep nothing alive; they end by themselves when their input closes.
    this.#process.unref();
    for (const pipe of this.#process.stdio) if (pipe instanceof Socket) pipe.unref();
  }

  /** True once the process ended or was closed; it can not be used any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Decodes one utterance (16-bit little-endian at 16 kHz); one at a time. Silence for `timeoutMs` ends the process. */
  async decode(name: string, audio: Uint8Array, timeoutMs: number): Promise<Hypothesis> {
    const path = join(this.#folder, `${name}.raw`);
    try {
      await writeFile(path, audio, { mode: 0o600 });
      return await this.#ask(name, timeoutMs);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Ends the process. Twice is fine. */
  close(): void {
    this.#end(new PartFailure("provider", "PocketSphinx was closed"));
  }

  #ask(name: string, timeoutMs: number): Promise<Hypothesis> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(new PartFailure("provider", "PocketSphinx has ended"));
        return;
      }
      const timer = setTimeout(() => {
        this.#end(new PartFailure("timeout", `PocketSphinx was silent for ${Math.round(timeoutMs)} ms`));
      }, timeoutMs);
      this.#onEnd = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      this.#onLine = (line) => {
        const hypothesis = parseHypothesis(line, name);
        if (!hypothesis) return;
        clearTimeout(timer);
        this.#onLine = undefined;
        this.#onEnd = undefined;
        resolve(hypothesis);
      };
      this.#process.stdin.write(`${name}\n`);
    });
  }

  #read(text: string): void {
    const lines = (this.#lines + text).split("\n");
    this.#lines = (lines.pop() ?? "").slice(0, maxLineLength);
    for (const line of lines) this.#onLine?.(line);
  }

  #end(reason: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#process.stdin.destroy();
    this.#killGroup();
    this.#onEnd?.(reason);
    this.#onEnd = undefined;
    this.#onLine = undefined;
  }

  #killGroup(): void {
    if (this.#process.pid === undefined || this.#process.exitCode !== null) return;
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}

/** Node's inspector from outside: real collections and CPU profiles of a process that runs unchanged. */
import { writeFileSync } from "node:fs";
import { WebSocket } from "ws";

/** Environment of a process that is to be looked into; it prints where. */
export const inspectable = { NODE_OPTIONS: "--inspect=127.0.0.1:0" } as const;

/** The addresses such processes printed. */
export function inspectorUrls(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /Debugger listening on (ws:\/\/\S+)/.exec(line)?.[1] ?? []);
}

/** Memory of a process after a full collection, in bytes. */
export interface HeldMemory {
  readonly resident: number;
  /** V8's heap and what hangs on it outside (buffers, handles). */
  readonly held: number;
}

/** One process under the glass. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const { id, result, error } = JSON.parse(String(data));
      this.#waiting.get(id)?.(result ?? { error });
      this.#waiting.delete(id);
    });
  }

  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return new Inspector(socket);
  }

  /** The process's number. */
  async pid(): Promise<number> {
    return Number(await this.#evaluate("process.pid"));
  }

  /** Collects all garbage and measures what is left. */
  async heldMemory(): Promise<HeldMemory> {
    // The second run takes what the finalizers of the first let go of.
    for (let run = 0; run < 2; run++) await this.#ask("HeapProfiler.collectGarbage");
    const text = await this.#evaluate("JSON.stringify(process.memoryUsage())");
    const { rss, heapUsed, external } = JSON.parse(String(text));
    return { resident: rss, held: heapUsed + external };
  }

  /** Records where the CPU goes until `stop`, which writes a .cpuprofile. */
  async profile(): Promise<{ stop(file: string): Promise<void> }> {
    await this.#ask("Profiler.enable");
    await this.#ask("Profiler.setSamplingInterval", { interval: 500 });
    await this.#ask("Profiler.start");
    return {
      stop: async (file) => {
        const { profile } = await this.#ask("Profiler.stop");
        writeFileSync(file, JSON.stringify(profile));
      },
    };
  }

  close(): void {
    this.#socket.terminate();
  }

  async #evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#ask("Runtime.evaluate", { expression });
    return (result as { value?: unknown }).value;
  }

  #ask(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

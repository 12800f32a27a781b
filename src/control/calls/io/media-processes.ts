import type { MediaEvent } from "../../../media/protocol.ts";
import type { MediaProcess } from "./media-process.ts";

/** What call control needs of a media process. */
export type MediaLink = Pick<MediaProcess, "ready" | "send">;

const metricsTimeoutMs = 1_000;

/** The media processes as call control sees them: which are ready, which is least busy, what they measure. */
export class MediaProcesses {
  readonly #processes = new Map<number, MediaLink>();
  readonly #metricsWaiters = new Map<number, (metrics: readonly unknown[]) => void>();
  #nextRequestId = 1;

  add(processId: number, process: MediaLink): void {
    this.#processes.set(processId, process);
  }

  get(processId: number): MediaLink | undefined {
    return this.#processes.get(processId);
  }

  get anyReady(): boolean {
    for (const process of this.#processes.values()) if (process.ready) return true;
    return false;
  }

  /** One line for each process. */
  detail(): Record<string, string> {
    const detail: Record<string, string> = {};
    for (const [processId, process] of this.#processes) {
      detail[`media_process_${processId}`] = process.ready ? "ready" : "starting";
    }
    return detail;
  }

  /** The ready process with the fewest calls. `held`: the process of every call; undefined: of a call that has none yet. */
  leastBusy(held: Iterable<number | undefined>): number | undefined {
    const load = new Map<number, number>();
    for (const [processId, process] of this.#processes) if (process.ready) load.set(processId, 0);
    for (const processId of held) {
      const calls = processId === undefined ? undefined : load.get(processId);
      if (processId !== undefined && calls !== undefined) load.set(processId, calls + 1);
    }
    return [...load].sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  /** prom-client's `getMetricsAsJSON()` of every ready process. */
  collectMetrics(): Promise<readonly (readonly unknown[])[]> {
    const ready = [...this.#processes.values()].filter((process) => process.ready);
    return Promise.all(ready.map((process) => this.#metricsOf(process)));
  }

  /** A process has reported its metrics. */
  metricsCame({ requestId, metrics }: Extract<MediaEvent, { type: "metrics" }>): void {
    this.#metricsWaiters.get(requestId)?.(metrics);
  }

  #metricsOf(process: MediaLink): Promise<readonly unknown[]> {
    const requestId = this.#nextRequestId++;
    return new Promise((resolve) => {
      const done = (metrics: readonly unknown[]) => {
        clearTimeout(timer);
        this.#metricsWaiters.delete(requestId);
        resolve(metrics);
      };
      // A process too busy to answer is left out of this scrape; the next one has it.
      const timer = setTimeout(() => done([]), metricsTimeoutMs);
      this.#metricsWaiters.set(requestId, done);
      process.send({ type: "report-metrics", requestId });
    });
  }
}

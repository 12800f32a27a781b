import type { MediaEvent } from "../../../media/protocol.ts";
import type { MediaProcess } from "./media-process.ts";

/** What call control needs of a media process. */
export type MediaLink = Pick<MediaProcess, "ready" | "send">;

const metricsTimeoutMs = 1_000;

/** The media processes as call control sees them: which are ready, which is least busy, what they measure. */
export class MediaProcesses {
  readonly #processes = new Map<number, MediaLink>();
  /** How many calls each one has. */
  readonly #loads = new Map<number, number>();
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

  /** A process has one call more. */
  took(processId: number): void {
    this.#loads.set(processId, this.#load(processId) + 1);
  }

  /** One of its calls is over, or died with it. */
  freed(processId: number): void {
    this.#loads.set(processId, this.#load(processId) - 1);
  }

  /** The ready process with the fewest calls; of equals the one made known first. */
  leastBusy(): number | undefined {
    let found: number | undefined;
    for (const [processId, { ready }] of this.#processes) {
      if (ready && (found === undefined || this.#load(processId) < this.#load(found))) found = processId;
    }
    return found;
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

  #load(processId: number): number {
    return this.#loads.get(processId) ?? 0;
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

import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import autocannon from "autocannon";

/** Requests against the API. */
export interface ApiLoad {
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly apiKey: string;
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second; undefined: each connection asks again as soon as it is answered. */
  readonly perSecond?: number;
}

/** What became of them. */
export interface LoadResult {
  /** How long each answer took, in ms. */
  readonly latenciesMs: readonly number[];
  readonly perSecond: number;
  /** Answers that were no success, and requests that had none. */
  readonly failed: number;
}

/** Runs a load on a thread of its own, so that it delays nothing that is measured here. */
export function runLoad(load: ApiLoad): Promise<LoadResult> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: load });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const { url, method = "GET", apiKey, body, connections, seconds, perSecond } = workerData as ApiLoad;
  const latenciesMs: number[] = [];
  const running = autocannon(
    {
      url,
      method,
      body,
      connections,
      duration: seconds,
      ...(perSecond !== undefined && { overallRate: perSecond }),
      headers: { authorization: `Bearer ${apiKey}`, ...(body !== undefined && { "content-type": "application/json" }) },
    },
    (error: unknown, result) => {
      if (error) throw error;
      const { errors, non2xx, timeouts, duration } = result;
      const failed = errors + non2xx + timeouts;
      port.postMessage({ latenciesMs, perSecond: latenciesMs.length / duration, failed } satisfies LoadResult);
    },
  );
  running.on("response", (_client, _status, _bytes, ms) => void latenciesMs.push(ms));
}

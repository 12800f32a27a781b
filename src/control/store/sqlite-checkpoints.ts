/**
 * SQLite's write-ahead log is carried over into the database file on a thread of its own. That waits for the disk, 10 to
 * 30 ms every thousand pages; done by whoever commits, as SQLite does by itself, everything in the process waits with it.
 */
import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

export interface CheckpointOptions {
  /** How often the log is looked at. */
  readonly everyMs: number;
  /** A shorter log stays as it is; one that was longer once keeps its length. */
  readonly minLogBytes: number;
}

export const defaultCheckpointOptions = {
  everyMs: 1000,
  minLogBytes: 4 * 1024 * 1024,
} as const satisfies CheckpointOptions;

/** Pages of 4 KiB after which SQLite does it itself: the thread has died, or cannot keep up. */
export const lastResortPages = 16_000;

export interface Checkpoints {
  /** Twice is fine. */
  close(): void;
}

/** PASSIVE: takes what it can without making anybody wait. */
const threadSource = `
const { parentPort, workerData } = require("node:worker_threads");
const database = new (require(workerData.library))(workerData.path);
parentPort.on("message", () => {
  database.pragma("wal_checkpoint(PASSIVE)");
  parentPort.postMessage("done");
});
`;

/** Keeps the log of an open database short; the thread starts when there is work for the first time. */
export function keepCheckpoints(
  path: string,
  { everyMs, minLogBytes }: CheckpointOptions = defaultCheckpointOptions,
): Checkpoints {
  let thread: Worker | undefined;
  let isBusy = false;
  let isClosed = false;
  let carriedAtMs = 0;
  const start = (): Worker => {
    const workerData = { path, library: createRequire(import.meta.url).resolve("better-sqlite3") };
    const started = new Worker(threadSource, { eval: true, workerData });
    started.unref();
    const over = (): void => {
      isBusy = false;
      if (thread === started) thread = undefined;
    };
    started.on("message", () => {
      isBusy = false;
    });
    // Another one is started when there is work again; until it works, the last resort holds.
    started.on("error", over);
    started.on("exit", over);
    return started;
  };
  const look = async (): Promise<void> => {
    if (isBusy) return;
    const log = await stat(`${path}-wal`).catch(() => undefined);
    if (isClosed || isBusy || !log || log.size < minLogBytes || log.mtimeMs === carriedAtMs) return;
    carriedAtMs = log.mtimeMs;
    isBusy = true;
    thread ??= start();
    thread.postMessage("checkpoint");
  };
  const looking = setInterval(() => void look(), everyMs).unref();
  return {
    close() {
      isClosed = true;
      clearInterval(looking);
      void thread?.terminate();
    },
  };
}

/**
 * The provider of the latency bench, on a thread of its own so that its work does not delay the telephones': told
 * apart by content, every frame that arrives or leaves is noted with its time (ms since 1970, fractional).
 */
import { performance } from "node:perf_hooks";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { frameName } from "./frame-phone.ts";
import { startRealtimeServer } from "./sim/realtime-server.ts";

/** Bytes of 20 ms of μ-law. */
const frameBytes = 160;

/** What the provider saw of all calls. */
export interface ProviderFrames {
  /** When each caller frame arrived first. */
  readonly arrivedAt: ReadonlyMap<string, number>;
  readonly sessionOfFrame: ReadonlyMap<string, number>;
  /** When each agent frame left, in order, by session. */
  readonly leftAt: ReadonlyMap<number, readonly number[]>;
}

/** A provider that is running. */
export interface FrameProvider {
  readonly baseUrl: string;
  frames(): Promise<ProviderFrames>;
  close(): Promise<void>;
}

/** Starts it; it speaks in deltas of 20 ms at the speed of speech. */
export async function startFrameProvider(): Promise<FrameProvider> {
  const worker = new Worker(new URL(import.meta.url));
  const next = <T>(): Promise<T> => new Promise((resolve) => worker.once("message", resolve));
  const baseUrl = await next<string>();
  return {
    baseUrl,
    frames: () => {
      worker.postMessage("frames");
      return next<ProviderFrames>();
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const arrivedAt = new Map<string, number>();
  const sessionOfFrame = new Map<string, number>();
  const leftAt = new Map<number, number[]>();
  const sim = await startRealtimeServer({
    realTimeFactor: 1,
    deltaMs: 20,
    maxKeptAudioBytes: 0,
    onCallerAudio: (session, payload, at) => {
      for (let from = 0; from + frameBytes <= payload.length; from += frameBytes) {
        const name = frameName(payload.subarray(from, from + frameBytes));
        // After a silence the last half second is sent once more into a cleared buffer; the first arrival counts.
        if (arrivedAt.has(name)) continue;
        arrivedAt.set(name, performance.timeOrigin + at);
        sessionOfFrame.set(name, session.index);
      }
    },
    onAgentAudio: (session, payload, at) => {
      const times = leftAt.get(session.index) ?? [];
      leftAt.set(session.index, times);
      for (let from = 0; from < payload.length; from += frameBytes) times.push(performance.timeOrigin + at);
    },
  });
  port.on("message", () => port.postMessage({ arrivedAt, sessionOfFrame, leftAt } satisfies ProviderFrames));
  port.postMessage(sim.baseUrl);
}

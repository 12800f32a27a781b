/**
 * What runs in Silero's worker thread. The function here refers only to what it is given, because the thread is started
 * from its source text: that works the same from `dist` and from the TypeScript sources under test, where a worker file
 * would need a loader.
 */
import type * as WorkerThreads from "node:worker_threads";
import type * as Runtime from "onnxruntime-node";
import { sileroInputSamples } from "../silero-stream.ts";

/** Windows judged in one run at most. */
export const maxSileroRows = 64;

/** Memory that both threads see. The asker writes it while no run is under way, the worker during one: never both. */
export interface SileroMemory {
  /** Per row: where the state of its stream lies. */
  readonly slots: Int32Array;
  /** Per row: 1 when that state is to be cleared first. */
  readonly fresh: Uint8Array;
  /** Per row: 288 samples, −1…1: context and window. */
  readonly input: Float32Array;
  /** Per row: the probability of speech. */
  readonly output: Float32Array;
}

/** Memory for as many rows as a run may have. */
export function makeSileroMemory(): SileroMemory {
  const shared = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
  return {
    slots: new Int32Array(shared(maxSileroRows * 4)),
    fresh: new Uint8Array(shared(maxSileroRows)),
    input: new Float32Array(shared(maxSileroRows * sileroInputSamples * 4)),
    output: new Float32Array(shared(maxSileroRows * 4)),
  };
}

/** What the thread is started with. */
export interface SileroSetup {
  /** Where the runtime's module and the model are. */
  readonly runtimePath: string;
  readonly modelPath: string;
  readonly inputSamples: number;
  readonly memory: SileroMemory;
}

/** To the thread. One run at a time; `close` ends the thread when the run under way is done. */
export type SileroRequest = { readonly type: "judge"; readonly rows: number } | { readonly type: "close" };

/** From the thread. */
export type SileroAnswer =
  | { readonly type: "ready" }
  | { readonly type: "judged" }
  | { readonly type: "failed"; readonly message: string };

interface Batch {
  readonly input: Float32Array;
  readonly state: Float32Array;
  readonly output: Float32Array;
  readonly nextState: Float32Array;
  readonly feeds: Record<string, Runtime.Tensor>;
  readonly fetches: Record<string, Runtime.Tensor>;
}

/** The thread: holds the model and the state of each stream, and judges the windows it finds in the shared memory. */
async function runSileroWorker(threads: typeof WorkerThreads, load: (path: string) => typeof Runtime): Promise<void> {
  const { runtimePath, modelPath, inputSamples, memory }: SileroSetup = threads.workerData;
  const { InferenceSession, Tensor } = load(runtimePath);
  const session = await InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
  });
  // Per layer; the state is [2 layers, batch, 128].
  const layerFloats = 128;
  const stateFloats = 2 * layerFloats;
  const sampleRate = new Tensor("int64", BigInt64Array.of(8000n), []);
  const batches = new Map<number, Batch>();
  /** The states of all streams, one slot after the other. */
  let states = new Float32Array(16 * stateFloats);

  const makeBatch = (size: number): Batch => {
    const input = new Float32Array(size * inputSamples);
    const state = new Float32Array(size * stateFloats);
    const output = new Float32Array(size);
    const nextState = new Float32Array(size * stateFloats);
    const feeds = {
      input: new Tensor("float32", input, [size, inputSamples]),
      state: new Tensor("float32", state, [2, size, layerFloats]),
      sr: sampleRate,
    };
    const fetches = {
      output: new Tensor("float32", output, [size, 1]),
      stateN: new Tensor("float32", nextState, [2, size, layerFloats]),
    };
    return { input, state, output, nextState, feeds, fetches };
  };
  /** Copies each row's layers between its slot and the batch of `size` rows. */
  const moveStates = (layers: Float32Array, size: number, rows: number, back: boolean): void => {
    for (let row = 0; row < rows; row += 1) {
      const slotAt = memory.slots[row]! * stateFloats;
      for (let layer = 0; layer < 2; layer += 1) {
        const inBatch = (layer * size + row) * layerFloats;
        const inSlot = slotAt + layer * layerFloats;
        if (back) for (let i = 0; i < layerFloats; i += 1) states[inSlot + i] = layers[inBatch + i]!;
        else for (let i = 0; i < layerFloats; i += 1) layers[inBatch + i] = states[inSlot + i]!;
      }
    }
  };
  const clearFresh = (rows: number): void => {
    for (let row = 0; row < rows; row += 1) {
      const slotAt = memory.slots[row]! * stateFloats;
      if (slotAt + stateFloats > states.length) {
        const grown = new Float32Array(2 * (slotAt + stateFloats));
        grown.set(states);
        states = grown;
      }
      if (memory.fresh[row] === 1) states.fill(0, slotAt, slotAt + stateFloats);
    }
  };
  const judge = async (rows: number): Promise<void> => {
    // Few sizes, so that few tensors are kept; rows left over are judged for nobody.
    let size = 1;
    while (size < rows) size *= 2;
    let batch = batches.get(size);
    if (!batch) {
      batch = makeBatch(size);
      batches.set(size, batch);
    }
    clearFresh(rows);
    for (let i = 0; i < rows * inputSamples; i += 1) batch.input[i] = memory.input[i]!;
    moveStates(batch.state, size, rows, false);
    await session.run(batch.feeds, batch.fetches);
    moveStates(batch.nextState, size, rows, true);
    for (let row = 0; row < rows; row += 1) memory.output[row] = batch.output[row]!;
  };

  const port = threads.parentPort;
  const answer = (message: SileroAnswer): void => port?.postMessage(message);
  const handle = async (request: SileroRequest): Promise<void> => {
    if (request.type === "judge") {
      await judge(request.rows);
      answer({ type: "judged" });
    } else {
      await session.release();
      port?.close();
    }
  };
  let work = Promise.resolve();
  port?.on("message", (request: SileroRequest) => {
    work = work.then(() => handle(request)).catch((error) => answer({ type: "failed", message: String(error) }));
  });
  answer({ type: "ready" });
}

/** Source text of the worker thread: a CommonJS script; `workerData` is a `SileroSetup`. */
export const sileroWorkerSource = `
${runSileroWorker.toString()}
void runSileroWorker(require("node:worker_threads"), require);
`;

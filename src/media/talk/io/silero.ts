import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { InferenceSession, Tensor } from "onnxruntime-node";

/** Samples of a window at 8 kHz: 32 ms. */
export const sileroWindowSamples = 256;
/** The end of the window before goes in front of each window; without it the model hears nothing (v6). */
const contextSamples = 32;
const inputSamples = contextSamples + sileroWindowSamples;
/** Per layer; the state is [2 layers, batch, 128]. */
const layerFloats = 128;
const stateFloats = 2 * layerFloats;
/** A run blocks the event loop, about 20 µs a window: this many at once and no more. */
const maxBatch = 64;
/** Windows a stream may fall behind (256 ms); past that the oldest is dropped. */
const maxWindowsBehind = 8;
const ringSamples = maxWindowsBehind * sileroWindowSamples;

/** Hears the result of one window. `windowEndSample` counts samples given to the stream since it was opened, skipped ones too. */
export type ProbabilityListener = (probability: number, windowEndSample: number) => void;

/** What a batcher did so far. */
export interface SileroStats {
  readonly runs: number;
  readonly windows: number;
  /** Windows that came faster than they could be judged. */
  readonly droppedWindows: number;
  readonly failedRuns: number;
}

interface Batch {
  readonly rows: number;
  readonly input: Float32Array;
  readonly state: Float32Array;
  readonly output: Float32Array;
  readonly nextState: Float32Array;
  readonly feeds: Record<string, Tensor>;
  readonly fetches: Record<string, Tensor>;
}

/**
 * The Silero VAD, batched over all calls of the process: one run judges one window of every call that has one.
 * At most one run is under way; meanwhile windows wait in their streams.
 */
export class SileroBatcher {
  readonly #session: InferenceSession;
  readonly #makeTensor: typeof Tensor;
  readonly #sampleRate: Tensor;
  readonly #onFault: (error: unknown) => void;
  readonly #batches = new Map<number, Batch>();
  readonly #streams: SileroStream[] = [];
  /** Rows of the run under way, and each stream's epoch when it was gathered. */
  readonly #rows: (SileroStream | undefined)[] = new Array(maxBatch).fill(undefined);
  readonly #epochs = new Int32Array(maxBatch);
  readonly #stats = { runs: 0, windows: 0, droppedWindows: 0, failedRuns: 0 };
  /** The states of all streams, one after the other; each stream owns a slot. */
  #states = new Float32Array(16 * stateFloats);
  readonly #freeSlots: number[] = [];
  #slots = 0;
  #nextStream = 0;
  #running = false;
  #closed = false;

  private constructor(session: InferenceSession, makeTensor: typeof Tensor, onFault: (error: unknown) => void) {
    this.#session = session;
    this.#makeTensor = makeTensor;
    this.#sampleRate = new makeTensor("int64", BigInt64Array.of(8000n), []);
    this.#onFault = onFault;
  }

  /** Loads model and runtime. Rejects with what to do about it. `onFault` hears of runs that failed later. */
  static async load(onFault: (error: unknown) => void = () => {}): Promise<SileroBatcher> {
    try {
      const { InferenceSession, Tensor } = await import("onnxruntime-node");
      const folder = dirname(createRequire(import.meta.url).resolve("@ricky0123/vad-web"));
      const session = await InferenceSession.create(join(folder, "silero_vad_v6.onnx"), {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
      });
      return new SileroBatcher(session, Tensor, onFault);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `the neural VAD cannot be loaded (${reason}); run "npm ci" again with optional and native packages allowed`,
        { cause },
      );
    }
  }

  get stats(): SileroStats {
    return this.#stats;
  }

  /** A run is under way. */
  get busy(): boolean {
    return this.#running;
  }

  /** A stream for one call's caller. */
  open(onProbability: ProbabilityListener): SileroStream {
    if (this.#closed) throw new Error("the Silero batcher is closed");
    const slot = this.#freeSlots.pop() ?? this.#slots++;
    if (this.#slots * stateFloats > this.#states.length) {
      const grown = new Float32Array(this.#states.length * 2);
      grown.set(this.#states);
      this.#states = grown;
    }
    const stream: SileroStream = new SileroStream({
      onProbability,
      slot,
      clearState: () => this.#states.fill(0, slot * stateFloats, (slot + 1) * stateFloats),
      dropped: () => {
        this.#stats.droppedWindows += 1;
      },
      closed: () => {
        this.#streams.splice(this.#streams.indexOf(stream), 1);
        this.#freeSlots.push(slot);
      },
    });
    stream.reset();
    this.#streams.push(stream);
    return stream;
  }

  /** Judges the full windows of all streams; results come a moment later. Nothing happens while a run is under way. */
  tick(): void {
    if (this.#running || this.#closed) return;
    let full = 0;
    for (const stream of this.#streams) if (stream.full) full += 1;
    if (full === 0) return;
    const batch = this.#batch(full);
    const rows = this.#gather(batch);
    this.#running = true;
    this.#session
      .run(batch.feeds, batch.fetches)
      .then(
        () => this.#finish(batch, rows),
        (error: unknown) => this.#fail(error),
      )
      .catch(this.#onFault);
  }

  /** Closes all streams and frees the model. Twice is fine. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stream of [...this.#streams]) stream.close();
    if (!this.#running) this.#release();
  }

  /** Moves one window and the state of each full stream into the batch; the count of rows. */
  #gather(batch: Batch): number {
    let row = 0;
    const count = this.#streams.length;
    // Begins where the last run ended, so that a full house is served in turn.
    for (let i = 0; i < count && row < batch.rows; i += 1) {
      const stream = this.#streams[(this.#nextStream + i) % count]!;
      if (!stream.full) continue;
      stream.take(batch.input, row * inputSamples);
      const state = stream.slot * stateFloats;
      for (let layer = 0; layer < 2; layer += 1) {
        const to = (layer * batch.rows + row) * layerFloats;
        const from = state + layer * layerFloats;
        for (let j = 0; j < layerFloats; j += 1) batch.state[to + j] = this.#states[from + j]!;
      }
      this.#rows[row] = stream;
      this.#epochs[row] = stream.epoch;
      row += 1;
      if (row === batch.rows) this.#nextStream = (this.#nextStream + i + 1) % count;
    }
    return row;
  }

  #finish(batch: Batch, rows: number): void {
    this.#running = false;
    this.#stats.runs += 1;
    this.#stats.windows += rows;
    for (let row = 0; row < rows; row += 1) {
      const stream = this.#rows[row]!;
      this.#rows[row] = undefined;
      // Reset or closed meanwhile: nobody wants to know.
      if (stream.epoch !== this.#epochs[row]) continue;
      const state = stream.slot * stateFloats;
      for (let layer = 0; layer < 2; layer += 1) {
        const from = (layer * batch.rows + row) * layerFloats;
        const to = state + layer * layerFloats;
        for (let j = 0; j < layerFloats; j += 1) this.#states[to + j] = batch.nextState[from + j]!;
      }
      stream.judged(batch.output[row]!);
    }
    if (this.#closed) this.#release();
    else this.tick();
  }

  #fail(error: unknown): void {
    this.#running = false;
    this.#rows.fill(undefined);
    this.#stats.failedRuns += 1;
    this.#onFault(error);
    if (this.#closed) this.#release();
  }

  #release(): void {
    this.#session.release().catch(this.#onFault);
  }

  /** Tensors for that many windows: the power of two below when that is nearly all, else the one above. */
  #batch(full: number): Batch {
    let rows = 1;
    while (rows < full && rows < maxBatch) rows *= 2;
    // A row costs as much as it does when empty: 33 windows go as 32 and 1.
    if (rows > full && full <= rows * 0.75) rows /= 2;
    const known = this.#batches.get(rows);
    if (known !== undefined) return known;
    const input = new Float32Array(rows * inputSamples);
    const state = new Float32Array(rows * stateFloats);
    const output = new Float32Array(rows);
    const nextState = new Float32Array(rows * stateFloats);
    const make = this.#makeTensor;
    const batch: Batch = {
      rows,
      input,
      state,
      output,
      nextState,
      feeds: {
        input: new make("float32", input, [rows, inputSamples]),
        state: new make("float32", state, [2, rows, layerFloats]),
        sr: this.#sampleRate,
      },
      fetches: {
        output: new make("float32", output, [rows, 1]),
        stateN: new make("float32", nextState, [2, rows, layerFloats]),
      },
    };
    this.#batches.set(rows, batch);
    return batch;
  }
}

interface StreamWiring {
  readonly onProbability: ProbabilityListener;
  readonly slot: number;
  clearState(): void;
  dropped(): void;
  closed(): void;
}

/** One call's audio on its way into the model. */
export class SileroStream {
  /** Where its state lies. */
  readonly slot: number;
  readonly #wiring: StreamWiring;
  /** Samples waiting to be judged, −1…1, a ring. */
  readonly #ring = new Float32Array(ringSamples);
  readonly #context = new Float32Array(contextSamples);
  #waiting = 0;
  /** Samples given so far; the waiting ones are the last of them. */
  #total = 0;
  #judgingEnd = 0;
  #epoch = 0;
  #isClosed = false;

  constructor(wiring: StreamWiring) {
    this.#wiring = wiring;
    this.slot = wiring.slot;
  }

  /** Changes when results under way are no longer wanted. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A whole window waits. */
  get full(): boolean {
    return this.#waiting >= sileroWindowSamples;
  }

  /** Takes audio: Int16Array, mono, 8 kHz, any length up to 256 samples. */
  push(pcm8k: Int16Array): void {
    if (this.#isClosed) return;
    while (this.#waiting + pcm8k.length > ringSamples) {
      this.#keepContext();
      this.#waiting -= sileroWindowSamples;
      this.#wiring.dropped();
    }
    for (let i = 0; i < pcm8k.length; i += 1) {
      this.#ring[(this.#total + i) % ringSamples] = pcm8k[i]! / 32768;
    }
    this.#total += pcm8k.length;
    this.#waiting += pcm8k.length;
  }

  /** Says that this many samples passed unheard (silence): the rest of a window and the context are dropped. */
  skip(samples: number): void {
    this.#total += samples;
    this.#waiting = 0;
    this.#context.fill(0);
  }

  /** Forgets the voice: state, context and what waits. Positions go on. */
  reset(): void {
    if (this.#isClosed) return;
    this.#epoch += 1;
    this.skip(0);
    this.#wiring.clearState();
  }

  /** Frees its slot; nothing is reported after. Twice is fine. */
  close(): void {
    if (this.#isClosed) return;
    this.reset();
    this.#isClosed = true;
    this.#wiring.closed();
  }

  /** Moves context and oldest window to `input` at `offset`. For the batcher. */
  take(input: Float32Array, offset: number): void {
    for (let i = 0; i < contextSamples; i += 1) input[offset + i] = this.#context[i]!;
    const start = this.#total - this.#waiting;
    for (let i = 0; i < sileroWindowSamples; i += 1) {
      input[offset + contextSamples + i] = this.#ring[(start + i) % ringSamples]!;
    }
    this.#keepContext();
    this.#waiting -= sileroWindowSamples;
    this.#judgingEnd = start + sileroWindowSamples;
  }

  /** The window taken last was judged. For the batcher. */
  judged(probability: number): void {
    this.#wiring.onProbability(probability, this.#judgingEnd);
  }

  /** The end of the oldest window becomes the context of the next. */
  #keepContext(): void {
    const end = this.#total - this.#waiting + sileroWindowSamples;
    for (let i = 0; i < contextSamples; i += 1) {
      this.#context[i] = this.#ring[(end - contextSamples + i) % ringSamples]!;
    }
  }
}

import type { AudioFormat } from "../../codecs/format.ts";

/** How the playout feeds a leg. */
export interface PlayoutOptions {
  /** What the leg speaks; a constant-rate encoding. */
  readonly format: AudioFormat;
  /** How far ahead of the ear audio is sent to a far end that buffers. */
  readonly leadMs: number;
  readonly markEveryMs: number;
  /** Unheard audio of a call, kept rests included; more is refused. */
  readonly maxBufferedMs: number;
  /** The far end buffers and echoes marks. False: one frame a tick, and what was sent counts as heard (RTP). */
  readonly marks: boolean;
  /** A mark this late after it was due will not come; from then on wall time is the estimate. */
  readonly markTimeoutMs: number;
  /** Audio beyond `leadMs` that may be unproven by marks before we wait for one (a carrier that stalls). */
  readonly maxUnprovenMs: number;
  /** Delay of the far jitter buffer of a leg without marks: its frames are heard so much after they were sent. */
  readonly farBufferMs: number;
}

export const defaultPlayoutOptions = {
  leadMs: 300,
  markEveryMs: 100,
  maxBufferedMs: 300_000,
  markTimeoutMs: 2000,
  maxUnprovenMs: 1000,
  farBufferMs: 60,
} as const satisfies Partial<PlayoutOptions>;

/** Where the playout's orders go. Views are valid only during the call. */
export interface PlayoutSink {
  /** Audio for the leg: a multiple of 20 ms, at most 100 ms. */
  audio(payload: Uint8Array): void;
  mark(name: string): void;
  /** Drop what the far end has buffered. */
  clear(): void;
  /** These bytes of agent audio were heard, starting at `atMs` (monotonic). In order, each byte once. Feeds the recording. */
  heard(payload: Uint8Array, atMs: number): void;
}

/** How much of an item was heard when the agent lost the floor; all lengths in ms of the item's own audio. */
export interface InterruptedItem {
  readonly responseId: string;
  readonly itemId: string;
  readonly heardMs: number;
  readonly receivedMs: number;
  readonly heardText: string;
  /** The whole item had been received. */
  readonly complete: boolean;
}

/** An item as far as it got. */
export interface ItemPosition {
  readonly heardMs: number;
  readonly receivedMs: number;
  readonly heardText: string;
  /** Monotonic ms of its first frame on the wire. */
  readonly startedAtMs: number | undefined;
  /** Heard to its end, or cut off for good. */
  readonly done: boolean;
}

/** Words of an item that will be heard after all. */
export interface RestoredItem {
  readonly itemId: string;
  readonly remainderText: string;
}

/** What the playout has to tell. Times are monotonic ms. */
export type PlayoutNews =
  /** An item's first frame is on the wire. */
  | { readonly type: "item-started"; readonly itemId: string; readonly responseId: string; readonly atMs: number }
  /** No more of an item will be heard: it came to its end, or it was cut off for good (`interrupted`). */
  | {
      readonly type: "item-heard";
      readonly itemId: string;
      readonly responseId: string;
      readonly startMs: number;
      readonly endMs: number;
      readonly text: string;
      readonly interrupted: boolean;
      readonly heardMs: number;
    }
  /** Playout ran dry inside an item although its audio was here: our fault. */
  | { readonly type: "underrun"; readonly itemId: string }
  /** Playout ran dry inside an item because the provider sent nothing in time. */
  | { readonly type: "starved"; readonly itemId: string }
  /** Everything of a response was heard. */
  | { readonly type: "response-heard"; readonly responseId: string };

/** Counts that tell about a call's far end and provider. */
export interface PlayoutCounts {
  /** Times the far end stopped echoing marks. */
  readonly markTimeouts: number;
  /** Echoes that name no mark of ours. */
  readonly unknownMarks: number;
  /** Pushes refused because the response was interrupted. */
  readonly stalePushes: number;
  /** Pushes refused for want of room. */
  readonly overflows: number;
}

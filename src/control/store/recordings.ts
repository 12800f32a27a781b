import { createReadStream, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { CallId } from "../../kit/ids.ts";

/** The folder of the recordings: one WAV a call, named by its id. */
export interface RecordingFiles {
  /** Absolute path of a call's WAV, there or not. */
  path(callId: CallId): string;
  /** Bytes of a call's WAV; undefined when there is none. */
  sizeBytes(callId: CallId): number | undefined;
  /** Bytes `start` to `end`, both included. */
  read(callId: CallId, start: number, end: number): Readable;
}

export function openRecordings(dataDir: string): RecordingFiles {
  const folder = join(dataDir, "recordings");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = (callId: CallId) => join(folder, `${callId}.wav`);
  return {
    path,
    sizeBytes: (callId) => statSync(path(callId), { throwIfNoEntry: false })?.size,
    read: (callId, start, end) => createReadStream(path(callId), { start, end }),
  };
}

import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { wavHeaderBytes, writeWavHeader } from "../../../codecs/wav.ts";
import { defaultTimelineOptions, recordingSampleRateHz, StereoTimeline, type TimelineOptions } from "../recording.ts";

const channels = 2;
const bytesPerFrame = channels * 2;
/** How often the file catches up with the call; a crash loses no more than this. */
const flushEveryMs = 1000;
/** Frames of one write to the file: 2 s, 64 kB. */
const writeFrames = 2 * recordingSampleRateHz;

/** How a recording is made, and who hears that it failed. */
export interface WavRecorderOptions extends TimelineOptions {
  /** Called once, when the file cannot be written; the recording stops there and the call goes on. */
  readonly onError: (error: Error) => void;
}

export const defaultWavRecorderOptions = {
  ...defaultTimelineOptions,
  onError: () => {},
} as const satisfies WavRecorderOptions;

/** What is in the file when it is closed. */
export interface RecordingSummary {
  readonly path: string;
  readonly durationMs: number;
  readonly sizeBytes: number;
}

/**
 * Writes a call to a stereo WAV, caller left, agent as heard right. Nothing here waits for the disk: writes go on in
 * the background, one at a time, and the header always tells what was written before it.
 */
export class WavRecorder {
  /** The timeline, for its counters. */
  readonly timeline: StereoTimeline;
  private readonly path: string;
  private readonly onError: (error: Error) => void;
  private readonly opened: Promise<FileHandle | undefined>;
  /** Int16Array, interleaved; a copy, because the timeline goes on while the disk works. */
  private readonly staging = new Int16Array(writeFrames * channels);
  private writtenFrames = 0;
  private headerFrames = -1;
  private flushedAtMs = 0;
  private flushing: Promise<void> | undefined;
  private failed = false;
  private closing: Promise<RecordingSummary> | undefined;

  private constructor(path: string, options: WavRecorderOptions) {
    this.path = path;
    this.onError = options.onError;
    this.timeline = new StereoTimeline(options);
    this.opened = this.create();
  }

  /** Begins a recording; the folder is made, an older file of that name replaced. */
  static open(path: string, options: Partial<WavRecorderOptions> = {}): WavRecorder {
    return new WavRecorder(path, { ...defaultWavRecorderOptions, ...options });
  }

  /** Caller audio: 8 kHz, mono, any length, copied; `atMs` from the start of the call's media. */
  writeCaller(pcm: Int16Array, atMs: number): void {
    if (this.recording) this.timeline.writeCaller(pcm, atMs);
  }

  /** Agent audio as heard: 8 kHz, mono, any length, copied; `atMs` from the start of the call's media. */
  writeAgent(pcm: Int16Array, atMs: number): void {
    if (this.recording) this.timeline.writeAgent(pcm, atMs);
  }

  /** To be called on every tick, or at least each second; `nowMs` from the start of the call's media. */
  tick(nowMs: number): void {
    if (!this.recording) return;
    this.timeline.tick(nowMs);
    if (nowMs - this.flushedAtMs < flushEveryMs || this.flushing) return;
    this.flushedAtMs = nowMs;
    this.flushing = this.flush();
  }

  /** Ends the recording at `endMs` with all that is known, and never rejects; twice is fine. */
  close(endMs: number): Promise<RecordingSummary> {
    this.closing ??= this.finish(endMs);
    return this.closing;
  }

  private async create(): Promise<FileHandle | undefined> {
    try {
      await mkdir(dirname(this.path), { recursive: true });
      // What people say is nobody else's on the machine.
      const file = await open(this.path, "w", 0o600);
      await this.writeHeader(file);
      return file;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  private async flush(): Promise<void> {
    const file = await this.opened;
    try {
      while (file && !this.failed) {
        const run = this.timeline.takeChanged(this.staging);
        if (!run) break;
        const bytes = Buffer.from(this.staging.buffer, 0, run.frames * bytesPerFrame);
        await writeAll(file, bytes, wavHeaderBytes + run.firstFrame * bytesPerFrame);
        this.writtenFrames = Math.max(this.writtenFrames, run.firstFrame + run.frames);
      }
      if (file && !this.failed && this.headerFrames !== this.writtenFrames) await this.writeHeader(file);
    } catch (error) {
      this.fail(error);
    }
    this.flushing = undefined;
  }

  private async finish(endMs: number): Promise<RecordingSummary> {
    this.timeline.finish(endMs);
    await this.flushing;
    await this.flush();
    const file = await this.opened;
    await file?.close().catch((error: unknown) => this.fail(error));
    return {
      path: this.path,
      durationMs: (this.writtenFrames / recordingSampleRateHz) * 1000,
      sizeBytes: file ? wavHeaderBytes + this.writtenFrames * bytesPerFrame : 0,
    };
  }

  private async writeHeader(file: FileHandle): Promise<void> {
    const frames = this.writtenFrames;
    const dataBytes = frames * bytesPerFrame;
    await writeAll(file, writeWavHeader({ channels, sampleRateHz: recordingSampleRateHz, dataBytes }), 0);
    this.headerFrames = frames;
  }

  private get recording(): boolean {
    return !this.failed && !this.closing;
  }

  private fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.onError(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A file handle may write less than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error("Recording: the file takes no more");
    done += bytesWritten;
  }
}

/**
 * Makes the header of a recording say what the file holds, after a crash between data and header. True when the
 * file is a whole WAV now, false when it is missing, not writable or not one of ours.
 */
export async function repairWav(path: string): Promise<boolean> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r+");
    const found = new Uint8Array(wavHeaderBytes);
    const { bytesRead } = await file.read(found, 0, wavHeaderBytes, 0);
    if (bytesRead < wavHeaderBytes) return false;
    const frames = Math.floor(((await file.stat()).size - wavHeaderBytes) / bytesPerFrame);
    const dataBytes = frames * bytesPerFrame;
    const wanted = writeWavHeader({ channels, sampleRateHz: recordingSampleRateHz, dataBytes });
    // Bytes 4–7 and 40–43 are the sizes; all others are the same in every recording.
    if (!found.every((byte, at) => (at >= 4 && at < 8) || at >= 40 || byte === wanted[at])) return false;
    await file.truncate(wavHeaderBytes + dataBytes);
    await writeAll(file, wanted, 0);
    return true;
  } catch {
    return false;
  } finally {
    await file?.close();
  }
}

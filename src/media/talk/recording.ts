/** Rate of both channels of a recording. */
export const recordingSampleRateHz = 8000;
const framesPerMs = recordingSampleRateHz / 1000;

/** Audio whose nominal start is this near to the end of its channel goes on there: clocks and networks jitter. */
const glueMs = 60;
/** So far ahead of the clock the caller may be: his audio was kept for us before the call began, or his clock is fast. */
const maxAheadMs = 1000;
/** How late a run of the caller's audio was is learned while it is this young. */
const youngMs = 2000;

/** Memory is taken and given up by the second: Int16Array, caller and agent interleaved. */
const blockFrames = recordingSampleRateHz;

/** Bounds of a recording. */
export interface TimelineOptions {
  /** How late audio may come and still find its place; also how far ahead of the call it may be. */
  readonly windowMs: number;
  /** Audio after this is left out. */
  readonly maxDurationMs: number;
}

/** Half a minute for what is known as heard only later, four hours in all. */
export const defaultTimelineOptions = {
  windowMs: 30_000,
  maxDurationMs: 4 * 3_600_000,
} as const satisfies TimelineOptions;

/** A run of frames that changed since it was last taken. */
export interface ChangedRun {
  /** Frames from the start of the recording. */
  readonly firstFrame: number;
  readonly frames: number;
}

/** Where one channel is, in frames from the start of the call's media. */
interface Channel {
  readonly offset: 0 | 1;
  /** End of the audio written last; −∞ before the first. */
  writtenTo: number;
  /** Start of the run written last, without a gap so far, and end of what is before it. */
  runFrom: number;
  freeFrom: number;
}

function openChannel(offset: 0 | 1): Channel {
  return { offset, writtenTo: Number.NEGATIVE_INFINITY, runFrom: 0, freeFrom: 0 };
}

/**
 * Both sides of a call on the media timeline, 8 kHz, caller left and agent right, as the last `windowMs` of it that
 * may still change. Audio comes in any order, the shell takes what changed whenever it likes, as often as it likes:
 * the file is whole up to the last take, and late audio is simply written again.
 */
export class StereoTimeline {
  /** Chunks whose time could not be right; they were put after the audio before them. */
  misplacedChunks = 0;
  /** Frames left out: older than the window, after the maximum duration, or of a caller far ahead of the clock. */
  droppedFrames = 0;
  /** Frames that left the window before anyone took them. */
  lostFrames = 0;
  private readonly maxFrames: number;
  private readonly windowFrames: number;
  /** Ring of blocks by number; each is made when the call first reaches it. */
  private readonly blocks: (Int16Array | undefined)[];
  private lastBlock = -1;
  private readonly caller = openChannel(0);
  private readonly agent = openChannel(1);
  private head = 0;
  private nowFrame = 0;
  private changedFrom = 0;
  private changedTo = 0;

  constructor(options: Partial<TimelineOptions> = {}) {
    const { windowMs, maxDurationMs } = { ...defaultTimelineOptions, ...options };
    this.windowFrames = Math.round(windowMs * framesPerMs);
    this.maxFrames = Math.round(maxDurationMs * framesPerMs);
    this.blocks = new Array<Int16Array | undefined>(Math.ceil(this.windowFrames / blockFrames) + 1).fill(undefined);
  }

  /** Length so far: the end of the latest audio of either side. */
  get durationMs(): number {
    return this.head / framesPerMs;
  }

  /**
   * Puts caller audio (8 kHz, mono) that came at `atMs` from the start of the call's media. It may come late and then all
   * at once: what follows faster than real time shows how late the audio before it was.
   */
  writeCaller(pcm: Int16Array, atMs: number): void {
    const { caller } = this;
    const nominal = Math.round(atMs * framesPerMs);
    const ahead = nominal >= 0 && nominal < caller.writtenTo;
    if (ahead) this.pullBack(caller, caller.writtenTo - nominal);
    if (!ahead) this.put(caller, pcm, this.place(caller, nominal));
    else if (caller.writtenTo - nominal <= maxAheadMs * framesPerMs) this.put(caller, pcm, caller.writtenTo);
    else this.droppedFrames += pcm.length;
  }

  /** Puts agent audio (8 kHz, mono) where it was heard; seconds late is fine. */
  writeAgent(pcm: Int16Array, atMs: number): void {
    this.put(this.agent, pcm, this.place(this.agent, Math.round(atMs * framesPerMs)));
  }

  /** Tells how far the call is, so that audio after a long silence is not taken for a mistake. */
  tick(nowMs: number): void {
    const now = Math.round(nowMs * framesPerMs);
    if (now > this.nowFrame && now <= this.maxFrames) this.nowFrame = now;
  }

  /** Copies the earliest changed frames, interleaved, as many as `out` holds; undefined when nothing changed. */
  takeChanged(out: Int16Array): ChangedRun | undefined {
    const frames = Math.min(this.changedTo - this.changedFrom, out.length >> 1);
    if (frames <= 0) return undefined;
    const firstFrame = this.changedFrom;
    for (let done = 0; done < frames; ) {
      const frame = firstFrame + done;
      const block = this.block(frame);
      const inBlock = frame % blockFrames;
      const run = Math.min(frames - done, blockFrames - inBlock);
      out.set(block.subarray(inBlock * 2, (inBlock + run) * 2), done * 2);
      done += run;
    }
    this.changedFrom += frames;
    return { firstFrame, frames };
  }

  /** Makes the recording at least `endMs` long, with silence. */
  finish(endMs: number): void {
    const end = Math.min(Math.round(endMs * framesPerMs), this.maxFrames);
    if (!(end > this.head)) return;
    const silenceFrom = this.head;
    this.advance(end);
    this.markChanged(Math.max(silenceFrom, this.floor()), end);
  }

  private put(channel: Channel, pcm: Int16Array, start: number): void {
    if (start !== channel.writtenTo) {
      channel.freeFrom = Math.max(0, channel.writtenTo);
      channel.runFrom = start;
    }
    channel.writtenTo = start + pcm.length;
    const end = Math.min(channel.writtenTo, this.maxFrames);
    if (end > start) this.advance(end);
    const from = Math.max(start, this.floor());
    const kept = Math.max(0, end - from);
    this.droppedFrames += pcm.length - kept;
    if (kept === 0) return;
    for (let frame = from; frame < end; ) {
      const block = this.block(frame);
      const blockEnd = Math.min(end, frame - (frame % blockFrames) + blockFrames);
      let at = (frame % blockFrames) * 2 + channel.offset;
      for (; frame < blockEnd; frame++, at += 2) block[at] = pcm[frame - start]!;
    }
    this.markChanged(from, end);
  }

  /** First frame of a chunk: where its channel is, when that is near; its nominal start, when that can be. */
  private place(channel: Channel, nominal: number): number {
    if (Math.abs(nominal - channel.writtenTo) <= glueMs * framesPerMs) return channel.writtenTo;
    const latest = Math.max(this.head, this.nowFrame) + this.windowFrames;
    if (nominal >= 0 && nominal <= latest) return nominal;
    this.misplacedChunks++;
    return Math.max(0, channel.writtenTo);
  }

  /** Moves a young run by so many frames towards what is before it, if there is room; a gap that is hardly one closes. */
  private pullBack(channel: Channel, frames: number): void {
    const { offset, runFrom, freeFrom } = channel;
    const end = Math.min(channel.writtenTo, this.head);
    if (end - runFrom > youngMs * framesPerMs) return;
    const room = runFrom - Math.max(freeFrom, this.floor());
    const closes = freeFrom > 0 && room - frames <= glueMs * framesPerMs;
    const by = closes ? room : Math.min(room, frames);
    if (by <= 0) return;
    for (let frame = runFrom; frame < end + by; frame++) {
      const sample = frame < end ? this.block(frame)[(frame % blockFrames) * 2 + offset]! : 0;
      this.block(frame - by)[((frame - by) % blockFrames) * 2 + offset] = sample;
    }
    channel.runFrom -= by;
    channel.writtenTo -= by;
    this.markChanged(channel.runFrom, end);
  }

  /** Oldest frame still in memory. */
  private floor(): number {
    return Math.max(0, (this.lastBlock - this.blocks.length + 1) * blockFrames);
  }

  /** Moves the end of the recording; the blocks it enters are silent, what they held before is given up. */
  private advance(end: number): void {
    if (end <= this.head) return;
    this.head = end;
    const { blocks } = this;
    const lastBlock = Math.floor((end - 1) / blockFrames);
    for (let n = Math.max(this.lastBlock + 1, lastBlock - blocks.length + 1); n <= lastBlock; n++) {
      const known = blocks[n % blocks.length];
      if (known) known.fill(0);
      else blocks[n % blocks.length] = new Int16Array(blockFrames * 2);
    }
    this.lastBlock = Math.max(this.lastBlock, lastBlock);
    const floor = this.floor();
    if (this.changedFrom < floor) {
      this.lostFrames += Math.max(0, Math.min(floor, this.changedTo) - this.changedFrom);
      this.changedFrom = floor;
    }
  }

  private markChanged(from: number, to: number): void {
    const nothingChanged = this.changedFrom >= this.changedTo;
    this.changedFrom = nothingChanged ? from : Math.min(this.changedFrom, from);
    this.changedTo = nothingChanged ? to : Math.max(this.changedTo, to);
  }

  private block(frame: number): Int16Array {
    const block = this.blocks[Math.floor(frame / blockFrames) % this.blocks.length];
    if (!block) throw new Error("Recording: frame outside the window");
    return block;
  }
}

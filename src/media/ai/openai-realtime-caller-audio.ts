import type { AudioFormat } from "../../codecs/format.ts";
import { bytesPerMs } from "../../codecs/format.ts";
import type { RealtimeTuning } from "./openai-realtime-options.ts";

/** A stretch of the caller's audio to send: bytes by position since the call began, then a commit or not. */
export interface AudioStretch {
  readonly from: number;
  readonly to: number;
  readonly commit: boolean;
}

const maxCommitMarks = 8;

/**
 * The caller's audio on its way to the server. A ring holds the last seconds, by byte position since the call began, for
 * three uses: what was said before the session was ready, what was said while it was lost, and the pre-roll after a clear.
 *
 * With `turn_detection: null` the server's buffer holds everything since the last commit. So that it does not fill with
 * minutes of silence, it is cleared after `idleClearMs` without caller speech, and the last `preRollMs` are sent again at
 * once: the buffer stays unbroken up to now, whatever the caller does next. Speech begins with `caller-speech-started` and
 * goes on while frames are loud; a commit ends it. Nothing is ever cleared inside a turn, except after `maxTurnMs`.
 */
export class CallerAudio {
  readonly #tuning: RealtimeTuning;
  readonly #bytesPerMs: number;
  readonly #sampleBytes: number;
  readonly #encoding: AudioFormat["encoding"];
  readonly #ring: Uint8Array;
  #end = 0;
  /** Where the server's buffer begins: after the last commit or clear. */
  #bufferFrom = 0;
  /** What the flush after a lost session begins with. */
  #replayFrom = 0;
  #commitMarks: number[] = [];
  #flowing = false;
  #speechOpen = false;
  #lastVoicedAt = 0;
  #bufferSince = 0;
  #droppedBytes = 0;

  constructor(format: AudioFormat, tuning: RealtimeTuning) {
    this.#tuning = tuning;
    this.#bytesPerMs = bytesPerMs(format);
    this.#sampleBytes = format.encoding === "l16" ? 2 : 1;
    this.#encoding = format.encoding;
    this.#ring = new Uint8Array(tuning.keepCallerAudioMs * this.#bytesPerMs);
  }

  /** Takes one frame; true when it is to be sent at once, false when it is kept for later. */
  push(frame: Uint8Array, now: number): boolean {
    if (frame.length > this.#ring.length) return this.#flowing;
    const at = this.#end % this.#ring.length;
    const tail = this.#ring.length - at;
    if (frame.length <= tail) {
      this.#ring.set(frame, at);
    } else {
      this.#ring.set(frame.subarray(0, tail), at);
      this.#ring.set(frame.subarray(tail), 0);
    }
    this.#end += frame.length;
    if (this.#speechOpen && this.#isLoud(frame)) this.#lastVoicedAt = now;
    return this.#flowing;
  }

  /** The caller began to speak. */
  speechStarted(now: number): void {
    this.#speechOpen = true;
    this.#lastVoicedAt = now;
  }

  get speechOpen(): boolean {
    return this.#speechOpen;
  }

  /** Ms of audio in the server's buffer, or on the way there. */
  get uncommittedMs(): number {
    return (this.#end - this.#bufferFrom) / this.#bytesPerMs;
  }

  /** Ends the turn here. True: send a commit now. False: too short to commit, or kept for the flush. */
  commit(now: number): boolean {
    const enough = this.uncommittedMs >= this.#tuning.minCommitMs;
    this.#speechOpen = false;
    this.#lastVoicedAt = now;
    if (!enough) return false;
    this.#bufferFrom = this.#end;
    this.#bufferSince = now;
    if (this.#flowing) return true;
    this.#commitMarks.push(this.#end);
    if (this.#commitMarks.length > maxCommitMarks) this.#commitMarks.shift();
    return false;
  }

  /** The server ended the turn by itself. */
  committedByServer(now: number): void {
    this.#speechOpen = false;
    this.#bufferFrom = this.#end;
    this.#bufferSince = now;
  }

  /** Forgets what was said since the last commit; true when the server has some of it, and is to be told. */
  discard(now: number): boolean {
    const some = this.#end > this.#bufferFrom;
    this.#speechOpen = false;
    this.#bufferFrom = this.#end;
    this.#bufferSince = now;
    if (!this.#flowing && this.#commitMarks.length === 0) this.#replayFrom = this.#end;
    return some && this.#flowing;
  }

  /** When the server's buffer wants clearing if nobody speaks until then; undefined while nothing flows. */
  get idleClearAt(): number | undefined {
    if (!this.#flowing) return undefined;
    const idleAt = Math.max(this.#lastVoicedAt, this.#bufferSince) + this.#tuning.idleClearMs;
    const turnAt = this.#bufferSince + this.#tuning.maxTurnMs;
    return this.#speechOpen ? Math.min(idleAt, turnAt) : this.#bufferSince + this.#tuning.idleClearMs;
  }

  /** The server's buffer is being cleared: what to send again behind the clear. */
  clear(now: number): AudioStretch {
    this.#speechOpen = false;
    this.#bufferSince = now;
    this.#bufferFrom = this.#preRollStart();
    return { from: this.#bufferFrom, to: this.#end, commit: false };
  }

  /**
   * The session is gone. `unanswered`: the turn committed last is to be said again on the next one (nobody replied to it and
   * its words are not known), as far as the ring still has it.
   */
  suspend(unansweredFrom: number | undefined): void {
    if (!this.#flowing) return;
    this.#flowing = false;
    this.#commitMarks = [];
    if (unansweredFrom !== undefined && unansweredFrom < this.#bufferFrom) {
      this.#replayFrom = unansweredFrom;
      this.#commitMarks.push(this.#bufferFrom);
    } else {
      this.#replayFrom = this.#speechOpen ? this.#bufferFrom : Math.max(this.#bufferFrom, this.#preRollStart());
    }
  }

  /** Position where the turn in progress began. */
  get turnFrom(): number {
    return this.#bufferFrom;
  }

  /** A session is ready: everything kept, oldest first, cut where turns ended. Frames flow from now on. */
  resume(now: number): readonly AudioStretch[] {
    const kept = Math.max(0, this.#end - this.#ring.length);
    const start = Math.max(this.#replayFrom, kept);
    this.#droppedBytes += start - this.#replayFrom;
    const stretches: AudioStretch[] = [];
    let from = start;
    for (const mark of this.#commitMarks) {
      // A turn that fell out of the ring, or nearly, has nothing left to commit.
      if (mark - from < this.#tuning.minCommitMs * this.#bytesPerMs) continue;
      stretches.push({ from, to: mark, commit: true });
      from = mark;
    }
    if (this.#end > from) stretches.push({ from, to: this.#end, commit: false });
    this.#commitMarks = [];
    this.#bufferFrom = from;
    this.#bufferSince = now;
    this.#flowing = true;
    return stretches;
  }

  /** Ms of caller audio lost because the session took longer than the ring is long, since the last call. */
  takeDroppedMs(): number {
    const droppedMs = Math.round(this.#droppedBytes / this.#bytesPerMs);
    this.#droppedBytes = 0;
    return droppedMs;
  }

  /** Visits the bytes of a stretch in order, in pieces that do not wrap; views are valid only during the call. */
  visit(from: number, to: number, visitor: (audio: Uint8Array) => void): void {
    let position = from;
    while (position < to) {
      const at = position % this.#ring.length;
      const size = Math.min(to - position, this.#ring.length - at);
      visitor(this.#ring.subarray(at, at + size));
      position += size;
    }
  }

  #preRollStart(): number {
    return Math.max(0, this.#end - this.#ring.length, this.#end - this.#tuning.preRollMs * this.#bytesPerMs);
  }

  /** True when some sample of every eighth lies above about −36 dBFS; a hint, not a voice detector. */
  #isLoud(frame: Uint8Array): boolean {
    if (this.#sampleBytes === 2) {
      for (let i = 1; i < frame.length; i += 16) {
        const high = frame[i]!;
        if (high >= 2 && high <= 253) return true;
      }
      return false;
    }
    // G.711 codes grow with the level once their inversions are undone (ITU-T G.711 tables 1 and 2).
    const inversion = this.#encoding === "pcmu" ? 0xff : 0x55;
    for (let i = 0; i < frame.length; i += 8) if (((frame[i]! ^ inversion) & 0x7f) >= 0x24) return true;
    return false;
  }
}

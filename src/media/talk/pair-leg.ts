import { bytesPerMs, frameBytes, l16at16k, silenceByte } from "../../codecs/format.ts";
import type { CallLeg, LegEvents } from "../leg.ts";
import { FrameQueue } from "../rtp/frame-queue.ts";

const format = l16at16k;
/** Audio on its way to the other side. */
const maxAheadMs = 200;
/** Keys on their way to the other side. */
const maxKeys = 64;

/**
 * One of two legs that are each other's far end: calls between two numbers of ours, with nothing in between. Like an RTP
 * leg it brings one frame a tick, silence when nothing was sent.
 */
export class PairLeg implements CallLeg {
  readonly inbound = format;
  readonly outbound = format;
  readonly capabilities = { clear: true, marks: false, dtmfOut: true } as const;
  readonly #queue = new FrameQueue(maxAheadMs * bytesPerMs(format));
  readonly #frame = new Uint8Array(frameBytes(format));
  #keys = "";
  #far: PairLeg | undefined;
  #events: LegEvents | undefined;
  #closed = false;

  /** Both ends of a new pair. */
  static pair(): readonly [PairLeg, PairLeg] {
    const [one, other] = [new PairLeg(), new PairLeg()];
    one.#far = other;
    other.#far = one;
    return [one, other];
  }

  /** Nothing more will come or go. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Audio and keys of the far end go there, with the ticks from now on. */
  begin(events: LegEvents): void {
    this.#events = events;
  }

  /** Once every 20 ms, before the sessions. */
  tick(): void {
    if (this.#closed || !this.#events) return;
    const taken = this.#queue.take(this.#frame, this.#frame.length);
    this.#frame.fill(silenceByte(format), taken);
    this.#events.audio(this.#frame);
    for (const key of this.#takeKeys()) this.#events?.dtmf(key);
    // What the far end said last was heard; then it is gone.
    if (this.#far?.closed && this.#queue.length === 0) this.#hungUp();
  }

  sendAudio(payload: Uint8Array): boolean {
    const far = this.#far;
    return !this.#closed && far !== undefined && far.#queue.push(payload);
  }

  sendMark(): void {}

  clear(): void {
    const far = this.#far;
    if (far) far.#queue.clear();
  }

  sendDtmf(digits: string): boolean {
    const far = this.#far;
    if (this.#closed || !far || far.#keys.length + digits.length > maxKeys) return false;
    far.#keys += digits;
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#events = undefined;
  }

  #takeKeys(): string {
    const keys = this.#keys;
    this.#keys = "";
    return keys;
  }

  #hungUp(): void {
    const events = this.#events;
    this.close();
    events?.ended("hung-up");
  }
}

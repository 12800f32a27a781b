import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";

/** Bytes of 20 ms of μ-law. */
const frameBytes = 160;

/** When a frame left or came, by its content. Frames are told apart by all of their bytes. */
export type FrameTimes = Map<string, number>;

/** Milliseconds since 1970, as finely as the monotonic clock: comparable between threads and processes. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now();
}

/** The name of a frame: its bytes. */
export function frameName(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * A carrier's stream reduced to what latency measurement needs: every frame it sends is random, so that it can be known
 * again at the other end, and every message that comes is timed on arrival. Echoes marks when their audio was played.
 */
export class FramePhone {
  readonly sentAt: FrameTimes = new Map();
  /** When each frame of the agent arrived, in order. */
  readonly heardAt: number[] = [];
  /** From dialling to the first agent audio, in ms. */
  firstAudioMs: number | undefined;
  readonly #socket: WebSocket;
  readonly #streamSid = `MZ${randomBytes(16).toString("hex")}`;
  readonly #dialledAt = performance.now();
  readonly #marks = new Set<NodeJS.Timeout>();
  readonly #loud: boolean;
  #playedUntil = 0;
  #open = false;

  /** `loud`: noise at full level; else that of a quiet line. */
  constructor(url: string, token: string, loud: boolean) {
    this.#loud = loud;
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    this.#socket.on("open", () => {
      const { encoding, sampleRate, channels } = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };
      this.#send({ event: "connected", protocol: "Call", version: "1.0.0" });
      this.#send({
        event: "start",
        sequenceNumber: "1",
        streamSid: this.#streamSid,
        start: {
          streamSid: this.#streamSid,
          accountSid: "AC0",
          callSid: `CA${randomBytes(16).toString("hex")}`,
          tracks: ["inbound"],
          customParameters: { token },
          mediaFormat: { encoding, sampleRate, channels },
        },
      });
      this.#open = true;
    });
    this.#socket.on("message", (data) => this.#received(JSON.parse(data.toString()), performance.now()));
    this.#socket.on("error", (error) => console.error(`phone: ${error.message}`));
  }

  /** Sends one frame of its own; to be called every 20 ms. */
  sendFrame(): void {
    if (!this.#open) return;
    const frame = randomBytes(frameBytes);
    // The smallest steps of μ-law, of either sign: −50 dBov.
    if (!this.#loud) for (let i = 0; i < frame.length; i++) frame[i] = (frame[i] as number) | 0x70;
    const media = { track: "inbound", chunk: "1", timestamp: "0", payload: frame.toString("base64") };
    this.sentAt.set(frameName(frame), sharedNow());
    this.#send({ event: "media", sequenceNumber: "2", streamSid: this.#streamSid, media });
  }

  close(): void {
    for (const timer of this.#marks) clearTimeout(timer);
    this.#socket.close(1000);
  }

  #received(message: { event: string; media?: { payload: string }; mark?: { name: string } }, now: number): void {
    if (message.event === "media" && message.media) {
      this.firstAudioMs ??= now - this.#dialledAt;
      const audio = Buffer.from(message.media.payload, "base64");
      for (let at = 0; at + frameBytes <= audio.length; at += frameBytes) {
        this.heardAt.push(performance.timeOrigin + now);
      }
      this.#playedUntil = Math.max(this.#playedUntil, now) + audio.length / 8;
    } else if (message.event === "mark" && message.mark) {
      const { mark } = message;
      const echo = (): void => {
        this.#marks.delete(timer);
        this.#send({ event: "mark", streamSid: this.#streamSid, mark });
      };
      const timer = setTimeout(echo, Math.max(0, this.#playedUntil - now));
      this.#marks.add(timer);
    } else if (message.event === "clear") this.#playedUntil = now;
  }

  #send(message: unknown): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

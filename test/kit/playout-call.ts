import { type AudioFormat, bytesPerMs, pcmu8k } from "../../src/codecs/format.ts";
import { type InterruptedItem, Playout, type PlayoutNews, type PlayoutOptions } from "../../src/media/talk/playout.ts";
import { type CarrierDelays, noDelay, SimulatedCarrier } from "./simulated-carrier.ts";

/** Bytes that tell their place: two runs of them are only alike where they are the same. */
export function markedAudio(from: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => (Math.imul(from + n + 1, 2654435761) >>> 13) & 0x7f);
}

/** A playout with a simulated carrier behind it, on a virtual clock of 1 ms steps and a tick every 20 ms. */
export class PlayoutCall {
  readonly playout: Playout;
  readonly carrier: SimulatedCarrier;
  readonly bytesPerMs: number;
  /** Bytes reported as heard, a list for each generation, as `SimulatedCarrier.played`. */
  readonly heard: number[][] = [[]];
  /** When each report began, and its length in ms. */
  readonly reports: { readonly atMs: number; readonly lengthMs: number }[] = [];
  readonly news: PlayoutNews[] = [];
  /** Echoes do not reach the playout while this is set. */
  deaf = false;
  now = 0;
  #pushed = 0;
  readonly #sink;

  constructor(options: Partial<PlayoutOptions> = {}, delays: CarrierDelays = noDelay) {
    const format: AudioFormat = options.format ?? pcmu8k;
    this.bytesPerMs = bytesPerMs(format);
    this.carrier = new SimulatedCarrier(this.bytesPerMs, delays);
    this.playout = new Playout({ marks: true, ...options, format });
    const sink = this.carrier.sink((payload, atMs) => {
      for (const byte of payload) this.heard.at(-1)?.push(byte);
      this.reports.push({ atMs, lengthMs: payload.length / this.bytesPerMs });
    });
    this.#sink = {
      ...sink,
      clear: () => {
        sink.clear();
        this.heard.push([]);
      },
    };
  }

  get heardAll(): number[] {
    return this.heard.flat();
  }

  types(): string[] {
    return this.news.map((news) => news.type);
  }

  /** Pushes that much new audio of an item; returns its bytes. */
  push(ms: number, itemId = "item1", responseId = "response1"): Uint8Array {
    const audio = markedAudio(this.#pushed, ms * this.bytesPerMs);
    this.#pushed += audio.length;
    const result = this.playout.push(responseId, itemId, audio, this.now);
    if (result !== "queued") throw new Error(`pushed audio was ${result}`);
    return audio;
  }

  /** A whole reply of one item. */
  say(ms: number, itemId = "item1", responseId = "response1", text = ""): Uint8Array {
    const audio = this.push(ms, itemId, responseId);
    if (text !== "") this.playout.addText(itemId, text);
    this.playout.endItem(itemId);
    this.playout.endResponse(responseId);
    return audio;
  }

  pause(): void {
    this.playout.pause(this.now, this.#sink);
  }

  resume(): void {
    this.playout.resume(this.now);
  }

  interrupt(): InterruptedItem[] {
    return this.playout.interrupt(this.now, this.#sink);
  }

  /** Lets time pass. */
  run(ms: number): this {
    for (const end = this.now + ms; this.now < end; ) {
      if (this.now % 20 === 0) this.tick();
      this.now += 1;
      this.#deliver();
    }
    return this;
  }

  tick(): void {
    this.playout.tick(this.now, this.#sink);
    this.news.push(...this.playout.takeNews());
    this.#deliver();
  }

  #deliver(): void {
    for (const echo of this.carrier.advance(this.now)) {
      if (!this.deaf) this.playout.onMark(echo.name, this.now);
    }
  }
}

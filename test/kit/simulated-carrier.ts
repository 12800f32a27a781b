import type { PlayoutSink } from "../../src/media/talk/playout.ts";

interface Arrival {
  readonly at: number;
  readonly message: { readonly audio: Uint8Array } | { readonly mark: string } | "clear";
}

/** A mark on its way back. */
export interface Echo {
  readonly at: number;
  readonly name: string;
}

/** One-way delays in ms, asked for each message; order is kept, as on a TCP connection. */
export interface CarrierDelays {
  toCarrier(): number;
  back(): number;
}

export const noDelay: CarrierDelays = { toCarrier: () => 0, back: () => 0 };

/**
 * The far end of a media stream on a virtual clock: plays what it is sent at real speed, to the sample, echoes a mark
 * when everything before it was played, and on a clear drops what it holds and echoes the marks among it at once.
 */
export class SimulatedCarrier {
  readonly #bytesPerMs: number;
  readonly #delays: CarrierDelays;
  readonly #arrivals: Arrival[] = [];
  #lastArrivalAt = 0;
  #lastEchoAt = 0;
  readonly #echoes: Echo[] = [];
  /** What it holds, in order: audio not yet played, and marks. */
  #held: (Uint8Array | string)[] = [];
  /** Bytes of the first held audio that were played. */
  #playedOfFirst = 0;
  /** When the byte before the next one ended. */
  #playedUntil = 0;
  /** Bytes played, a list for each clear (the first list: before any clear). */
  readonly played: number[][] = [[]];
  /** Ms of silence between bytes of one generation, once it had begun to play. */
  gapMs = 0;
  now = 0;

  constructor(bytesPerMs: number, delays: CarrierDelays = noDelay) {
    this.#bytesPerMs = bytesPerMs;
    this.#delays = delays;
  }

  get playedAll(): number[] {
    return this.played.flat();
  }

  /** True when nothing is held and nothing is on its way. */
  get quiet(): boolean {
    return this.#held.length === 0 && this.#arrivals.length === 0 && this.#echoes.length === 0;
  }

  readonly messages = { audio: 0, marks: 0, clears: 0, longestBytes: 0 };

  /** The orders a playout gives; what it says was heard goes to `heard`. */
  sink(heard: PlayoutSink["heard"]): PlayoutSink {
    return {
      audio: (payload) => {
        this.messages.audio++;
        this.messages.longestBytes = Math.max(this.messages.longestBytes, payload.length);
        this.#send({ audio: payload.slice() });
      },
      mark: (name) => {
        this.messages.marks++;
        this.#send({ mark: name });
      },
      clear: () => {
        this.messages.clears++;
        this.#send("clear");
      },
      heard,
    };
  }

  /** Plays up to `now` and returns the marks that have come back by then. */
  advance(now: number): Echo[] {
    for (let next = this.#arrivals[0]; next && next.at <= now; next = this.#arrivals[0]) {
      this.#arrivals.shift();
      this.#play(next.at);
      this.#receive(next);
    }
    this.#play(now);
    this.now = now;
    const due = this.#echoes.filter((echo) => echo.at <= now);
    this.#echoes.splice(0, due.length);
    return due;
  }

  #send(message: Arrival["message"]): void {
    this.#lastArrivalAt = Math.max(this.#lastArrivalAt, this.now + this.#delays.toCarrier());
    this.#arrivals.push({ at: this.#lastArrivalAt, message });
  }

  #receive({ at, message }: Arrival): void {
    if (message === "clear") {
      for (const held of this.#held) if (typeof held === "string") this.#echo(held, at);
      this.#held = [];
      this.#playedOfFirst = 0;
      this.played.push([]);
      return;
    }
    if ("mark" in message) {
      if (this.#held.length === 0) this.#echo(message.mark, at);
      else this.#held.push(message.mark);
      return;
    }
    if (this.#held.length === 0) {
      if (this.played.at(-1)?.length) this.gapMs += Math.max(0, at - this.#playedUntil);
      this.#playedUntil = Math.max(this.#playedUntil, at);
    }
    this.#held.push(message.audio);
  }

  #play(until: number): void {
    const played = this.played.at(-1) as number[];
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (typeof first === "string") {
        this.#echo(first, this.#playedUntil);
      } else {
        const wanted = Math.floor((until - this.#playedUntil) * this.#bytesPerMs + 1e-6);
        const count = Math.min(Math.max(0, wanted), first.length - this.#playedOfFirst);
        for (let n = 0; n < count; n++) played.push(first[this.#playedOfFirst + n] as number);
        this.#playedOfFirst += count;
        this.#playedUntil += count / this.#bytesPerMs;
        if (this.#playedOfFirst < first.length) return;
        this.#playedOfFirst = 0;
      }
      this.#held.shift();
    }
  }

  #echo(name: string, at: number): void {
    this.#lastEchoAt = Math.max(this.#lastEchoAt, at + this.#delays.back());
    this.#echoes.push({ at: this.#lastEchoAt, name });
  }
}

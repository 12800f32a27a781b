import { type RtpTimestamp, rtpTimestamp, timestampDifference } from "./wrap.ts";

/*
 * Payload of a telephone event (RFC 4733 §2.3), network byte order:
 *
 *   |     event     |E|R| volume    |          duration             |
 *
 * All packets of one event carry the timestamp of its beginning; the duration, in clock-rate units, grows.
 */

/** Keys by event code (RFC 4733 §3.2). */
export const dtmfKeys = "0123456789*#ABCD";
/** Size of the payload. */
export const eventBytes = 4;
/** Packets of an event's end, so that losing some does no harm (RFC 4733 §2.5.1.4). */
const endPackets = 3;
/** An event without news for this long is over; its end was lost. */
const staleMs = 200;
/** Longest duration one event can tell; a longer one goes on in a new segment (RFC 4733 §2.5.1.3). */
const maxDuration = 0xffff;

/** What a telephone-event packet meant. */
export type EventVerdict = "key" | "repeat" | "ignored" | "malformed";

/**
 * Finds the keys in received telephone events (RFC 4733 §2.5.2): each once, at its first packet, whichever of the
 * packets that is. Times in monotonic ms.
 */
export class TelephoneEventReceiver {
  /** The key of the last `key` verdict. */
  key = "";
  #clockRateHz: number;
  #event = -1;
  #timestamp: RtpTimestamp = rtpTimestamp(0);
  #duration = 0;
  #ended = true;
  #heardAt = 0;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  setClockRate(clockRateHz: number): void {
    this.#clockRateHz = clockRateHz;
  }

  /** Takes one payload in, the bytes from `start` to `end`. */
  handle(bytes: Uint8Array, start: number, end: number, timestamp: RtpTimestamp, now: number): EventVerdict {
    if (end - start < eventBytes) return "malformed";
    const event = bytes[start]!;
    const ends = (bytes[start + 1]! & 0x80) !== 0;
    const duration = (bytes[start + 2]! << 8) | bytes[start + 3]!;
    // Flash, fax tones and trunk signals are no keys.
    if (event >= dtmfKeys.length) return "ignored";
    if (this.#event >= 0 && !this.#isNew(event, timestamp, now)) {
      if (timestampDifference(timestamp, this.#timestamp) >= 0) {
        this.#duration = timestamp === this.#timestamp ? Math.max(this.#duration, duration) : duration;
        this.#timestamp = timestamp;
        this.#ended = this.#ended || ends;
        this.#heardAt = now;
      }
      return "repeat";
    }
    this.#event = event;
    this.#timestamp = timestamp;
    this.#duration = duration;
    this.#ended = ends;
    this.#heardAt = now;
    this.key = dtmfKeys[event]!;
    return "key";
  }

  #isNew(event: number, timestamp: RtpTimestamp, now: number): boolean {
    const ahead = timestampDifference(timestamp, this.#timestamp);
    if (ahead === 0) return false;
    // A packet of an older event that took the long way, unless the time line began anew.
    if (ahead < 0) return now - this.#heardAt > staleMs;
    if (event !== this.#event) return true;
    // A long press goes on in a segment that begins where the last one ended (RFC 4733 §2.5.1.3).
    const continues = !this.#ended && ahead >= this.#duration && this.#duration > maxDuration - this.#clockRateHz / 4;
    // Quirk (several gateways): the timestamp moves with each packet of a press that has not ended.
    const moves = !this.#ended && ahead <= (this.#clockRateHz * 60) / 1000 && now - this.#heardAt < staleMs;
    return !(continues || moves);
  }
}

/** How keys are sent. */
export interface EventSendOptions {
  /** Length of a key, and of the silence after it. */
  readonly keyMs: number;
  readonly pauseMs: number;
  /** −dBm0, 0 … 63. */
  readonly volume: number;
}

/** Long enough for every exchange, short enough for twenty digits in four seconds. */
export const defaultEventSendOptions = { keyMs: 100, pauseMs: 100, volume: 10 } as const satisfies EventSendOptions;

/** Keys waiting at most. */
const maxQueuedKeys = 64;

/** What the caller sends in one 20 ms tick. */
export type EventStep = "idle" | "event" | "pause";

/**
 * Sends keys as telephone events, one packet a 20 ms tick and the end three times at once (RFC 4733 §2.5.1). After
 * `tick` says `event`, send `payload` as often as `copies` with `timestamp`, the first time with the marker if `marker`.
 */
export class TelephoneEventSender {
  /** Uint8Array, 4 bytes. */
  readonly payload = new Uint8Array(eventBytes);
  timestamp: RtpTimestamp = rtpTimestamp(0);
  marker = false;
  copies = 0;
  readonly #options: EventSendOptions;
  /** Ticks of the present key before this one. */
  tickOfKey = 0;
  #keys: number[] = [];
  #elapsedMs = -1;
  #pauseLeftMs = 0;

  constructor(options: EventSendOptions = defaultEventSendOptions) {
    this.#options = options;
  }

  /** Queues keys (0–9, *, #, A–D); false, and none is queued, when one is no key or there are too many. */
  press(keys: string): boolean {
    const events = Array.from(keys.toUpperCase(), (key) => dtmfKeys.indexOf(key));
    if (events.includes(-1) || this.#keys.length + events.length > maxQueuedKeys) return false;
    this.#keys.push(...events);
    return true;
  }

  /** Keys are being sent or wait: audio does not go out meanwhile. */
  get busy(): boolean {
    return this.#keys.length > 0 || this.#pauseLeftMs > 0;
  }

  /** One tick of 20 ms; `mediaTimestamp` is what an audio packet would carry now. */
  tick(mediaTimestamp: RtpTimestamp, clockRateHz: number): EventStep {
    if (this.#pauseLeftMs > 0) {
      this.#pauseLeftMs -= 20;
      return "pause";
    }
    const event = this.#keys[0];
    if (event === undefined) return "idle";
    this.marker = this.#elapsedMs < 0;
    if (this.marker) {
      this.timestamp = mediaTimestamp;
      this.#elapsedMs = 0;
    }
    this.tickOfKey = this.#elapsedMs / 20;
    this.#elapsedMs += 20;
    const ends = this.#elapsedMs >= this.#options.keyMs;
    const duration = Math.min(maxDuration, Math.round((this.#elapsedMs * clockRateHz) / 1000));
    this.payload[0] = event;
    this.payload[1] = (ends ? 0x80 : 0) | (this.#options.volume & 0x3f);
    this.payload[2] = duration >> 8;
    this.payload[3] = duration;
    this.copies = ends ? endPackets : 1;
    if (ends) {
      this.#keys.shift();
      this.#elapsedMs = -1;
      this.#pauseLeftMs = this.#options.pauseMs;
    }
    return "event";
  }
}

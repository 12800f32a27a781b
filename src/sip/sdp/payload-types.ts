import type { RtpFormat } from "./formats.ts";

/** Payload types we like best for what has no static one. */
const preferred: Readonly<Record<string, number>> = {
  "opus/48000/2": 96,
  "l16/16000/1": 97,
  "telephone-event/48000/1": 100,
  "telephone-event/8000/1": 101,
  "telephone-event/16000/1": 102,
};

const fixed: Readonly<Record<string, number>> = {
  "pcmu/8000/1": 0,
  "pcma/8000/1": 8,
  "g722/8000/1": 9,
  "cn/8000/1": 13,
};

/** Which payload type means what in one session: once said, a meaning stays (RFC 3264 §8.3.2). At most 128 entries. */
export class PayloadTypes {
  readonly #meanings = new Map<number, string>();

  /** Notes what a description of either side said. */
  note(formats: readonly RtpFormat[]): void {
    for (const format of formats) {
      if (!this.#meanings.has(format.payloadType)) this.#meanings.set(format.payloadType, keyOf(format));
    }
  }

  /** The payload type of a format in this session; a new one when it had none. */
  assign(format: Omit<RtpFormat, "payloadType">): RtpFormat {
    const key = keyOf(format);
    const payloadType = fixed[key] ?? this.#find(key) ?? this.#free(preferred[key]);
    this.#meanings.set(payloadType, key);
    return { ...format, payloadType };
  }

  #find(key: string): number | undefined {
    for (const [payloadType, meaning] of this.#meanings) if (meaning === key) return payloadType;
    return undefined;
  }

  #free(wanted: number | undefined): number {
    if (wanted !== undefined && !this.#meanings.has(wanted)) return wanted;
    for (let payloadType = 96; payloadType < 128; payloadType++) {
      if (!this.#meanings.has(payloadType)) return payloadType;
    }
    // All 32 are taken by what the far end spoke of: the last one is re-used rather than the call lost.
    return 127;
  }
}

/** Two formats with the same key are the same encoding. */
export function keyOf({ name, clockRateHz, channels }: Omit<RtpFormat, "payloadType">): string {
  return `${name}/${clockRateHz}/${channels}`;
}

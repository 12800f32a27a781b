/** How many short messages a text becomes on the air (3GPP TS 23.038 §6.2, TS 23.040 §9.2.3.24.1). */

/** `gsm-7`: 7 bits a character; `ucs-2`: 16 bits, for a text that has any character outside the GSM alphabet. */
export type TextEncoding = "gsm-7" | "ucs-2";

/** A text as the air carries it. */
export interface SegmentedText {
  readonly encoding: TextEncoding;
  /** Septets, or 16-bit units, of the whole text. */
  readonly units: number;
  /** The short messages, at least one; together they are the text. */
  readonly segments: readonly string[];
}

/** Units one message holds: alone, and as a part of several, where a header takes six bytes. */
const room = {
  "gsm-7": { alone: 160, part: 153 },
  "ucs-2": { alone: 70, part: 67 },
} as const satisfies Record<TextEncoding, { alone: number; part: number }>;

/** The default alphabet without its escape (TS 23.038 §6.2.1). Of `ç` it has only the capital. */
const gsmBasic: ReadonlySet<string> = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
/** Characters written as an escape and one more: two septets that stay together (TS 23.038 §6.2.1.1). */
const gsmExtension: ReadonlySet<string> = new Set("\f^{}\\[~]|€");

/** Cuts a text into short messages; no character is torn apart, neither an escaped one nor a surrogate pair. */
export function segmentText(body: string): SegmentedText {
  const encoding = encodingOf(body);
  const { alone, part } = room[encoding];
  let units = 0;
  for (const character of body) units += unitsOf(character, encoding);
  if (units <= alone) return { encoding, units, segments: [body] };
  const segments: string[] = [];
  let segment = "";
  let used = 0;
  for (const character of body) {
    const size = unitsOf(character, encoding);
    if (used + size > part) {
      segments.push(segment);
      segment = "";
      used = 0;
    }
    segment += character;
    used += size;
  }
  segments.push(segment);
  return { encoding, units, segments };
}

function encodingOf(body: string): TextEncoding {
  for (const character of body) if (!gsmBasic.has(character) && !gsmExtension.has(character)) return "ucs-2";
  return "gsm-7";
}

function unitsOf(character: string, encoding: TextEncoding): number {
  if (encoding === "ucs-2") return character.length;
  return gsmExtension.has(character) ? 2 : 1;
}

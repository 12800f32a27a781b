import type { SeededRandom } from "../kit/seeded-random.ts";

/** What parsers of text stumble over. */
const stumblingBlocks = [
  "\r\n",
  "\r\n ",
  "\r\n\r\n",
  "\r",
  "\n",
  '"',
  "\\",
  "<",
  ">",
  ",",
  ";",
  ";;",
  "=",
  "%",
  "%00",
  "@",
  ":",
  "?",
  "[",
  "]",
  "::",
  " ",
  "\t",
  "\0",
  "\u007f",
  "\u00ff",
  "é",
  "*",
  "-1",
  "99999999999999999999",
  "SIP/2.0",
  "Content-Length: 5\r\n",
  "Via: ",
  "l: ",
  "z9hG4bK",
  "a=",
  "m=audio ",
  "IN IP4 ",
];

/** A message with one to eight things done to it, mostly few: bytes changed, added, taken away, doubled, mixed with another's. */
export function mutate(messages: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const below = (limit: number): number => Math.floor(random.next() * limit);
  const pick = (): Uint8Array => messages[below(messages.length)]!;
  let bytes: Buffer = Buffer.from(pick());
  for (let times = 1 + below(1 + below(8)); times > 0; times--) {
    const at = below(bytes.length + 1);
    const end = Math.min(bytes.length, at + below(40));
    const insert = (...added: readonly Uint8Array[]): Buffer =>
      Buffer.concat([bytes.subarray(0, at), ...added, bytes.subarray(at)]);
    switch (below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = below(256);
        break;
      case 1:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << below(8));
        break;
      case 2:
        bytes = insert(Buffer.from(stumblingBlocks[below(stumblingBlocks.length)]!));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 4:
        bytes = insert(bytes.subarray(at, end));
        break;
      case 5: {
        const other = pick();
        const from = below(other.length);
        bytes = insert(other.subarray(from, from + below(200)));
        break;
      }
      case 6:
        bytes = insert(Buffer.alloc(below(2000), stumblingBlocks[below(stumblingBlocks.length)]!));
        break;
      case 7:
        if (below(4) === 0) bytes = bytes.subarray(0, at);
    }
  }
  return bytes;
}

import { ChatStream } from "../chat-stream.ts";
import { type MindPiece, PartFailure } from "../pipeline/parts.ts";

/** After the model's stop only usage and the end may come; a server that keeps the connection open is not waited for. */
const afterFinishMs = 500;

/**
 * Reads the body of a chat completions answer into pieces. Throws a `PartFailure` when the server reports an error, the
 * answer is no answer, or it is empty. `source` begins the message ("chat completions").
 */
export async function* readChatAnswer(body: AsyncIterable<Uint8Array>, source: string): AsyncGenerator<MindPiece> {
  const stream = new ChatStream();
  const chunks = body[Symbol.asyncIterator]();
  let pieces = 0;
  try {
    while (!stream.ended) {
      const next = stream.finishReason === undefined ? await chunks.next() : await within(chunks.next(), afterFinishMs);
      const read = next === undefined || next.done ? stream.end() : stream.push(next.value);
      for (const piece of read) {
        if (piece.type !== "usage") pieces += 1;
        yield piece;
      }
    }
  } finally {
    // Frees the connection; its own failure changes nothing any more.
    void chunks.return?.().catch(() => undefined);
  }
  if (stream.fault) throw new PartFailure(stream.fault.kind, `${source} answered with an error (${stream.fault.code})`);
  if (pieces === 0) {
    throw new PartFailure(
      "provider",
      `${source} gave an empty answer (${harmless(stream.finishReason ?? "no reason")})`,
    );
  }
}

/** The promise's value, or undefined when it takes too long. */
async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}

/** A server's word in at most 64 harmless characters, for a message. */
export function harmless(text: string): string {
  return text.replace(/[^\w .-]/g, "_").slice(0, 64);
}

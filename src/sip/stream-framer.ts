import { messageBounds } from "./parse.ts";

/** What was cut from a stream. */
export type StreamItem =
  /** One whole message in memory of its own. */
  | { readonly type: "message"; readonly bytes: Uint8Array }
  /** CRLF CRLF between messages: the far end wants a CRLF back (RFC 5626 §4.4.1). */
  | { readonly type: "ping" }
  /** A single CRLF between messages: the answer to a ping of ours (RFC 5626 §4.4.1). */
  | { readonly type: "pong" }
  /** Borders of messages cannot be found any more: close the connection. `head` is there when a refusal could be written. */
  | { readonly type: "fault"; readonly kind: StreamFaultKind; readonly head?: Uint8Array };

/** Why a stream cannot be cut further (RFC 3261 §18.3). */
export type StreamFaultKind = "too-large" | "no-content-length" | "bad-content-length";

const cr = 13;
const lf = 10;
const firstCapacityBytes = 4096;

/** Cuts a TCP or TLS byte stream into messages; holds at most one message, and works once on each byte. */
export class StreamFramer {
  #buffer = Buffer.allocUnsafe(firstCapacityBytes);
  #length = 0;
  /** Bytes already searched for the end of the headers. */
  #searched = 0;
  /** Bytes of the message at the front once its headers are whole, else 0. */
  #needed = 0;
  /** A single CRLF stands between messages so far. */
  #halfPing = false;
  #isBroken = false;

  /** Takes received bytes and gives what they complete. After a fault everything is ignored. */
  push(chunk: Uint8Array): readonly StreamItem[] {
    const items: StreamItem[] = [];
    let at = 0;
    while (at < chunk.length && !this.#isBroken) {
      this.#grow(chunk.length - at);
      const count = Math.min(chunk.length - at, this.#buffer.length - this.#length);
      this.#buffer.set(chunk.subarray(at, at + count), this.#length);
      this.#length += count;
      at += count;
      this.#cut(items);
    }
    return items;
  }

  /** Makes room for more bytes, up to one message of the largest size. */
  #grow(more: number): void {
    const wanted = Math.min(this.#length + more, messageBounds.messageBytes + 1);
    if (wanted <= this.#buffer.length) return;
    const capacity = Math.min(Math.max(wanted, this.#buffer.length * 2), messageBounds.messageBytes + 1);
    const larger = Buffer.allocUnsafe(capacity);
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #cut(items: StreamItem[]): void {
    let start = 0;
    for (;;) {
      if (this.#needed === 0) {
        if (this.#searched === 0) start = this.#skipLineBreaks(start, items);
        const isHalfBreak = start + 1 === this.#length && this.#buffer[start] === cr;
        if (isHalfBreak || !this.#findHead(start, items)) break;
      }
      if (this.#length - start < this.#needed) break;
      items.push({
        type: "message",
        bytes: Uint8Array.prototype.slice.call(this.#buffer, start, start + this.#needed),
      });
      start += this.#needed;
      this.#needed = 0;
      this.#searched = 0;
    }
    if (start > 0) {
      this.#buffer.copyWithin(0, start, this.#length);
      this.#length -= start;
    }
  }

  /** Moves over CRLFs between messages and reports them; gives where the next message begins. */
  #skipLineBreaks(start: number, items: StreamItem[]): number {
    let at = start;
    let sawSingle = false;
    let sawPing = false;
    for (; at + 1 < this.#length && this.#buffer[at] === cr && this.#buffer[at + 1] === lf; at += 2) {
      sawPing ||= this.#halfPing;
      sawSingle = !this.#halfPing;
      this.#halfPing = !this.#halfPing;
    }
    // Of pings in a row one is answered, so that a flood of line breaks is no flood of answers.
    if (sawPing) items.push({ type: "ping" });
    // A ping cut in two by the network shows as a pong and then a ping: the pong harms nobody, a lost ping would.
    if (sawSingle) items.push({ type: "pong" });
    const isHalfBreak = at + 1 === this.#length && this.#buffer[at] === cr;
    if (at < this.#length && !isHalfBreak) this.#halfPing = false;
    return at;
  }

  /** Looks for the end of the headers at `start` and learns the message's length; false: not whole yet, or a fault. */
  #findHead(start: number, items: StreamItem[]): boolean {
    const from = Math.max(start, start + this.#searched - 3);
    const end = this.#buffer.subarray(0, this.#length).indexOf("\r\n\r\n", from, "latin1");
    if (end < 0 || end - start > messageBounds.headBytes) {
      if (this.#length - start > messageBounds.headBytes) return this.#break(items, "too-large");
      this.#searched = this.#length - start;
      return false;
    }
    const head = this.#buffer.subarray(start, end + 4);
    const length = contentLength(head.toString("latin1"));
    if (typeof length === "string") return this.#break(items, length, Uint8Array.prototype.slice.call(head));
    if (head.length + length > messageBounds.messageBytes) {
      return this.#break(items, "too-large", Uint8Array.prototype.slice.call(head));
    }
    this.#needed = head.length + length;
    return true;
  }

  #break(items: StreamItem[], kind: StreamFaultKind, head?: Uint8Array): false {
    items.push(head === undefined ? { type: "fault", kind } : { type: "fault", kind, head });
    this.#isBroken = true;
    this.#length = 0;
    return false;
  }
}

/** Body length by the headers; on a stream it must be told, and told once (RFC 3261 §18.3, §20.14). */
function contentLength(head: string): number | StreamFaultKind {
  let length: number | undefined;
  for (const match of head.matchAll(/^(?:content-length|l)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/gim)) {
    const text = match[1]!.trim();
    const value = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
    if (value === undefined || (length !== undefined && length !== value)) return "bad-content-length";
    length = value;
  }
  return length ?? "no-content-length";
}

import type { CallId } from "../../kit/ids.ts";
import { cseqField } from "../../sip/headers/fields.ts";
import type { Hop } from "../../sip/hop.ts";
import { fromOf, type SipMessage, sipCallIdOf, toOf } from "../../sip/message.ts";
import { type Uri, userOf, writeUri } from "../../sip/uri.ts";
import { wantsPrivacy } from "./caller-privacy.ts";
import { type TraceDialog, type TraceEntry, type TraceKind, TraceShelf } from "./sip-trace-shelf.ts";
import { callerUsers, traceText, withoutUsers } from "./sip-trace-text.ts";

export type { TraceDialog, TraceEntry } from "./sip-trace-shelf.ts";

export interface SipTraceOptions {
  /** Latest messages kept of one Call-ID. */
  readonly maxMessages: number;
  /** Call-IDs kept: half are answered calls, a quarter calls that were not answered, a quarter all else. */
  readonly maxDialogs: number;
  /** Memory of all together, shared out alike. */
  readonly maxBytes: number;
  /** Memory of one Call-ID. */
  readonly maxDialogBytes: number;
  /** A longer message loses its end. */
  readonly maxMessageBytes: number;
}

export const defaultSipTrace = {
  maxMessages: 200,
  maxDialogs: 2000,
  maxBytes: 32 * 1024 * 1024,
  maxDialogBytes: 512 * 1024,
  maxMessageBytes: 16 * 1024,
} as const satisfies SipTraceOptions;

/** A moment by both clocks. */
export interface TraceMoment {
  /** Monotonic ms. */
  readonly now: number;
  /** Wall ms. */
  readonly wall: number;
}

/** Most Call-IDs known to belong to a call before their first message. */
const maxExpected = 1000;
const dialogOverheadBytes = 1024;
const entryOverheadBytes = 512;
const maxAddressChars = 200;

/** The latest SIP messages by Call-ID, in bounded memory and without secrets. Strangers cannot push answered calls out. */
export class SipTrace {
  readonly #options: SipTraceOptions;
  readonly #shelves: Readonly<Record<TraceKind, TraceShelf>>;
  /** Calls whose INVITE is not sent yet, oldest first. */
  readonly #expected = new Map<string, CallId>();

  constructor(options: SipTraceOptions = defaultSipTrace) {
    this.#options = options;
    const share = (part: number) =>
      new TraceShelf({
        maxDialogs: Math.max(1, Math.floor(options.maxDialogs * part)),
        maxBytes: Math.floor(options.maxBytes * part),
      });
    this.#shelves = { answered: share(0.5), attempt: share(0.25), other: share(0.25) };
  }

  /** Call-IDs and bytes kept now. */
  get counts() {
    const shelves = Object.values(this.#shelves);
    return {
      dialogs: shelves.reduce((sum, { size }) => sum + size, 0),
      bytes: shelves.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** Keeps a message that came or goes. */
  record(direction: "in" | "out", message: SipMessage, hop: Hop, at: TraceMoment): void {
    const sipCallId = sipCallIdOf(message);
    const known = this.dialog(sipCallId);
    if (known !== undefined) this.#shelves[known.kind].take(known);
    const dialog = known ?? this.#begin(sipCallId, message, hop, at);
    this.#note(dialog, message);
    this.#append(dialog, {
      at: Math.max(dialog.lastAt, dialog.firstWall + at.now - dialog.firstNow),
      direction,
      transport: hop.transport,
      peer: peerOf(hop),
      raw: this.#bytesOf(traceText(message, dialog.withheld)),
    });
    this.#shelves[dialog.kind].put(dialog);
  }

  /** Notes which call of ours a Call-ID belongs to, before or after its first message; several may belong to one. */
  assign(sipCallId: string, callId: CallId): void {
    const dialog = this.dialog(sipCallId);
    if (dialog !== undefined) {
      dialog.callId = callId;
      return;
    }
    this.#expected.set(sipCallId, callId);
    if (this.#expected.size > maxExpected) this.#expected.delete(this.#expected.keys().next().value!);
  }

  /** What is kept of a Call-ID. */
  dialog(sipCallId: string): TraceDialog | undefined {
    const { answered, attempt, other } = this.#shelves;
    return answered.get(sipCallId) ?? attempt.get(sipCallId) ?? other.get(sipCallId);
  }

  /** What is kept of a call's Call-IDs. */
  dialogsOf(callId: CallId): TraceDialog[] {
    return this.#all().filter((dialog) => dialog.callId === callId);
  }

  /** The Call-IDs that were heard of last, latest first. */
  latest(limit: number): TraceDialog[] {
    return this.#all()
      .sort((a, b) => b.lastAt - a.lastAt)
      .slice(0, limit);
  }

  #begin(sipCallId: string, message: SipMessage, hop: Hop, at: TraceMoment): TraceDialog {
    const dialog = newDialog(sipCallId, message, hop, at);
    dialog.callId = this.#expected.get(sipCallId);
    this.#expected.delete(sipCallId);
    return dialog;
  }

  #all(): TraceDialog[] {
    return Object.values(this.#shelves).flatMap((shelf) => [...shelf.all()]);
  }

  /** Learns from a message what the dialog is, before its text is made. */
  #note(dialog: TraceDialog, message: SipMessage): void {
    if (message.type === "request") {
      if (message.method === "INVITE" && dialog.kind === "other") dialog.kind = "attempt";
      if (dialog.withheld.length === 0 && wantsPrivacy(message.headers)) dialog.withheld = callerUsers(message.headers);
      return;
    }
    const method = message.headers.first(cseqField)?.method;
    if (message.status < 200 || method !== dialog.method) return;
    if (method === "INVITE" && message.status < 300) dialog.kind = "answered";
    // A challenge is no result: the request comes again. And a call that was answered stays so, whatever a re-INVITE gets.
    const isResult = dialog.status === undefined || dialog.status === 401 || dialog.status === 407;
    if (isResult) dialog.status = message.status;
  }

  #append(dialog: TraceDialog, entry: TraceEntry): void {
    const { maxMessages, maxDialogBytes } = this.#options;
    dialog.entries.push(entry);
    dialog.lastAt = entry.at;
    dialog.bytes += entry.raw.length + entryOverheadBytes;
    while (dialog.entries.length > maxMessages || (dialog.bytes > maxDialogBytes && dialog.entries.length > 1)) {
      const oldest = dialog.entries.shift();
      if (oldest === undefined) return;
      dialog.bytes -= oldest.raw.length + entryOverheadBytes;
      dialog.dropped++;
    }
  }

  /** Memory of exactly this length: a pooled buffer would keep its whole pool alive. */
  #bytesOf(text: string): Uint8Array {
    const { maxMessageBytes } = this.#options;
    const length = Buffer.byteLength(text, "utf8");
    const note = length > maxMessageBytes ? `\r\n[${length} bytes in all]` : "";
    const room = Math.min(length, maxMessageBytes);
    const bytes = Buffer.allocUnsafeSlow(room + note.length);
    const written = bytes.write(text, 0, room, "utf8");
    bytes.write(note, written, "latin1");
    // A character that is cut in two by the bound is left out whole.
    return written === room ? bytes : bytes.subarray(0, written + note.length);
  }
}

function newDialog(sipCallId: string, message: SipMessage, hop: Hop, { now, wall }: TraceMoment): TraceDialog {
  const withheld = message.type === "request" && wantsPrivacy(message.headers) ? callerUsers(message.headers) : [];
  const own = ownText(sipCallId);
  return {
    sipCallId: own,
    method: ownText(message.headers.first(cseqField)?.method ?? ""),
    from: withoutUsers(addressText(fromOf(message).uri), withheld),
    to: addressText(toOf(message).uri),
    peer: peerOf(hop),
    firstWall: wall,
    firstNow: now,
    entries: [],
    kind: "other",
    callId: undefined,
    status: undefined,
    lastAt: wall,
    withheld,
    dropped: 0,
    bytes: dialogOverheadBytes + own.length,
  };
}

/** An address without password and parameters. */
function addressText(uri: Uri): string {
  const user = userOf(uri);
  const text = uri.type === "sip" ? `${uri.scheme}:${user === undefined ? "" : `${user}@`}${uri.host}` : writeUri(uri);
  return ownText(text.slice(0, maxAddressChars));
}

function peerOf({ address, port }: Hop): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** A copy that does not keep the message it was cut from in memory. */
function ownText(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

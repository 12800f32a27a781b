import type { Dialog } from "../dialog.ts";
import { eventField, referToField, replacesField, subscriptionStateField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { noParams } from "../headers/params.ts";
import { cseqOf, type SipRequest, type SipResponse } from "../message.ts";
import type { ServerKey } from "../transaction/key.ts";
import { makeSipUri, type Uri, uriHeaders, userOf } from "../uri.ts";
import { addAll, type SessionContext } from "./context.ts";
import { readSipfrag } from "./sipfrag.ts";
import type { SessionCommand } from "./types.ts";

interface Transfer {
  /** Number of our REFER, which comes back in Event (RFC 3515 §2.4.6). */
  seq: number;
  lastStatus: number;
}

/** Transfers we ask the far end for: REFER out, NOTIFY in (RFC 3515 §2.4). */
export class Transfers {
  readonly #context: SessionContext;
  readonly #open = new Map<string, Transfer>();

  constructor(context: SessionContext) {
    this.#context = context;
  }

  start(command: Extract<SessionCommand, { type: "refer" }>, dialog: Dialog, now: number): void {
    const { deadlines, options, wire } = this.#context;
    const { refer, to, replaces } = command;
    if (this.#open.has(refer)) return;
    const target = replaces === undefined ? to : withHeader(to, "Replaces", replacesField.write(replaces));
    const headers = new SipHeaders().put(referToField, { uri: target, params: noParams });
    const request = dialog.request("REFER", { headers: addAll(headers, command.headers) });
    const transfer: Transfer = { seq: cseqOf(request).seq, lastStatus: 100 };
    this.#open.set(refer, transfer);
    deadlines.set(`transfer-${refer}`, now + options.maxReferMs, () => this.#finish(refer, 408, "Request Timeout"));
    wire.send(request, {
      nextSeq: () => {
        transfer.seq = dialog.nextSeq();
        return transfer.seq;
      },
      onFinal: (response) => this.#answered(refer, response),
      onFailed: () => this.#finish(refer, 408, "Request Timeout"),
    });
  }

  #answered(refer: string, response: SipResponse): void {
    const { status, reason, headers } = response;
    // With Refer-Sub: false nothing more will be heard (RFC 4488 §4).
    const isSilent = headers.get("Refer-Sub")?.trim().toLowerCase() === "false";
    if (status >= 300 || isSilent) this.#finish(refer, status, reason);
  }

  /** Takes a NOTIFY; false when it belongs to no transfer of ours. */
  notify(key: ServerKey, request: SipRequest): boolean {
    const event = request.headers.first(eventField);
    if (event?.name !== "refer") return false;
    const found = this.#find(event.id);
    if (found === undefined) return false;
    const [refer, transfer] = found;
    this.#context.wire.respond(key, this.#context.response(request, 200));
    const progress = readSipfrag(request.body);
    const isOver = request.headers.first(subscriptionStateField)?.state === "terminated";
    if (progress !== undefined) transfer.lastStatus = progress.status;
    if (progress !== undefined && progress.status >= 200) {
      this.#finish(refer, progress.status, progress.reason);
    } else if (isOver) {
      // It ended without a result, which is no success.
      this.#finish(refer, 408, "No result");
    } else if (progress !== undefined) {
      const { status, reason } = progress;
      this.#context.wire.event({ type: "refer-progress", refer, status, reason, isFinal: false });
    }
    return true;
  }

  #find(id: string | undefined): [string, Transfer] | undefined {
    for (const [refer, transfer] of this.#open) {
      if (id === undefined || id === String(transfer.seq)) return [refer, transfer];
    }
    return undefined;
  }

  #finish(refer: string, status: number, reason: string): void {
    if (!this.#open.delete(refer)) return;
    this.#context.deadlines.clear(`transfer-${refer}`);
    this.#context.wire.event({ type: "refer-progress", refer, status, reason, isFinal: true });
  }
}

/** A URI with one more header, escaped (RFC 3891 §8: `?Replaces=…`). */
function withHeader(uri: Uri, name: string, value: string): Uri {
  if (uri.type !== "sip") return uri;
  const headers = Object.fromEntries([...uriHeaders(uri), [name, value]]);
  const { scheme, host, port, params } = uri;
  const made = makeSipUri({ scheme, user: userOf(uri), host, port, headers });
  return { ...made, params, rawPassword: uri.rawPassword };
}

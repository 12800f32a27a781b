import { unknownRequirements } from "../capabilities.ts";
import type { Dialog } from "../dialog.ts";
import { contentTypeField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import type { SipRequest } from "../message.ts";
import type { ServerKey } from "../transaction/key.ts";
import type { SessionContext } from "./context.ts";
import type { Referrals } from "./referrals.ts";
import type { RemoteOffers } from "./remote-offers.ts";
import type { Transfers } from "./transfers.ts";
import type { SessionCommand } from "./types.ts";

/** Requests within a call that do not end it, theirs and ours. */
export class DialogRequests {
  readonly #context: SessionContext;
  readonly #parts: { readonly offers: RemoteOffers; readonly transfers: Transfers; readonly referrals: Referrals };

  constructor(
    context: SessionContext,
    parts: { readonly offers: RemoteOffers; readonly transfers: Transfers; readonly referrals: Referrals },
  ) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Takes what may come after the call's end too, and refuses what nobody could follow. False: not of that kind. */
  handleAnytime(key: ServerKey, request: SipRequest): boolean {
    const unknown = unknownRequirements(request.headers);
    if (unknown.length > 0) {
      this.#answer(key, request, 420, SipHeaders.of(["Unsupported", unknown.join(", ")]));
      return true;
    }
    if (request.method !== "NOTIFY") return false;
    if (this.#parts.transfers.notify(key, request)) return true;
    // Waiting messages and other news nobody subscribed to are taken politely; a transfer must be known (RFC 6665 §4.1.3).
    const isRefer = /^refer\b/i.test(request.headers.get("Event") ?? "");
    this.#answer(key, request, isRefer ? 481 : 200);
    return true;
  }

  /** Takes any other request of the far end. */
  handle(key: ServerKey, request: SipRequest, dialog: Dialog, now: number): void {
    const { offers, referrals } = this.#parts;
    switch (request.method) {
      case "INVITE":
        offers.reinvite(key, request, now);
        return;
      case "UPDATE":
        offers.update(key, request, now);
        return;
      case "PRACK":
        // We sent nothing that it could acknowledge.
        this.#answer(key, request, 481);
        return;
      case "REFER":
        if (dialog.state === "confirmed") referrals.request(key, request, dialog, now);
        else this.#answer(key, request, 403);
        return;
      case "INFO":
      case "MESSAGE": {
        this.#answer(key, request, 200);
        const { method, headers, body } = request;
        const contentType = headers.first(contentTypeField)?.type ?? "";
        this.#context.wire.event({ type: "message", method, contentType, body, headers });
        return;
      }
      case "OPTIONS":
        this.#answer(key, request, 200, this.#context.capabilityLines().add("Accept", "application/sdp"));
        return;
      default:
        this.#answer(key, request, 405, this.#context.capabilityLines());
    }
  }

  /** Sends INFO, MESSAGE or OPTIONS for the user. */
  send(command: Extract<SessionCommand, { type: "send" }>): void {
    const { dialog, wire } = this.#context;
    const { token, method, contentType, body, headers } = command;
    if (dialog === undefined) {
      wire.event({ type: "sent", token, status: 481 });
      return;
    }
    wire.send(dialog.request(method, { headers, contentType, body }), {
      nextSeq: () => dialog.nextSeq(),
      onFinal: ({ status }) => wire.event({ type: "sent", token, status }),
      onFailed: () => wire.event({ type: "sent", token, status: 408 }),
    });
  }

  #answer(key: ServerKey, request: SipRequest, status: number, headers?: SipHeaders): void {
    this.#context.wire.respond(key, this.#context.response(request, status, { headers }));
  }
}

import type { Dialog } from "../dialog.ts";
import { eventField, referredByField, referToField, replacesField, subscriptionStateField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { noParams } from "../headers/params.ts";
import { cseqOf, type SipRequest } from "../message.ts";
import { reasonPhrases } from "../reason-phrases.ts";
import { makeTag } from "../tokens.ts";
import type { ServerKey } from "../transaction/key.ts";
import { uriHeaders } from "../uri.ts";
import type { SessionContext } from "./context.ts";
import { writeSipfrag } from "./sipfrag.ts";

interface Referral {
  readonly dialog: Dialog;
  readonly request: SipRequest;
  /** Goes into Event, so that several transfers of one call are told apart (RFC 3515 §2.4.6). */
  readonly seq: number;
  readonly expiresAt: number;
  /** There until the REFER is answered. */
  key: ServerKey | undefined;
}

/** Most transfers the far end may ask for at a time. */
const maxReferrals = 4;

/** Transfers the far end asks us for: REFER in, NOTIFY out to the end, beyond a BYE too (RFC 3515 §2.4, RFC 5057). */
export class Referrals {
  readonly #context: SessionContext;
  readonly #open = new Map<string, Referral>();

  constructor(context: SessionContext) {
    this.#context = context;
  }

  /** Takes a REFER: asks the user, or refuses what cannot be followed. */
  request(key: ServerKey, request: SipRequest, dialog: Dialog, now: number): void {
    const { wire, deadlines, options, random } = this.#context;
    const to = request.headers.first(referToField);
    if (to === undefined || request.headers.count("Refer-To") !== 1) {
      wire.respond(key, this.#context.response(request, 400));
      return;
    }
    const replacesText = uriHeaders(to.uri).find(([name]) => name.toLowerCase() === "replaces")?.[1];
    const replaces = replacesText === undefined ? undefined : replacesField.parse(replacesText);
    if (this.#open.size >= maxReferrals || (replacesText !== undefined && replaces === undefined)) {
      wire.respond(
        key,
        this.#context.response(request, replaces === undefined && replacesText !== undefined ? 400 : 480),
      );
      return;
    }
    const refer = makeTag(random);
    const expiresAt = now + options.maxReferMs;
    this.#open.set(refer, { dialog, request, seq: cseqOf(request).seq, expiresAt, key });
    deadlines.set(`refer-${refer}`, now + options.answerOfferMs, () => this.refuse(refer, 480));
    const referredBy = request.headers.first(referredByField);
    wire.event({ type: "refer-requested", refer, to, replaces, referredBy });
  }

  accept(refer: string, now: number): void {
    const referral = this.#open.get(refer);
    if (referral?.key === undefined) return;
    const { deadlines, wire } = this.#context;
    // The far end may not want to hear how it goes (RFC 4488 §4).
    const isSilent = referral.request.headers.get("Refer-Sub")?.trim().toLowerCase() === "false";
    const headers = isSilent ? SipHeaders.of(["Refer-Sub", "false"]) : undefined;
    wire.respond(referral.key, this.#context.response(referral.request, 202, { headers }));
    referral.key = undefined;
    if (isSilent) {
      this.#close(refer);
      return;
    }
    deadlines.set(`refer-${refer}`, referral.expiresAt, (at) => this.progress(refer, 408, undefined, at));
    this.#notify(refer, referral, 100, undefined, now);
  }

  refuse(refer: string, status: number): void {
    const referral = this.#open.get(refer);
    if (referral?.key === undefined) return;
    this.#context.wire.respond(referral.key, this.#context.response(referral.request, status));
    this.#close(refer);
  }

  /** Tells the far end; 200 and above is the last word. */
  progress(refer: string, status: number, reason: string | undefined, now: number): void {
    const referral = this.#open.get(refer);
    if (referral === undefined || referral.key !== undefined) return;
    this.#notify(refer, referral, status, reason, now);
    if (status >= 200) this.#close(refer);
  }

  /** The call has ended: what was not answered yet is refused, what was accepted goes on. */
  stop(): void {
    for (const refer of [...this.#open.keys()]) this.refuse(refer, 481);
  }

  #notify(
    refer: string,
    { dialog, seq, expiresAt }: Referral,
    status: number,
    reason: string | undefined,
    now: number,
  ): void {
    const headers = new SipHeaders().put(eventField, { name: "refer", id: String(seq), params: noParams });
    const expiresS = Math.max(1, Math.ceil((expiresAt - now) / 1000));
    const state = status >= 200 ? { state: "terminated", reason: "noresource" } : { state: "active", expiresS };
    headers.put(subscriptionStateField, state);
    const body = writeSipfrag(status, reason ?? reasonPhrases[status] ?? "");
    const request = dialog.request("NOTIFY", { headers, contentType: "message/sipfrag;version=2.0", body });
    this.#context.wire.send(request, {
      nextSeq: () => dialog.nextSeq(),
      // Whoever refuses a NOTIFY does not want another (RFC 6665 §4.2.2).
      onFinal: (response) => {
        if (response.status >= 300) this.#close(refer);
      },
      onFailed: () => this.#close(refer),
    });
  }

  #close(refer: string): void {
    this.#open.delete(refer);
    this.#context.deadlines.clear(`refer-${refer}`);
  }
}

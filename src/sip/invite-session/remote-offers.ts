import { SipHeaders } from "../headers/headers.ts";
import type { SipRequest } from "../message.ts";
import { sdpOf } from "../sdp-body.ts";
import type { ServerKey } from "../transaction/key.ts";
import { Acceptance } from "./acceptance.ts";
import { addAll, type SessionContext } from "./context.ts";
import type { LocalOffers } from "./local-offers.ts";

/** Changes to a call that the far end wants: re-INVITE and UPDATE in, glare told (RFC 3261 §14.2, RFC 3311 §5.2). */
export class RemoteOffers {
  readonly #context: SessionContext;
  readonly #local: LocalOffers;
  /** A re-INVITE that the user is to answer. */
  #remote: { readonly key: ServerKey; readonly request: SipRequest } | undefined;

  constructor(context: SessionContext, local: LocalOffers) {
    this.#context = context;
    this.#local = local;
  }

  /** Takes a re-INVITE of the far end (RFC 3261 §14.2). */
  reinvite(key: ServerKey, request: SipRequest, now: number): void {
    const { acceptances, dialog, offers, timer, wire } = this.#context;
    const refusal = timer.refusal(request);
    if (this.#local.isInviting || offers.state === "local-offer") {
      wire.respond(key, this.#context.response(request, 491));
      return;
    }
    if (acceptances.size > 0 || this.#context.isAsking || dialog?.state !== "confirmed") {
      wire.respond(key, this.#context.refuseForNow(request));
      return;
    }
    if (refusal !== undefined) {
      wire.respond(key, this.#context.response(request, 422, { headers: refusal }));
      return;
    }
    dialog.refreshTarget(request);
    this.#remote = { key, request };
    const sdp = sdpOf(request);
    if (sdp !== undefined) offers.remoteOffer();
    this.#context.askUser(
      sdp === undefined ? { type: "offer-wanted" } : { type: "remote-offer", sdp },
      {
        answer: (answer, at) => this.#answerReinvite(key, request, answer, sdp === undefined, at),
        refuse: (status) => {
          this.#remote = undefined;
          offers.rollback();
          wire.respond(key, this.#context.response(request, status));
        },
      },
      now,
    );
  }

  #answerReinvite(key: ServerKey, request: SipRequest, answer: Uint8Array, isLate: boolean, now: number): void {
    const { offers, timer, wire } = this.#context;
    this.#remote = undefined;
    if (isLate) offers.localOffer(answer);
    else offers.localAnswer(answer);
    const headers = addAll(this.#context.capabilityLines(), timer.acceptRequest(request, now));
    const response = this.#context.response(request, 200, { headers, sdp: answer });
    const user = {
      onAck: (ack: SipRequest): void => {
        const sdp = sdpOf(ack);
        if (!isLate) return;
        if (sdp === undefined) {
          offers.rollback();
          wire.event({ type: "offer-failed", status: 200 });
          return;
        }
        offers.remoteAnswer();
        wire.event({ type: "remote-answer", sdp });
      },
      // RFC 3261 §14.2: without the ACK the dialog ends.
      onGivenUp: (at: number): void => this.#context.hangUp({ by: "network", cause: "no-ack", reasons: [] }, at),
    };
    new Acceptance(this.#context, key, response, user, now);
  }

  /** The far end gave its re-INVITE up; true when it was that one (RFC 3261 §9.2). */
  cancel(key: ServerKey): boolean {
    const remote = this.#remote;
    if (remote === undefined || remote.key !== key) return false;
    this.#remote = undefined;
    this.#context.dropQuestion();
    this.#context.offers.rollback();
    this.#context.wire.respond(key, this.#context.response(remote.request, 487));
    this.#context.wire.event({ type: "offer-withdrawn" });
    return true;
  }

  /** Takes an UPDATE of the far end (RFC 3311 §5.2). */
  update(key: ServerKey, request: SipRequest, now: number): void {
    const { dialog, offers, timer, wire } = this.#context;
    const sdp = sdpOf(request);
    if (sdp !== undefined && (this.#context.isAsking || offers.state === "remote-offer")) {
      wire.respond(key, this.#context.refuseForNow(request));
      return;
    }
    if (sdp !== undefined && offers.state === "local-offer") {
      wire.respond(key, this.#context.response(request, 491));
      return;
    }
    const refusal = timer.refusal(request);
    if (refusal !== undefined) {
      wire.respond(key, this.#context.response(request, 422, { headers: refusal }));
      return;
    }
    dialog?.refreshTarget(request);
    const accept = (at: number, answer?: Uint8Array): void => {
      // Session timers begin with the call itself (RFC 4028 §7.4).
      const lines = dialog?.state === "confirmed" ? timer.acceptRequest(request, at) : new SipHeaders();
      const headers = addAll(this.#context.capabilityLines(), lines);
      wire.respond(key, this.#context.response(request, 200, { headers, sdp: answer }));
    };
    if (sdp === undefined) {
      accept(now);
      return;
    }
    offers.remoteOffer();
    this.#context.askUser(
      { type: "remote-offer", sdp },
      {
        answer: (answer, at) => {
          offers.localAnswer(answer);
          accept(at, answer);
        },
        refuse: (status) => {
          offers.rollback();
          wire.respond(key, this.#context.response(request, status));
        },
      },
      now,
    );
  }
}

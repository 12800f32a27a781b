import type { Dialog } from "../dialog.ts";
import { cseqOf, type SipRequest, type SipResponse } from "../message.ts";
import { sdpOf } from "../sdp-body.ts";
import { randomFraction } from "../tokens.ts";
import { patienceMs, type TransactionFault } from "../transaction/types.ts";
import { addAll, type SessionContext } from "./context.ts";

type Method = "INVITE" | "UPDATE";

/** An offer of ours on its way, or to be sent when nothing else is. */
interface Local {
  readonly method: Method;
  /** Undefined: the far end is to offer. */
  readonly sdp: Uint8Array | undefined;
  /** A session refresh: nobody asked for it, so nobody is told that it failed. */
  readonly isRefresh: boolean;
  readonly tries: number;
  ref?: number;
  /** The far end's late offer lies before the user. */
  isAsked?: boolean;
}

/** Most times one offer is sent: glare (491) and small intervals (422) end somewhere. */
const maxTries = 6;

/** Changes to a call that we want, by re-INVITE or UPDATE: one at a time, again after glare (RFC 3261 §14.1, RFC 3311 §5.1). */
export class LocalOffers {
  readonly #context: SessionContext;
  /** We made the Call-ID, so we wait longer after glare (RFC 3261 §14.1). */
  readonly #ownsCallId: boolean;
  #local: Local | undefined;
  #queued: Local | undefined;
  /** The last ACK, sent again when its 2xx comes again. */
  readonly #acks = new Map<number, SipRequest>();

  constructor(context: SessionContext, ownsCallId: boolean) {
    this.#context = context;
    this.#ownsCallId = ownsCallId;
  }

  /** True while an INVITE of ours is under way. */
  get isInviting(): boolean {
    return this.#local?.method === "INVITE";
  }

  /** Offers, as soon as that is allowed; an offer that waits is replaced. */
  offer(sdp: Uint8Array | undefined, method: Method, now: number): void {
    this.#queued = { method, sdp, isRefresh: false, tries: 0 };
    this.#context.deadlines.clear("glare");
    this.sendQueued(now);
  }

  /** Keeps the session alive without a change (RFC 4028 §7.4). */
  refresh(now: number): void {
    if (this.#local !== undefined || this.#queued !== undefined) return;
    const { allowsUpdate, offers } = this.#context;
    const sdp = allowsUpdate ? undefined : offers.local;
    this.#queued = { method: allowsUpdate ? "UPDATE" : "INVITE", sdp, isRefresh: true, tries: 0 };
    this.sendQueued(now);
  }

  /** Sends what waits, when nothing stands in its way (RFC 3261 §14.1, RFC 3311 §5.1). */
  sendQueued(now: number): void {
    const { acceptances, deadlines, dialog, offers, isAsking } = this.#context;
    const queued = this.#queued;
    if (queued === undefined || dialog === undefined || deadlines.has("glare")) return;
    if (this.#local !== undefined || isAsking || offers.state !== "stable") return;
    const isUpdate = queued.method === "UPDATE";
    // An INVITE waits for the end of the one before, an UPDATE may pass it.
    if (!isUpdate && (acceptances.size > 0 || dialog.state !== "confirmed")) return;
    this.#queued = undefined;
    this.#send(dialog, queued, now);
  }

  #send(dialog: Dialog, local: Local, now: number): void {
    const { deadlines, offers, timer, wire, options } = this.#context;
    const headers = addAll(this.#context.capabilityLines(), timer.requestLines());
    const { method, sdp } = local;
    if (sdp !== undefined) offers.localOffer(sdp);
    const request = dialog.request(method, { headers, contentType: "application/sdp", body: sdp });
    this.#local = local;
    local.ref = wire.send(request, {
      nextSeq: () => dialog.nextSeq(),
      onResent: (_request, ref) => {
        local.ref = ref;
      },
      onFinal: (response, at) => {
        if (response.status < 300) this.#accepted(dialog, local, response, at);
        else this.#refused(local, response, at);
      },
      onFailed: (fault, at) => this.#failed(local, fault, at),
    });
    if (method !== "INVITE") return;
    // A re-INVITE rings nobody; a far end that stays silent behind its 100 is not waited for.
    deadlines.set("re-invite", now + patienceMs(options.timers), () => {
      if (this.#local === local && local.ref !== undefined) wire.order({ type: "cancel", ref: local.ref });
    });
  }

  #accepted(dialog: Dialog, local: Local, response: SipResponse, now: number): void {
    const { seq, method } = cseqOf(response);
    const ack = this.#acks.get(seq);
    if (this.#local !== local) {
      // Answered before, or after the call ended: acknowledged all the same.
      if (ack !== undefined) this.#context.wire.order({ type: "ack", request: ack });
      else if (method === "INVITE") this.#ack(dialog, seq);
      return;
    }
    const { deadlines, offers, timer, wire } = this.#context;
    deadlines.clear("re-invite");
    dialog.refreshTarget(response);
    timer.acceptResponse(response, now);
    const sdp = sdpOf(response);
    if (local.sdp === undefined && method === "INVITE") {
      // The 2xx comes again until our ACK, which waits for the user.
      if (local.isAsked) return;
      local.isAsked = true;
      this.#acceptedLate(dialog, local, seq, sdp, now);
      return;
    }
    this.#local = undefined;
    if (method === "INVITE") this.#ack(dialog, seq);
    if (local.sdp === undefined) return;
    if (sdp === undefined) {
      offers.rollback();
      if (!local.isRefresh) wire.event({ type: "offer-failed", status: response.status });
      return;
    }
    offers.remoteAnswer();
    wire.event({ type: "remote-answer", sdp });
  }

  /** The far end offers in its 2xx; the ACK has our answer (RFC 3261 §14.1). */
  #acceptedLate(dialog: Dialog, local: Local, seq: number, sdp: Uint8Array | undefined, now: number): void {
    const { offers, wire } = this.#context;
    if (sdp === undefined) {
      this.#local = undefined;
      this.#ack(dialog, seq);
      if (!local.isRefresh) wire.event({ type: "offer-failed", status: 200 });
      return;
    }
    offers.remoteOffer();
    const finish = (answer?: Uint8Array): void => {
      this.#local = undefined;
      this.#ack(dialog, seq, answer);
    };
    this.#context.askUser(
      { type: "remote-offer", sdp },
      {
        answer: (answer) => {
          offers.localAnswer(answer);
          finish(answer);
        },
        refuse: (_status, at) => {
          finish();
          // An offer in a 2xx cannot be refused, only the call ended (RFC 6337 §2.3).
          this.#context.hangUp({ by: "local", cause: "protocol", reasons: [] }, at);
        },
      },
      now,
    );
  }

  #ack(dialog: Dialog, seq: number, sdp?: Uint8Array): void {
    const request = dialog.ack(seq, { contentType: "application/sdp", body: sdp });
    // Only the last few can still be asked for.
    if (this.#acks.size >= 4) this.#acks.delete(this.#acks.keys().next().value!);
    this.#acks.set(seq, request);
    this.#context.wire.order({ type: "ack", request });
  }

  #refused(local: Local, response: SipResponse, now: number): void {
    const { status } = response;
    const { offers, timer } = this.#context;
    if (!this.#settle(local)) return;
    if (local.sdp !== undefined) offers.rollback();
    if (status === 481 || status === 408) {
      // The far end knows nothing of this call any more (RFC 3261 §12.2.1.2).
      this.#context.hangUp({ by: "remote", cause: "timeout", status, reasons: [] }, now);
      return;
    }
    const again = local.tries + 1 < maxTries && this.#queued === undefined;
    if (status === 491 && again) {
      this.#queued = { ...local, tries: local.tries + 1, ref: undefined };
      this.#context.deadlines.set("glare", now + this.#glareMs(), (at) => this.sendQueued(at));
    } else if (status === 422 && again && timer.raise(response)) {
      this.#queued = { ...local, tries: local.tries + 1, ref: undefined };
    } else if (!local.isRefresh) {
      this.#context.wire.event({ type: "offer-failed", status });
    }
  }

  /** The maker of the Call-ID waits 2.1–4 s, the other 0–2 s, so that they do not meet again (RFC 3261 §14.1). */
  #glareMs(): number {
    const steps = Math.floor(randomFraction(this.#context.random) * (this.#ownsCallId ? 191 : 201));
    return (this.#ownsCallId ? 2100 : 0) + steps * 10;
  }

  #failed(local: Local, fault: TransactionFault, now: number): void {
    if (!this.#settle(local)) return;
    if (local.sdp !== undefined) this.#context.offers.rollback();
    if (fault === "timeout") {
      this.#context.hangUp({ by: "network", cause: "timeout", reasons: [] }, now);
    } else if (!local.isRefresh) {
      this.#context.wire.event({ type: "offer-failed", status: 503 });
    }
  }

  /** False when the call has ended meanwhile. */
  #settle(local: Local): boolean {
    if (this.#local !== local) return false;
    this.#local = undefined;
    this.#context.deadlines.clear("re-invite");
    return true;
  }

  /** Ends with the call: nothing of ours is sent any more. What the user was asked is refused by the session. */
  stop(): void {
    this.#queued = undefined;
    this.#context.deadlines.clear("glare");
    this.#context.deadlines.clear("re-invite");
    const local = this.#local;
    this.#local = undefined;
    if (local?.method === "INVITE" && local.ref !== undefined) {
      this.#context.wire.order({ type: "cancel", ref: local.ref });
    }
  }
}

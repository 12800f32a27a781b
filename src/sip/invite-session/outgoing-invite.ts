import { requires } from "../capabilities.ts";
import { Dialog } from "../dialog.ts";
import { reasonField, retryAfterField, rseqField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { cseqOf, type SipRequest, type SipResponse, toTag } from "../message.ts";
import { sdpOf } from "../sdp-body.ts";
import type { TransactionFault } from "../transaction/types.ts";
import type { Uri } from "../uri.ts";
import { buildInvite } from "./build-invite.ts";
import type { SessionContext } from "./context.ts";
import { Redirects } from "./redirects.ts";
import { rackFor } from "./reliable-provisionals.ts";
import type { OutgoingCall, SessionEnd } from "./types.ts";
import type { RequestHandler } from "./wire.ts";

/** One callee's side of our INVITE; a forking proxy shows us several (RFC 3261 §13.2.2). */
interface Fork {
  readonly dialog: Dialog;
  /** Last reliable provisional response taken (RFC 3262 §4). */
  rseq?: number;
  /** Its answer, seen early. */
  sdp?: Uint8Array;
  /** It answered or offered reliably, so its SDP is binding. */
  isBound: boolean;
  /** Sent again whenever its 2xx comes again. */
  ack?: SipRequest;
}

/** Most callees of one INVITE that we keep apart. */
const maxForks = 16;

/** The calling side of an INVITE, from sending it to the last fork's 2xx (RFC 3261 §13.2). */
export class OutgoingInvite {
  readonly #context: SessionContext;
  readonly #call: OutgoingCall;
  readonly #localTag: string;
  readonly #sipCallId: string;
  readonly #forks = new Map<string, Fork>();
  #state: "calling" | "answered" | "over" = "calling";
  #isCancelled = false;
  #seq = 0;
  #ref = 0;
  #request: SipRequest | undefined;
  #winner: Fork | undefined;
  readonly #redirects: Redirects;
  /** Whom we are calling now. */
  #uri: Uri;
  #raises = 0;

  constructor(
    context: SessionContext,
    call: OutgoingCall,
    ids: { readonly localTag: string; readonly sipCallId: string },
  ) {
    this.#context = context;
    this.#call = call;
    this.#localTag = ids.localTag;
    this.#sipCallId = ids.sipCallId;
    this.#uri = call.uri;
    this.#redirects = new Redirects(call.uri, context.options.maxRedirects, call.mayRedirectTo);
  }

  get isCalling(): boolean {
    return this.#state === "calling";
  }

  /** The dialog of the callee with this tag, early or confirmed. */
  dialogOf(remoteTag: string): Dialog | undefined {
    return this.#forks.get(remoteTag)?.dialog;
  }

  start(now: number): void {
    const { deadlines, options } = this.#context;
    deadlines.set("ring", now + options.maxRingMs, (at) => {
      this.cancel(SipHeaders.of(["Reason", 'SIP;cause=408;text="No answer"']));
      this.#context.end({ by: "local", cause: "no-answer", reasons: [] }, at);
    });
    this.#invite(this.#call.uri);
  }

  /** Gives up; what comes after it is cleaned up quietly (RFC 3261 §9.1). */
  cancel(headers?: SipHeaders): void {
    if (this.#state !== "calling" || this.#isCancelled) return;
    this.#isCancelled = true;
    this.#context.deadlines.clear("ring");
    this.#context.wire.order({ type: "cancel", ref: this.#ref, headers });
  }

  #invite(uri: Uri): void {
    this.#uri = uri;
    this.#seq++;
    const { sdp } = this.#call;
    if (sdp !== undefined) this.#context.offers.localOffer(sdp);
    const ids = { localTag: this.#localTag, sipCallId: this.#sipCallId, seq: this.#seq };
    this.#request = buildInvite(this.#context, this.#call, uri, ids);
    this.#ref = this.#context.wire.send(this.#request, this.#handler());
  }

  #handler(): RequestHandler {
    return {
      nextSeq: () => ++this.#seq,
      onResent: (request, ref) => {
        this.#request = request;
        this.#ref = ref;
        // Between a challenge and our answer to it there was nothing a CANCEL could have stopped.
        if (this.#isCancelled) this.#context.wire.order({ type: "cancel", ref });
      },
      onProvisional: (response, now) => this.#provisional(response, now),
      onFinal: (response, now) => {
        if (response.status < 300) this.#accepted(response, now);
        else this.#refused(response, now);
      },
      onFailed: (fault, now) => this.#failed(fault, now),
    };
  }

  #provisional(response: SipResponse, now: number): void {
    const { status, reason, headers } = response;
    if (this.#state !== "calling" || this.#isCancelled) return;
    if (status === 100) {
      this.#context.wire.event({ type: "trying" });
      return;
    }
    const fork = this.#forkOf(response);
    // Too many callees: nobody is told of what nobody could keep.
    if (fork === undefined && toTag(response) !== undefined) return;
    const sdp = sdpOf(response);
    if (fork !== undefined && requires(response, "100rel") && !this.#takeReliable(fork, response, sdp, now)) return;
    if (fork !== undefined && this.#call.sdp !== undefined && sdp !== undefined) fork.sdp = sdp;
    const early = this.#call.sdp === undefined ? undefined : sdp;
    this.#context.wire.event({ type: "progress", status, reason, fork: toTag(response) ?? "", sdp: early, headers });
  }

  /** Acknowledges a reliable provisional response; false when it was there before or comes too early (RFC 3262 §4). */
  #takeReliable(fork: Fork, response: SipResponse, sdp: Uint8Array | undefined, now: number): boolean {
    const rseq = response.headers.first(rseqField);
    if (rseq === undefined || (fork.rseq !== undefined && rseq !== fork.rseq + 1)) return false;
    fork.rseq = rseq;
    const { offers } = this.#context;
    if (sdp === undefined || fork.isBound) {
      this.#prack(fork, response, rseq);
      return true;
    }
    fork.isBound = true;
    if (this.#call.sdp !== undefined) {
      if (this.#context.dialog === fork.dialog) offers.remoteAnswer();
      this.#prack(fork, response, rseq);
      return true;
    }
    // We did not offer, so this is the offer, and the PRACK has our answer (RFC 3262 §5).
    if (this.#context.isAsking) return true;
    offers.remoteOffer();
    this.#context.askUser(
      { type: "remote-offer", sdp },
      {
        answer: (answer) => {
          offers.localAnswer(answer);
          this.#prack(fork, response, rseq, answer);
        },
        refuse: (_status, at) => {
          this.cancel();
          this.#context.end({ by: "local", cause: "cancelled", reasons: [] }, at);
        },
      },
      now,
    );
    return true;
  }

  #prack(fork: Fork, response: SipResponse, rseq: number, sdp?: Uint8Array): void {
    const headers = SipHeaders.of(["RAck", rackFor(response, rseq)]);
    const request = fork.dialog.request("PRACK", { headers, contentType: "application/sdp", body: sdp });
    this.#context.wire.send(request, {
      nextSeq: () => fork.dialog.nextSeq(),
      // What a PRACK was for is settled by what comes after it.
      onFinal: () => undefined,
      onFailed: () => undefined,
    });
  }

  #forkOf(response: SipResponse): Fork | undefined {
    const tag = toTag(response);
    if (tag === undefined || this.#request === undefined) return undefined;
    const known = this.#forks.get(tag);
    if (known !== undefined || this.#forks.size >= maxForks) return known;
    const fork: Fork = { dialog: Dialog.calling(this.#request, response), isBound: false };
    this.#forks.set(tag, fork);
    this.#context.dialog ??= fork.dialog;
    this.#noteCapabilities(response);
    return fork;
  }

  #noteCapabilities(response: SipResponse): void {
    if (response.headers.has("Allow"))
      this.#context.allowsUpdate = /\bUPDATE\b/.test(response.headers.getAll("Allow").join());
  }

  #accepted(response: SipResponse, now: number): void {
    const tag = toTag(response) ?? "";
    const request = this.#request!;
    let fork = this.#forks.get(tag);
    if (fork?.ack !== undefined) {
      this.#context.wire.order({ type: "ack", request: fork.ack });
      return;
    }
    if (fork === undefined) {
      // Too many callees: the far ends beyond our table hang up by themselves, as no ACK reaches them.
      if (this.#forks.size >= maxForks) return;
      fork = { dialog: Dialog.calling(request, response), isBound: false };
      this.#forks.set(tag, fork);
    }
    if (this.#winner === fork) return;
    fork.dialog.confirm(response);
    if (this.#state !== "calling" || this.#isCancelled) this.#dismiss(fork, response);
    else this.#win(fork, response, now);
  }

  /** A callee that answered too late, after another one or after our CANCEL: taken and hung up (RFC 3261 §13.2.2.4). */
  #dismiss(fork: Fork, response: SipResponse): void {
    this.#state = this.#state === "calling" ? "over" : this.#state;
    this.#ack(fork, response);
    this.#context.wire.send(fork.dialog.request("BYE"), {
      nextSeq: () => fork.dialog.nextSeq(),
      onFinal: () => undefined,
      onFailed: () => undefined,
    });
  }

  #win(fork: Fork, response: SipResponse, now: number): void {
    const { deadlines, offers, timer, wire } = this.#context;
    this.#state = "answered";
    this.#winner = fork;
    deadlines.clear("ring");
    this.#context.dialog = fork.dialog;
    this.#noteCapabilities(response);
    timer.acceptResponse(response, now);
    const { headers } = response;
    const answered = (sdp?: Uint8Array): void =>
      wire.event({ type: "answered", fork: toTag(response) ?? "", sdp, headers });
    const body = sdpOf(response);
    if (this.#call.sdp !== undefined) {
      // Quirk (several gateways, 2020-01): the answer stands in an unreliable 183 and is left out of the 2xx.
      const sdp = fork.isBound ? fork.sdp : (body ?? fork.sdp);
      this.#ack(fork, response);
      if (sdp === undefined) {
        this.#context.hangUp({ by: "remote", cause: "protocol", reasons: [] }, now);
        return;
      }
      if (offers.state === "local-offer") offers.remoteAnswer();
      answered(sdp);
      return;
    }
    if (fork.isBound || body === undefined) {
      this.#ack(fork, response);
      if (fork.isBound) answered();
      else this.#context.hangUp({ by: "remote", cause: "protocol", reasons: [] }, now);
      return;
    }
    // Late offer: the ACK waits for our answer (RFC 3261 §13.2.1).
    answered();
    offers.remoteOffer();
    this.#context.askUser(
      { type: "remote-offer", sdp: body },
      {
        answer: (answer) => {
          offers.localAnswer(answer);
          this.#ack(fork, response, answer);
        },
        refuse: (_status, at) => {
          this.#ack(fork, response);
          this.#context.hangUp({ by: "local", cause: "bye", reasons: [] }, at);
        },
      },
      now,
    );
  }

  #ack(fork: Fork, response: SipResponse, sdp?: Uint8Array): void {
    const request = this.#request!;
    // The same credentials as the INVITE (RFC 3261 §13.2.2.4).
    const headers = new SipHeaders()
      .copy("Authorization", request.headers)
      .copy("Proxy-Authorization", request.headers);
    fork.ack = fork.dialog.ack(cseqOf(response).seq, { headers, contentType: "application/sdp", body: sdp });
    this.#context.wire.order({ type: "ack", request: fork.ack });
  }

  #refused(response: SipResponse, now: number): void {
    const { status } = response;
    if (this.#state !== "calling") return;
    if (!this.#isCancelled) {
      // Dialogs of the refused INVITE are gone; an INVITE sent again begins new ones.
      if (status === 422 && this.#raises++ < 2 && this.#context.timer.raise(response)) {
        this.#again(this.#uri);
        return;
      }
      if (status < 400) this.#redirects.add(response);
      if (status < 600 && this.#tryNext()) return;
    }
    this.#state = "over";
    this.#context.deadlines.clear("ring");
    const reasons = response.headers.all(reasonField);
    const retryAfterS = response.headers.first(retryAfterField);
    this.#context.end({ by: "remote", cause: "rejected", status, reasons, retryAfterS }, now);
  }

  #failed(fault: TransactionFault, now: number): void {
    if (this.#state !== "calling") return;
    if (!this.#isCancelled && this.#tryNext()) return;
    this.#state = "over";
    this.#context.deadlines.clear("ring");
    const end: SessionEnd = { by: "network", cause: fault, reasons: [] };
    this.#context.end(end, now);
  }

  #tryNext(): boolean {
    const next = this.#redirects.next();
    if (next === undefined) return false;
    this.#context.wire.event({ type: "redirected", to: next });
    this.#again(next);
    return true;
  }

  #again(uri: Uri): void {
    this.#forks.clear();
    this.#context.dialog = undefined;
    this.#context.offers.rollback();
    this.#invite(uri);
  }
}

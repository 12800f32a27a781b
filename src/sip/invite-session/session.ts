import type { Machine } from "../../kit/machine.ts";
import { Dialog } from "../dialog.ts";
import { type Replaces, reasonField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { cseqOf, fromTag, type SipRequest, sipCallIdOf } from "../message.ts";
import { patienceMs } from "../transaction/types.ts";
import { SessionContext } from "./context.ts";
import { DialogRequests } from "./dialog-requests.ts";
import { IncomingInvite } from "./incoming-invite.ts";
import { inviteRefusal } from "./invite-refusal.ts";
import { LocalOffers } from "./local-offers.ts";
import { OutgoingInvite } from "./outgoing-invite.ts";
import { Referrals } from "./referrals.ts";
import { RemoteOffers } from "./remote-offers.ts";
import { SessionTimer } from "./session-timer.ts";
import { Transfers } from "./transfers.ts";
import type { SessionCommand, SessionEnd, SessionInput, SessionOrder, SessionParts } from "./types.ts";
import { SessionWire } from "./wire.ts";

/** The signalling of one call leg, caller's or callee's side, from INVITE to the last answer (RFC 3261 §13–§15). */
export class InviteSession implements Machine<SessionInput, SessionOrder> {
  readonly #context: SessionContext;
  readonly #outgoing: OutgoingInvite | undefined;
  readonly #incoming: IncomingInvite | undefined;
  readonly #invite: SipRequest | undefined;
  readonly #localOffers: LocalOffers;
  readonly #remoteOffers: RemoteOffers;
  readonly #dialogRequests: DialogRequests;
  readonly #transfers: Transfers;
  readonly #referrals: Referrals;
  readonly #sipCallId: string;
  readonly #localTag: string;
  #end: SessionEnd | undefined;
  #isByeDue = false;
  #byeHeaders: SipHeaders | undefined;
  #isClosed = false;

  constructor(parts: SessionParts) {
    const { origin, options, random, localTag } = parts;
    const isOutgoing = origin.type === "outgoing";
    const wire = new SessionWire(isOutgoing ? origin.call.authorize : origin.authorize);
    this.#context = new SessionContext({
      options,
      random,
      wire,
      makeTimer: (deadlines) =>
        new SessionTimer(options, deadlines, {
          onRefreshDue: (now) => this.#localOffers.refresh(now),
          onExpired: (now) => this.#hangUp({ by: "network", cause: "expired", reasons: [] }, now),
        }),
      end: (end, now) => this.#finish(end, now),
      hangUp: (end, now) => this.#hangUp(end, now),
    });
    this.#localTag = localTag;
    this.#localOffers = new LocalOffers(this.#context, isOutgoing);
    this.#transfers = new Transfers(this.#context);
    this.#referrals = new Referrals(this.#context);
    this.#remoteOffers = new RemoteOffers(this.#context, this.#localOffers);
    this.#dialogRequests = new DialogRequests(this.#context, {
      offers: this.#remoteOffers,
      transfers: this.#transfers,
      referrals: this.#referrals,
    });
    if (origin.type === "outgoing") {
      this.#sipCallId = origin.sipCallId;
      this.#outgoing = new OutgoingInvite(this.#context, origin.call, { localTag, sipCallId: origin.sipCallId });
      return;
    }
    const { key, request } = origin;
    this.#sipCallId = sipCallIdOf(request);
    this.#invite = request;
    this.#context.dialog = Dialog.called(request, localTag, 0);
    this.#context.allowsUpdate = /\bUPDATE\b/.test(request.headers.getAll("Allow").join());
    this.#incoming = new IncomingInvite(this.#context, key, request);
  }

  get deadline(): number | undefined {
    return this.#isClosed ? undefined : this.#context.deadlines.next;
  }

  get sipCallId(): string {
    return this.#sipCallId;
  }

  get localTag(): string {
    return this.#localTag;
  }

  /** The confirmed dialog, or the early one; undefined before the first answer of a callee. */
  get dialog(): Dialog | undefined {
    return this.#context.dialog;
  }

  /** We made the call. */
  get isCaller(): boolean {
    return this.#outgoing !== undefined;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** How this call is named to its far end: for the Refer-To of an attended transfer (RFC 3891 §4). */
  get asReplaces(): Replaces | undefined {
    const { dialog } = this.#context;
    if (dialog === undefined) return undefined;
    const { sipCallId, localTag, remoteTag } = dialog.id;
    return { callId: sipCallId, toTag: remoteTag, fromTag: localTag, earlyOnly: false };
  }

  handle(input: SessionInput | { type: "timeout" }, now: number): readonly SessionOrder[] {
    if (this.#isClosed) return [];
    this.#take(input, now);
    this.#localOffers.sendQueued(now);
    this.#sendByeWhenAllowed();
    this.#closeWhenDone();
    return this.#context.wire.takeOrders();
  }

  #take(input: SessionInput | { type: "timeout" }, now: number): void {
    const { wire, deadlines, options } = this.#context;
    switch (input.type) {
      case "start":
        this.#start(now);
        return;
      case "command":
        this.#command(input.command, now);
        return;
      case "request":
        this.#request(input, now);
        return;
      case "ack":
        this.#context.acceptances.get(cseqOf(input.request).seq)?.onAck(input.request, now);
        return;
      case "response":
        // Further forks and repetitions may follow for as long as the transaction lives (RFC 6026 §7.2).
        if (wire.response(input.ref, input.response, now)) {
          deadlines.set(`forget-${input.ref}`, now + patienceMs(options.timers), () => wire.forget(input.ref));
        }
        return;
      case "failed":
        wire.failed(input.ref, input.fault, now);
        return;
      case "response-lost":
        if (this.#incoming?.key === input.key && !this.#incoming.isUnacknowledged) {
          this.#finish({ by: "network", cause: "transport", reasons: [] }, now);
        }
        return;
      case "replace":
        this.#replaced(now);
        return;
      case "timeout":
        deadlines.fire(now);
        return;
    }
  }

  #start(now: number): void {
    this.#outgoing?.start(now);
    const incoming = this.#incoming;
    if (incoming === undefined || this.#invite === undefined) return;
    incoming.start(now);
    const refusal = inviteRefusal(this.#context, this.#invite);
    if (refusal === undefined) return;
    const { status, headers } = refusal;
    incoming.reject(status, { headers }, { by: "local", cause: "rejected", status, reasons: [] }, now);
  }

  #command(command: SessionCommand, now: number): void {
    const { dialog } = this.#context;
    // A transfer that was accepted is told to its end, the call itself may be over (RFC 5057 §4.2).
    if (command.type === "refer-progress") {
      this.#referrals.progress(command.refer, command.status, command.reason, now);
      return;
    }
    if (this.#end !== undefined) return;
    switch (command.type) {
      case "progress":
        this.#incoming?.progress(command, now);
        return;
      case "answer":
        this.#incoming?.answer(command, now);
        return;
      case "reject": {
        const { status, reason, headers } = command;
        const isFinal = status >= 300 && status <= 699;
        const end = { by: "local", cause: "rejected", status, reasons: [] } as const;
        if (isFinal) this.#incoming?.reject(status, { reason, headers }, end, now);
        return;
      }
      case "hang-up":
        this.#byeHeaders = command.headers;
        this.#hangUp({ by: "local", cause: "bye", reasons: command.headers?.all(reasonField) ?? [] }, now);
        return;
      case "offer":
        this.#localOffers.offer(command.sdp, command.method ?? "INVITE", now);
        return;
      case "answer-offer":
        this.#context.answerOffer(command.sdp, now);
        return;
      case "refuse-offer":
        this.#context.refuseOffer(command.status ?? 488, now);
        return;
      case "refer":
        if (dialog?.state === "confirmed") this.#transfers.start(command, dialog, now);
        return;
      case "accept-refer":
        this.#referrals.accept(command.refer, now);
        return;
      case "refuse-refer":
        this.#referrals.refuse(command.refer, command.status);
        return;
      case "send":
        this.#dialogRequests.send(command);
        return;
    }
  }

  #request(input: Extract<SessionInput, { type: "request" }>, now: number): void {
    const { key, request, cancels } = input;
    const { wire } = this.#context;
    if (request.method === "CANCEL") {
      wire.respond(key, this.#context.response(request, 200));
      if (cancels !== undefined && !this.#remoteOffers.cancel(cancels) && this.#incoming?.key === cancels) {
        this.#incoming.cancel(request, now);
      }
      return;
    }
    const dialog = this.#dialogOf(request);
    if (dialog === undefined) {
      wire.respond(key, this.#context.response(request, 481));
      return;
    }
    if (!dialog.acceptSeq(request)) {
      wire.respond(key, this.#context.response(request, 500));
      return;
    }
    if (this.#dialogRequests.handleAnytime(key, request)) return;
    if (this.#end !== undefined) {
      // Two BYEs that crossed: ours has to wait for its ACK, theirs ends the call.
      const isFirstBye = request.method === "BYE" && this.#isByeDue;
      wire.respond(key, this.#context.response(request, isFirstBye ? 200 : 481));
      if (isFirstBye) this.#isByeDue = false;
      return;
    }
    if (request.method === "BYE") {
      wire.respond(key, this.#context.response(request, 200));
      this.#bye(request, dialog, now);
    } else if (request.method === "PRACK" && this.#incoming !== undefined) {
      this.#incoming.prack(key, request, now);
    } else this.#dialogRequests.handle(key, request, dialog, now);
  }

  #dialogOf(request: SipRequest): Dialog | undefined {
    const remoteTag = fromTag(request) ?? "";
    const { dialog } = this.#context;
    return dialog?.id.remoteTag === remoteTag ? dialog : this.#outgoing?.dialogOf(remoteTag);
  }

  #bye(request: SipRequest, dialog: Dialog, now: number): void {
    // A callee may leave a forked call that another one will answer.
    if (dialog !== this.#context.dialog && this.#outgoing !== undefined) return;
    const reasons = request.headers.all(reasonField);
    const end: SessionEnd = { by: "remote", cause: "bye", reasons };
    if (this.#incoming?.reject(487, {}, end, now) !== true) {
      this.#outgoing?.cancel();
      this.#finish(end, now);
    }
  }

  /** Ends the call from our side in whatever state it is (RFC 3261 §15). */
  #hangUp(end: SessionEnd, now: number): void {
    if (this.#end !== undefined) return;
    if (this.#outgoing?.isCalling) {
      this.#outgoing.cancel(this.#byeHeaders);
      this.#finish(end.cause === "bye" ? { ...end, cause: "cancelled" } : end, now);
      return;
    }
    if (this.#incoming?.isRinging) {
      const status = 480;
      this.#incoming.reject(status, { headers: this.#byeHeaders }, { ...end, cause: "rejected", status }, now);
      return;
    }
    this.#isByeDue = true;
    this.#finish(end, now);
    this.#sendByeWhenAllowed();
  }

  /** A callee's BYE waits until its 2xx is acknowledged or given up (RFC 3261 §15). */
  #sendByeWhenAllowed(): void {
    const { acceptances, dialog, wire } = this.#context;
    if (!this.#isByeDue || dialog === undefined || acceptances.size > 0) return;
    this.#isByeDue = false;
    wire.send(dialog.request("BYE", { headers: this.#byeHeaders }), {
      nextSeq: () => dialog.nextSeq(),
      onFinal: () => undefined,
      onFailed: () => undefined,
    });
  }

  /** The one end. Timers of the call stop; those that clean up behind it go on. */
  #finish(end: SessionEnd, now: number): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const { deadlines, timer, wire } = this.#context;
    timer.stop();
    deadlines.clear("ring");
    deadlines.clear("keep-ringing");
    this.#context.refuseOffer(487, now);
    this.#localOffers.stop();
    this.#referrals.stop();
    wire.event({ type: "ended", end });
  }

  #replaced(now: number): void {
    this.#byeHeaders = SipHeaders.of(["Reason", 'SIP;cause=200;text="Call completed elsewhere"']);
    this.#hangUp({ by: "remote", cause: "replaced", reasons: [] }, now);
  }

  #closeWhenDone(): void {
    const { deadlines, wire } = this.#context;
    if (this.#end === undefined || this.#isByeDue || wire.isWaiting || deadlines.next !== undefined) return;
    this.#isClosed = true;
    wire.order({ type: "closed" });
  }
}

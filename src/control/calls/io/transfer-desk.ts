import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, makeId, type OrgId } from "../../../kit/ids.ts";
import type { EndCause } from "../../../media/protocol.ts";
import { makeSipUri, parseUri, type Uri } from "../../../sip/uri.ts";
import { referFailure } from "../../exchange/dial-plan.ts";
import { rewriteNumber } from "../../exchange/number-rewriting.ts";
import { bind } from "../call-bond.ts";
import type { TransferControl, TransferRequest } from "../call-control.ts";
import { partnerCause } from "../partner-cause.ts";
import { type TransferInput, TransferMachine, type TransferOrder } from "../transfer-machine.ts";
import type { Bridge } from "./call-bridges.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { CallWatcher, LiveCall } from "./live-call.ts";
import type { OutgoingCalls } from "./outgoing-calls.ts";
import type { TelephoneCall } from "./telephone-call.ts";

interface Transfer {
  readonly caller: LiveCall;
  readonly request: TransferRequest;
  readonly machine: TransferMachine;
  readonly roomId: string;
  readonly watcher: CallWatcher;
  callee: LiveCall | undefined;
  /** Whom the caller talked with, and where: it hears music until the caller is put through, or comes back. */
  waiting: (Bridge & { readonly watcher: CallWatcher }) | undefined;
  timer: NodeJS.Timeout | undefined;
}

const defaults = { briefingTimeoutMs: 60_000, ringTimeoutMs: 30_000 } as const;

export type TransferParts = Pick<
  ExchangeParts,
  "live" | "calls" | "bridges" | "records" | "trunks" | "phones" | "clock" | "randomBytes" | "log"
>;

/** Callers on their way from an agent to a person, with the call to that person. */
export class TransferDesk implements TransferControl {
  readonly #parts: TransferParts;
  readonly #outgoing: Pick<OutgoingCalls, "place">;
  readonly #transfers = new Map<CallId, Transfer>();

  constructor(parts: TransferParts, outgoing: Pick<OutgoingCalls, "place">) {
    this.#parts = parts;
    this.#outgoing = outgoing;
  }

  /** Transfers under way. */
  get size(): number {
    return this.#transfers.size;
  }

  start(callId: CallId, request: TransferRequest): void {
    const { live, randomBytes } = this.#parts;
    const caller = live.inProgress(callId);
    const { mode, agentAfter = "leaves", briefing = defaultBriefing(caller), confirm = "none" } = request;
    const { hasAgent } = caller;
    const former = mode === "blind" ? this.#parts.bridges.part(caller) : undefined;
    if (mode === "attended" && !hasAgent) {
      throw new GatewayError("conflict", "The call has no agent that could talk with the other side first.");
    }
    bind(caller, "transfer");
    const { briefingTimeoutMs = defaults.briefingTimeoutMs } = request;
    const machine = new TransferMachine({
      mode,
      agentAfter,
      briefing,
      confirm,
      briefingTimeoutMs,
      returnsTo: former ? "partner" : hasAgent ? "agent" : "nobody",
    });
    const watcher: CallWatcher = {
      agentSpoke: () => this.#input(transfer, { type: "agent-spoke" }),
      ended: (cause) => {
        if (transfer.waiting) this.#dismiss(transfer, partnerCause(cause, transfer.waiting.partner.plan.direction));
        this.#input(transfer, { type: "caller-ended", cause });
      },
    };
    const roomId = makeId("room", randomBytes);
    const transfer: Transfer = {
      caller,
      request,
      machine,
      roomId,
      watcher,
      callee: undefined,
      timer: undefined,
      waiting: undefined,
    };
    this.#transfers.set(callId, transfer);
    if (former) this.#keepWaiting(transfer, former);
    caller.watchers.add(watcher);
    this.#input(transfer, { type: "start" });
  }

  decide(callId: CallId, decision: "complete" | "cancel"): void {
    const transfer = this.#transfers.get(callId);
    if (!transfer?.machine.isUnderWay) throw new GatewayError("conflict", "The call is not being transferred.");
    if (decision === "complete" && transfer.machine.state === "ringing") {
      throw new GatewayError("conflict", "Nobody has answered yet.");
    }
    this.#input(transfer, { type: decision });
  }

  #input(transfer: Transfer, input: TransferInput | { type: "timeout" }): void {
    for (const order of transfer.machine.handle(input, this.#parts.clock.now())) this.#perform(transfer, order);
    this.#arm(transfer);
  }

  #perform(transfer: Transfer, order: TransferOrder): void {
    const { live, records } = this.#parts;
    const { caller, callee, roomId } = transfer;
    const { callId } = caller;
    const calleeId = callee?.callId;
    switch (order.type) {
      case "dial":
        if (!this.#handBack(transfer)) void this.#dial(transfer);
        break;
      case "caller": {
        const { hears, instruct } = order;
        const agent = caller.hasAgent ? order.agent : "none";
        live.send(callId, { type: "join-room", callId, roomId, hears, agent, instruct });
        break;
      }
      case "callee-joins":
        if (!calleeId) break;
        live.send(calleeId, { type: "join-room", callId: calleeId, roomId, hears: "room", agent: "none" });
        break;
      case "joined":
        this.#leave(transfer);
        if (callee) this.#parts.bridges.add(caller, callee, roomId);
        live.write(() => records.noteSignalling(callId, { peerCallId: calleeId }), callId);
        this.#joinOutside(transfer);
        break;
      case "agent-returns":
        live.send(callId, { type: "leave-room", callId, note: order.note });
        break;
      case "partner-returns":
        this.#rejoin(transfer, order.cause);
        break;
      case "hang-up-callee":
        if (calleeId) live.hangUp(calleeId, order.cause);
        break;
      case "hang-up-caller":
        live.hangUp(callId, order.cause);
        break;
      case "news": {
        const { state, cause } = order;
        const { to } = transfer.request;
        live.write(() => records.noteTransfer(callId, { state, to, cause, calleeId }), callId);
        break;
      }
      case "forget":
        this.#leave(transfer);
        break;
    }
  }

  /** It is over, or others see to its calls from now on. */
  #leave(transfer: Transfer): void {
    const { caller, watcher } = transfer;
    if (!this.#transfers.delete(caller.callId)) return;
    caller.watchers.delete(watcher);
    caller.bond = undefined;
    this.#dismiss(transfer, "transferred");
  }

  /** Whom the caller talked with waits; one that hangs up meanwhile leaves the caller to whom it is put through to (RFC 5589 §6.1). */
  #keepWaiting(transfer: Transfer, { partner, roomId }: Bridge): void {
    const { callId } = partner;
    const watcher: CallWatcher = {
      ended: () => {
        transfer.waiting = undefined;
      },
    };
    transfer.waiting = { partner, roomId, watcher };
    partner.bond = "transfer";
    partner.watchers.add(watcher);
    this.#parts.live.send(callId, { type: "join-room", callId, roomId, hears: "music", agent: "none" });
  }

  /** Whom the caller talked with does not get it back. */
  #dismiss(transfer: Transfer, cause: EndCause): void {
    const partner = this.#takeWaiting(transfer)?.partner;
    if (partner) this.#parts.live.hangUp(partner.callId, cause);
  }

  #rejoin(transfer: Transfer, cause: EndCause): void {
    const { live, bridges } = this.#parts;
    const { caller } = transfer;
    const waiting = this.#takeWaiting(transfer);
    this.#leave(transfer);
    if (waiting?.partner.machine.state !== "in-progress") {
      live.hangUp(caller.callId, cause);
      return;
    }
    const { partner, roomId } = waiting;
    bridges.add(caller, partner, roomId);
    for (const { callId, hasAgent } of [caller, partner]) {
      live.send(callId, { type: "join-room", callId, roomId, hears: "room", agent: hasAgent ? "listens" : "none" });
    }
  }

  #takeWaiting(transfer: Transfer): Transfer["waiting"] {
    const { waiting } = transfer;
    transfer.waiting = undefined;
    if (!waiting) return undefined;
    waiting.partner.bond = undefined;
    waiting.partner.watchers.delete(waiting.watcher);
    return waiting;
  }

  /** Has the caller's own trunk call the callee, where the trunk wants that (RFC 3515); false: it does not. */
  #handBack(transfer: Transfer): boolean {
    const { caller, request, roomId } = transfer;
    const { trunkId } = request;
    const telephone = request.mode === "blind" ? this.#parts.calls.byCallId(caller.callId) : undefined;
    const isElsewhere = trunkId !== undefined && trunkId !== telephone?.trunk?.id && trunkId !== telephone?.trunk?.name;
    const to = telephone && !isElsewhere ? this.#referTarget(telephone, caller.orgId, request.to) : undefined;
    if (!telephone || !to) return false;
    telephone.refer({ refer: roomId, to }, (status, isFinal) => {
      if (!isFinal) return;
      if (status < 300) this.#input(transfer, { type: "handed-over" });
      else this.#input(transfer, { type: "callee-ended", cause: referFailure(status) });
    });
    this.#input(transfer, { type: "callee-called" });
    return true;
  }

  /** Both talk through us; where both came by one trunk that wants it, the trunk joins them and we leave (RFC 5589 §7). */
  #joinOutside({ caller, callee, roomId, request }: Transfer): void {
    const { calls, live } = this.#parts;
    const [one, other] = [calls.byCallId(caller.callId), callee && calls.byCallId(callee.callId)];
    if (!one || !other?.leg || one.trunk?.id !== other.trunk?.id) return;
    const to = this.#referTarget(one, caller.orgId, request.to);
    const replaces = other.leg.asReplaces;
    if (!to || !replaces) return;
    one.refer({ refer: roomId, to, replaces }, (status, isFinal) => {
      if (!isFinal || status >= 300) return;
      for (const call of [caller, callee]) if (call) live.hangUp(call.callId, "transferred");
    });
  }

  /** A number as a URI of the call's trunk, where that trunk takes transfers and the number is not one of our telephones. */
  #referTarget({ trunk, leg }: TelephoneCall, orgId: OrgId, number: string): Uri | undefined {
    const { phones, trunks, clock } = this.#parts;
    if (!leg || trunk?.transfer !== "refer" || phones.findByNumber(number, orgId)) return undefined;
    const uri = parseUri(trunks.targets(trunk, clock.now())[0]?.uri ?? "");
    if (uri?.type !== "sip") return undefined;
    const { scheme, host, port } = uri;
    return makeSipUri({ scheme, user: rewriteNumber(number, trunk.rewriting.outbound), host, port });
  }

  async #dial(transfer: Transfer): Promise<void> {
    const { caller, request } = transfer;
    const { callId, plan } = caller;
    const { to, trunkId, ringTimeoutMs = defaults.ringTimeoutMs } = request;
    try {
      await this.#outgoing.place(
        {
          orgId: caller.orgId,
          from: request.from ?? (plan.direction === "outbound" ? plan.from : plan.to),
          to,
          agent: undefined,
          record: false,
          metadata: plan.metadata,
          trunkId,
          ringTimeoutMs,
          near: callId,
          peerCallId: callId,
        },
        {
          made: (calleeId) => this.#called(transfer, calleeId),
          started: () => this.#input(transfer, { type: "callee-answered" }),
          pressed: (key) => this.#input(transfer, { type: "callee-pressed", key }),
          ended: (cause) => this.#input(transfer, { type: "callee-ended", cause }),
        },
      );
    } catch (error) {
      const known = error instanceof GatewayError;
      const log = this.#parts.log.child({ callId });
      if (known) log.warn({ err: error }, "a call could not be transferred");
      else log.error({ err: error }, "a call could not be transferred");
      this.#input(transfer, { type: "callee-ended", cause: "call-unreachable" });
    }
  }

  /** The callee's call has its record. The caller may have gone, or the transfer been called off, while it was written. */
  #called(transfer: Transfer, calleeId: CallId): void {
    const { live } = this.#parts;
    if (this.#transfers.get(transfer.caller.callId) !== transfer) {
      live.hangUp(calleeId, "cancelled");
      return;
    }
    transfer.callee = live.get(calleeId);
    if (transfer.callee) transfer.callee.bond = "transfer";
    this.#input(transfer, { type: "callee-called" });
  }

  #arm(transfer: Transfer): void {
    clearTimeout(transfer.timer);
    const { deadline } = transfer.machine;
    if (deadline === undefined) return;
    const delayMs = Math.max(0, deadline - this.#parts.clock.now());
    transfer.timer = setTimeout(() => this.#input(transfer, { type: "timeout" }), delayMs);
  }
}

/** What an agent is to tell the other side when nobody has said what. */
function defaultBriefing({ plan }: LiveCall): string {
  // A scripted agent says it word for word.
  if (plan.agent?.provider === "local") return "Hello. I have a caller on the line for you.";
  return "You now talk with the person the caller is to be put through to. Say in one sentence who calls and why.";
}

import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, makeId } from "../../../kit/ids.ts";
import { makeSipUri, parseUri, type Uri } from "../../../sip/uri.ts";
import { rewriteNumber } from "../../exchange/number-rewriting.ts";
import type { CallTransfer, TransferControl, TransferRequest } from "../call-control.ts";
import { type TransferInput, TransferMachine, type TransferOrder } from "../transfer-machine.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall } from "./live-calls.ts";
import type { OutgoingCalls } from "./outgoing-calls.ts";
import type { TelephoneCall } from "./telephone-call.ts";

interface Transfer {
  readonly caller: LiveCall;
  readonly request: TransferRequest;
  readonly machine: TransferMachine;
  readonly roomId: string;
  calleeId: CallId | undefined;
}

const defaults = { briefingTimeoutMs: 60_000, ringTimeoutMs: 30_000 } as const;

/** Callers on their way from an agent to a person, with the call to that person. */
export class TransferDesk implements TransferControl {
  readonly #parts: ExchangeParts;
  readonly #outgoing: OutgoingCalls;
  readonly #transfers = new Map<CallId, Transfer>();
  readonly #timers = new Map<Transfer, NodeJS.Timeout>();

  constructor(parts: ExchangeParts, outgoing: OutgoingCalls) {
    this.#parts = parts;
    this.#outgoing = outgoing;
  }

  /** Begins a transfer; conflict when the call does not talk, is being transferred already or has no agent. */
  start(callId: CallId, request: TransferRequest): void {
    const { live, randomBytes } = this.#parts;
    const caller = live.inProgress(callId);
    if (this.#transfers.has(callId)) throw new GatewayError("conflict", "The call is being transferred already.");
    const { mode, agentAfter = "leaves", briefing = "", confirm = "none" } = request;
    if (mode === "attended" && !caller.plan.agent) {
      throw new GatewayError("conflict", "The call has no agent that could talk with the other side first.");
    }
    const { briefingTimeoutMs = defaults.briefingTimeoutMs } = request;
    const machine = new TransferMachine({ mode, agentAfter, briefing, confirm, briefingTimeoutMs });
    const roomId = makeId("room", randomBytes);
    const transfer: Transfer = { caller, request, machine, roomId, calleeId: undefined };
    this.#transfers.set(callId, transfer);
    caller.watchers.add({
      agentSpoke: () => this.#input(transfer, { type: "agent-spoke" }),
      ended: (cause) => this.#input(transfer, { type: "caller-ended", cause }),
    });
    this.#input(transfer, { type: "start" });
  }

  /** Joins caller and callee now, or calls the transfer off. Conflict when there is none under way. */
  decide(callId: CallId, decision: "complete" | "cancel"): void {
    const transfer = this.#transfers.get(callId);
    if (!transfer) throw new GatewayError("conflict", "The call is not being transferred.");
    this.#input(transfer, { type: decision });
  }

  /** How the transfer of a call stands; undefined: there is none. */
  find(callId: CallId): CallTransfer | undefined {
    const transfer = this.#transfers.get(callId);
    const state = transfer?.machine.state;
    return transfer && state && state !== "idle" ? { state, calleeId: transfer.calleeId } : undefined;
  }

  #input(transfer: Transfer, input: TransferInput | { type: "timeout" }): void {
    for (const order of transfer.machine.handle(input, this.#parts.clock.now())) this.#perform(transfer, order);
    this.#arm(transfer);
  }

  #perform(transfer: Transfer, order: TransferOrder): void {
    const { live, records } = this.#parts;
    const { caller, roomId, calleeId } = transfer;
    const { callId } = caller;
    switch (order.type) {
      case "dial":
        if (!this.#handBack(transfer)) void this.#dial(transfer);
        break;
      case "caller": {
        const { hears, instruct } = order;
        const agent = caller.plan.agent ? order.agent : "none";
        live.send(callId, { type: "join-room", callId, roomId, hears, agent, instruct: instruct || undefined });
        if (transfer.machine.state === "completed") this.#joinOutside(transfer);
        break;
      }
      case "callee-joins":
        if (calleeId) {
          live.send(calleeId, { type: "join-room", callId: calleeId, roomId, hears: "room", agent: "none" });
        }
        break;
      case "agent-returns":
        live.send(callId, { type: "leave-room", callId, note: order.note });
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
        this.#transfers.delete(callId);
        break;
    }
  }

  /** Has the caller's own trunk call the callee, where the trunk wants that (RFC 3515); false: it does not. */
  #handBack(transfer: Transfer): boolean {
    const { caller, request } = transfer;
    const telephone = request.mode === "blind" ? this.#parts.calls.byCallId(caller.callId) : undefined;
    const to = telephone && this.#referTarget(telephone, request.to);
    if (!telephone || !to) return false;
    telephone.refer({ refer: transfer.roomId, to }, (status, isFinal) => {
      if (!isFinal) return;
      if (status < 300) this.#parts.live.hangUp(caller.callId, "transferred");
      else this.#input(transfer, { type: "callee-ended", cause: "call-refused" });
    });
    return true;
  }

  /** Both talk through us; where both came by one trunk that wants it, the trunk joins them and we leave (RFC 5589 §7). */
  #joinOutside({ caller, calleeId, roomId, request }: Transfer): void {
    const { calls, live, sessions } = this.#parts;
    const [one, other] = [calls.byCallId(caller.callId), calleeId && calls.byCallId(calleeId)];
    if (!one || !other?.leg || one.trunk?.id !== other.trunk?.id) return;
    const to = this.#referTarget(one, request.to);
    const dialog = sessions.endpoint.session(other.leg.session)?.dialog;
    const sipCallId = sessions.endpoint.session(other.leg.session)?.sipCallId;
    if (!to || !dialog || sipCallId === undefined) return;
    const { localTag, remoteTag } = dialog.id;
    const replaces = { callId: sipCallId, toTag: remoteTag, fromTag: localTag, earlyOnly: false };
    one.refer({ refer: roomId, to, replaces }, (status, isFinal) => {
      if (isFinal && status < 300) for (const id of [caller.callId, calleeId]) if (id) live.hangUp(id, "transferred");
    });
  }

  /** A number as a URI of the call's trunk, where that trunk takes transfers. */
  #referTarget({ trunk, leg }: TelephoneCall, number: string): Uri | undefined {
    if (!leg || trunk?.transfer !== "refer") return undefined;
    const uri = parseUri(this.#parts.trunks.targets(trunk, this.#parts.clock.now())[0]?.uri ?? "");
    if (uri?.type !== "sip") return undefined;
    const { scheme, host, port } = uri;
    return makeSipUri({ scheme, user: rewriteNumber(number, trunk.rewriting.outbound), host, port });
  }

  async #dial(transfer: Transfer): Promise<void> {
    const { caller, request } = transfer;
    const { callId, plan } = caller;
    const { to, trunkId, ringTimeoutMs = defaults.ringTimeoutMs } = request;
    try {
      const callee = await this.#outgoing.place(
        {
          from: request.from ?? (plan.direction === "inbound" ? plan.to : plan.from),
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
          started: () => this.#input(transfer, { type: "callee-answered" }),
          pressed: (key) => this.#input(transfer, { type: "callee-pressed", key }),
          ended: (cause) => this.#input(transfer, { type: "callee-ended", cause }),
        },
      );
      transfer.calleeId = callee.callId;
      // The caller may have gone while the callee's record was written.
      if (!this.#transfers.has(callId)) this.#parts.live.hangUp(callee.callId, "cancelled");
    } catch (error) {
      const known = error instanceof GatewayError;
      const log = this.#parts.log.child({ callId });
      if (known) log.warn({ err: error }, "a call could not be transferred");
      else log.error({ err: error }, "a call could not be transferred");
      this.#input(transfer, { type: "callee-ended", cause: "call-unreachable" });
    }
  }

  #arm(transfer: Transfer): void {
    clearTimeout(this.#timers.get(transfer));
    this.#timers.delete(transfer);
    const { deadline } = transfer.machine;
    if (deadline === undefined) return;
    const delayMs = Math.max(0, deadline - this.#parts.clock.now());
    this.#timers.set(
      transfer,
      setTimeout(() => this.#input(transfer, { type: "timeout" }), delayMs),
    );
  }
}

import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, type E164, parseE164 } from "../../../kit/ids.ts";
import type { EndCause } from "../../../media/protocol.ts";
import type { DialPlan, DialTarget } from "../../exchange/dial-plan.ts";
import type { Trunk } from "../../exchange/trunk.ts";
import type { PlaceCallRequest } from "../call-control.ts";
import { phoneDial, trunkDial } from "../dial-plans.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall, NewLiveCall } from "./live-calls.ts";
import { SipDial } from "./sip-dial.ts";
import type { ReferRequest } from "./telephone-call.ts";
import { TelephoneCall } from "./telephone-call.ts";

/** A call of ours, with what only call control may ask for. */
export interface OutgoingRequest extends PlaceCallRequest {
  /** In this call's media process, so that the two can be joined. */
  readonly near?: CallId;
  readonly peerCallId?: CallId;
}

/** Told how a call of ours goes. */
export interface OutgoingEvents {
  ringing?(): void;
  /** Its media flow. */
  started?(): void;
  /** The callee pressed a key. */
  pressed?(key: string): void;
  /** It is over, answered or not. `sipStatus`: of the refusal, where one came. */
  ended?(cause: EndCause, sipStatus: number | undefined): void;
}

/** A call of ours on its way. */
export interface OutgoingCall {
  readonly callId: CallId;
  readonly telephone: TelephoneCall | undefined;
}

const defaultRingTimeoutMs = 60_000;
/** Beyond the ringing: ports before it, offers and answers after it. */
const setupSlackMs = 20_000;

/** Calls that we make: to our own numbers, to phones, over trunks. */
export class OutgoingCalls {
  readonly #parts: ExchangeParts;
  readonly #refer: (call: TelephoneCall, request: ReferRequest) => void;

  constructor(parts: ExchangeParts, refer: (call: TelephoneCall, request: ReferRequest) => void) {
    this.#parts = parts;
    this.#refer = refer;
  }

  /** Makes a call: its record first, then it is dialled. */
  async place(request: OutgoingRequest, events: OutgoingEvents = {}): Promise<OutgoingCall> {
    const phone = this.#parts.phones.findByNumber(request.to);
    if (phone) {
      const bindings = this.#parts.phones.bindings(phone, this.#parts.clock.now());
      const plan = phoneDial(request, bindings, this.#parts.network.towards(bindings[0]?.flow?.address ?? ""));
      return this.#dial(request, events, plan, { phoneId: phone.id });
    }
    const to = parseE164(request.to);
    if (!to) throw new GatewayError("invalid-request", "No phone has this extension.", "to");
    const answering = request.trunkId === undefined ? await this.#parts.records.resolveAgent(to) : undefined;
    if (answering && request.agent) {
      const { record, ...agent } = answering;
      return this.#inside({ ...request, to }, events, { to, agent, record });
    }
    return this.#overTrunk(request, events, to);
  }

  async #overTrunk(request: OutgoingRequest, events: OutgoingEvents, to: E164): Promise<OutgoingCall> {
    const { trunks, clock } = this.#parts;
    const trunk = trunks.choose(request.from, to, request.trunkId);
    if (!trunk) {
      if (request.trunkId !== undefined) {
        throw new GatewayError("not-found", "There is no such trunk, or it is switched off.", "trunk");
      }
      throw new GatewayError("invalid-request", "No trunk leads there: connect one with POST /api/v1/trunks.", "to");
    }
    const admission = trunks.admit(trunk.id, clock.now());
    if (admission === "too-fast") throw new GatewayError("rate-limited", "The trunk's calls per second are used up.");
    if (admission === "too-many-calls") throw new GatewayError("unavailable", "The trunk's calls are all in use.");
    const release = once(() => trunks.release(trunk.id));
    try {
      const plan = this.#trunkPlan(request, trunk, to);
      return await this.#dial(request, { ...events, ended: chain(release, events.ended) }, plan, { trunkId: trunk.id });
    } catch (error) {
      release();
      throw error;
    }
  }

  #trunkPlan(request: OutgoingRequest, trunk: Trunk, to: E164): DialPlan {
    const { trunks, clock } = this.#parts;
    const report = (uri: string) => (isReached: boolean) => trunks.reportTarget(trunk.id, uri, isReached, clock.now());
    return trunkDial({ ...request, to }, trunk, trunks.targets(trunk, clock.now()), trunks.authorize(trunk), report);
  }

  async #dial(
    request: OutgoingRequest,
    events: OutgoingEvents,
    plan: DialPlan,
    via: { readonly trunkId?: string; readonly phoneId?: string },
  ): Promise<OutgoingCall> {
    const { live, network } = this.#parts;
    const telephone = new TelephoneCall({
      ...this.#parts,
      direction: "outbound",
      ended: () => dial?.cancel(),
      refer: this.#refer,
    });
    let dial: SipDial | undefined;
    const line = telephone.line((port) => {
      dial = this.#startDial(made, telephone, plan, port, events);
    });
    const ringTimeoutMs = request.ringTimeoutMs ?? plan.ringTimeoutMs;
    const made = await live.make({
      ...newCall(request),
      ...via,
      access: { type: "rtp", line, bindAddress: network.bindAddress },
      acceptTimeoutMs: ringTimeoutMs * Math.max(1, plan.groups.length) + setupSlackMs,
    });
    this.#watch(made, events);
    telephone.named(made.callId);
    live.place(made, request.near);
    return { callId: made.callId, telephone };
  }

  #startDial(
    { callId }: LiveCall,
    telephone: TelephoneCall,
    plan: DialPlan,
    port: number,
    events: OutgoingEvents,
  ): SipDial {
    const { live, records, network } = this.#parts;
    const media = { callId, port, hasBegun: false };
    const note = (facts: Parameters<typeof records.noteSignalling>[1]) =>
      live.write(() => records.noteSignalling(callId, facts), callId);
    const dial = new SipDial({
      ...this.#parts,
      plan,
      media,
      localAddressFor: ({ uri, to }: DialTarget) => (to ? network.towards(to.address) : network.towardsUri(uri)),
      events: {
        ringing: () => {
          note({ isRinging: true });
          events.ringing?.();
        },
        answered: (leg, sipCallId) => {
          note({ carrierCallId: sipCallId });
          telephone.take(leg);
          leg.startMedia();
        },
        failed: ({ cause, sipStatus, detail }) => {
          if (sipStatus !== undefined) note({ sipStatus });
          this.#sipStatuses.set(callId, sipStatus);
          live.hangUp(callId, cause, detail);
        },
      },
    });
    dial.start();
    return dial;
  }

  /** Why calls failed, until their ending has been told. */
  readonly #sipStatuses = new Map<CallId, number | undefined>();

  #watch(call: LiveCall, events: OutgoingEvents): void {
    call.watchers.add({
      started: () => events.started?.(),
      pressed: (key) => events.pressed?.(key),
      ended: (cause) => {
        const sipStatus = this.#sipStatuses.get(call.callId);
        this.#sipStatuses.delete(call.callId);
        events.ended?.(cause, sipStatus);
      },
    });
  }

  /** A number of ours calls another one: both calls in one media process, no trunk between them. */
  async #inside(
    request: OutgoingRequest & { readonly to: E164 },
    events: OutgoingEvents,
    callee: Pick<NewLiveCall, "agent" | "record"> & { readonly to: E164 },
  ): Promise<OutgoingCall> {
    const { live, records } = this.#parts;
    const pair = { type: "pair" } as const;
    const caller = await live.make({ ...newCall(request), carrier: "internal", access: pair });
    this.#watch(caller, events);
    const { callId } = caller;
    const { from, metadata } = request;
    const common = { carrier: "internal", from, metadata, peerCallId: callId } as const;
    let answering: LiveCall;
    try {
      const access = { type: "pair", first: caller } as const;
      answering = await live.make({ ...common, ...callee, direction: "inbound", access });
    } catch (error) {
      live.hangUp(callId, "internal-error", "the called number could not take the call");
      throw error;
    }
    await records.noteSignalling(callId, { peerCallId: answering.callId });
    if (live.place(caller, request.near)) live.place(answering, callId);
    else live.hangUp(answering.callId, "internal-error");
    return { callId, telephone: undefined };
  }
}

function newCall(request: OutgoingRequest): Omit<NewLiveCall, "access"> {
  const { from, to, agent, record, metadata, answeringMachine, peerCallId, idempotency, maxDurationMs } = request;
  return {
    carrier: "sip",
    direction: "outbound",
    from,
    to,
    agent,
    record,
    metadata,
    answeringMachine,
    peerCallId,
    idempotency,
    maxDurationMs,
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

function chain(first: () => void, then: OutgoingEvents["ended"]): NonNullable<OutgoingEvents["ended"]> {
  return (cause, sipStatus) => {
    first();
    then?.(cause, sipStatus);
  };
}

import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { EndCause } from "../../../media/protocol.ts";
import type { DialPlan, DialTarget } from "../../exchange/dial-plan.ts";
import type { Phone } from "../../exchange/phone.ts";
import type { PlaceCallRequest, ResolvedAgent, SignallingFacts } from "../call-control.ts";
import { type DialRequest, phoneDial, trunkDial } from "../dial-plans.ts";
import { trunkPlace } from "../trunk-place.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall, NewLiveCall } from "./live-call.ts";
import { SipDial } from "./sip-dial.ts";
import { type FarEnd, type MayCall, type ReferRequest, TelephoneCall } from "./telephone-call.ts";

/** A call of ours, with what only call control may ask for. */
export interface OutgoingRequest extends PlaceCallRequest {
  /** In this call's media process, so that the two can be joined. */
  readonly near?: CallId;
  readonly peerCallId?: CallId;
  /** Known already: who answers the number. */
  readonly answering?: ResolvedAgent;
  /** To a number of ours or nowhere: who asks may not call out, whatever became of the number meanwhile. */
  readonly stayInside?: boolean;
}

/** Told how a call of ours goes. */
export interface OutgoingEvents {
  /** It has its record; whoever does not want it any more may hang it up before anybody is called. */
  made?(callId: CallId): void;
  ringing?(): void;
  /** Its far end's media flow, and it has not answered. Without this they are not heard. */
  early?(): void;
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
  /** Undefined: it goes to a number of ours, without SIP. */
  readonly telephone: TelephoneCall | undefined;
}

/** The way to a number, with the place on its trunk that it has taken. */
export interface Route extends FarEnd {
  readonly plan: DialPlan;
  readonly phoneId?: string;
}

/** Who has a number. */
export type Found =
  | { readonly type: "route"; readonly route: Route }
  | { readonly type: "agent"; readonly agent: ResolvedAgent };

/** Beyond the ringing: ports before it, offers and answers after it. */
const setupSlackMs = 20_000;

/** Calls that we make: to our own numbers, to phones, over trunks. */
export class OutgoingCalls {
  readonly #parts: ExchangeParts;
  readonly #refer: (call: TelephoneCall, request: ReferRequest) => void;
  /** Why calls failed, until their ending has been told. */
  readonly #sipStatuses = new Map<CallId, number>();

  constructor(parts: ExchangeParts, refer: (call: TelephoneCall, request: ReferRequest) => void) {
    this.#parts = parts;
    this.#refer = refer;
  }

  /** Makes a call: its record first, then it is dialled. */
  async place(request: OutgoingRequest, events: OutgoingEvents = {}): Promise<OutgoingCall> {
    const phone = request.answering ? undefined : this.#parts.phones.findByNumber(request.to, request.orgId);
    if (phone) return this.#dial(request, events, this.#toPhone(request, phone));
    const to = parseE164(request.to);
    if (!to) throw new GatewayError("invalid-request", "No phone has this extension.", "to");
    const answering =
      request.answering ??
      (request.trunkId === undefined ? await this.#parts.records.resolveAgent(to, request.from) : undefined);
    if (answering) {
      const { record, orgId, liveTranscript, ...agent } = answering;
      return this.#inside(request, events, { orgId, to, agent, record, liveTranscript });
    }
    if (request.stayInside) throw new GatewayError("not-found", "nobody has this number");
    const route = this.#overTrunk({ ...request, to });
    try {
      return await this.#dial(request, events, route);
    } catch (error) {
      route.release();
      throw error;
    }
  }

  /**
   * Who has a number, for who may call so much: the way there, or the agent that answers; undefined: nobody. `callId`: on
   * whose behalf. `caller`: who an agent would talk with.
   */
  async find(number: string, mayCall: MayCall, callId: CallId, caller: string): Promise<Found | undefined> {
    const { live, phones, records } = this.#parts;
    const call = live.get(callId);
    if (!call || mayCall === "nobody") return undefined;
    const { orgId } = call;
    const { from, metadata } = call.plan;
    const phone = phones.findByNumber(number, orgId);
    if (phone) return { type: "route", route: this.#toPhone({ from, to: number, metadata }, phone) };
    const to = parseE164(number);
    const agent = to && (await records.resolveAgent(to, caller));
    if (agent) return { type: "agent", agent };
    if (!to || mayCall !== "any") return undefined;
    try {
      return { type: "route", route: this.#overTrunk({ orgId, from, to, metadata }) };
    } catch {
      return undefined;
    }
  }

  /** Our address as a target is to see it. */
  readonly localAddressFor = ({ uri, to }: DialTarget): string =>
    to ? this.#parts.network.towards(to.address) : this.#parts.network.towardsUri(uri);

  #toPhone(request: DialRequest, phone: Phone): Route {
    const bindings = this.#parts.phones.bindings(phone, this.#parts.clock.now());
    const plan = phoneDial(request, bindings);
    return { plan, phoneId: phone.id, mayCall: phone.mayCall, release: () => undefined };
  }

  #overTrunk(request: DialRequest & { readonly orgId: OrgId; readonly to: E164; readonly trunkId?: string }): Route {
    const { trunks, clock } = this.#parts;
    const trunk = trunks.choose(request.orgId, request.from, request.to, request.trunkId);
    if (!trunk) {
      if (request.trunkId !== undefined) {
        throw new GatewayError("not-found", "There is no such trunk, or it is switched off.", "trunk");
      }
      throw new GatewayError("invalid-request", "No trunk leads there: connect one with POST /api/v1/trunks.", "to");
    }
    const now = clock.now();
    const admission = trunks.admit(trunk.id, now);
    if (admission === "too-fast") throw new GatewayError("rate-limited", "The trunk's calls per second are used up.");
    if (admission === "too-many-calls") throw new GatewayError("unavailable", "The trunk's calls are all in use.");
    const report = (uri: string) => (isReached: boolean) => trunks.reportTarget(trunk.id, uri, isReached, clock.now());
    const plan = trunkDial(request, trunk, trunks.targets(trunk, now), trunks.authorize(trunk), report);
    return { plan, trunk, mayCall: "nobody", release: trunkPlace(trunks, trunk.id) };
  }

  async #dial(request: OutgoingRequest, events: OutgoingEvents, route: Route): Promise<OutgoingCall> {
    const { live, network } = this.#parts;
    const { plan, trunk, phoneId } = route;
    const telephone = new TelephoneCall({ ...this.#parts, direction: "outbound", farEnd: route, refer: this.#refer });
    const line = telephone.line((port) => this.#startDial(made, telephone, plan, port, events));
    const made = await live.make({
      ...newCall(request),
      trunkId: trunk?.id,
      phoneId,
      access: { type: "rtp", line, bindAddress: network.bindAddress },
      acceptTimeoutMs: plan.ringTimeoutMs * Math.max(1, plan.groups.length) + setupSlackMs,
    });
    refuseEnded(made);
    this.#watch(made, events);
    telephone.named(made.callId);
    events.made?.(made.callId);
    live.place(made, request.near);
    return { callId: made.callId, telephone };
  }

  #startDial(
    { callId }: LiveCall,
    telephone: TelephoneCall,
    plan: DialPlan,
    port: number,
    events: OutgoingEvents,
  ): void {
    const { live, records } = this.#parts;
    const note = (facts: SignallingFacts) => live.write(() => records.noteSignalling(callId, facts), callId);
    const dial = new SipDial({
      ...this.#parts,
      plan,
      media: { callId, port, hasBegun: false },
      localAddressFor: this.localAddressFor,
      events: {
        ringing: () => {
          note({ isRinging: true });
          events.ringing?.();
        },
        early:
          events.early &&
          ((leg) => {
            leg.startEarlyMedia();
            events.early?.();
          }),
        answered: (leg, sipCallId) => {
          note({ carrierCallId: sipCallId });
          telephone.take(leg);
          leg.startMedia();
        },
        failed: ({ cause, sipStatus, detail }) => {
          if (sipStatus !== undefined) {
            note({ sipStatus });
            this.#sipStatuses.set(callId, sipStatus);
          }
          live.hangUp(callId, cause, detail);
        },
      },
    });
    telephone.whenOver(() => dial.cancel());
    dial.start();
  }

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
    request: OutgoingRequest,
    events: OutgoingEvents,
    callee: Pick<NewLiveCall, "orgId" | "to" | "agent" | "record" | "liveTranscript">,
  ): Promise<OutgoingCall> {
    const { live, records } = this.#parts;
    const caller = await live.make({ ...newCall(request), carrier: "internal", access: { type: "pair" } });
    refuseEnded(caller);
    this.#watch(caller, events);
    const { callId } = caller;
    const { from } = request;
    // Another organisation gets to know of a call what any telephone would tell it.
    const isOurs = callee.orgId === request.orgId;
    const link = isOurs ? { metadata: request.metadata, peerCallId: callId } : { metadata: {} };
    const common = { carrier: "internal", direction: "inbound", from, ...link } as const;
    let answering: LiveCall;
    try {
      answering = await live.make({ ...common, ...callee, access: { type: "pair", first: caller } });
    } catch (error) {
      if (isUnpaid(error)) {
        live.hangUp(callId, "call-refused", "the called number takes no calls now");
        return { callId, telephone: undefined };
      }
      live.hangUp(callId, "internal-error", "the called number could not take the call");
      throw error;
    }
    if (isOurs) live.write(() => records.noteSignalling(callId, { peerCallId: answering.callId }), callId);
    events.made?.(callId);
    // Neither is there without the other: one may have been ended meanwhile.
    if (!live.place(caller, request.near)) live.hangUp(answering.callId, "cancelled");
    else if (!live.place(answering, callId)) live.hangUp(callId, "cancelled");
    return { callId, telephone: undefined };
  }
}

/** A call that ended while its record was written has no watcher yet who would be told: a drain, a database that hangs. */
function refuseEnded({ machine }: LiveCall): void {
  if (machine.state === "ended") throw new GatewayError("unavailable", "The call ended before it could be placed.");
}

/** Whom we call cannot pay for being called: that is no fault of the one who calls. */
function isUnpaid(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === "payment-required" || error.code === "forbidden");
}

function newCall(request: OutgoingRequest): Omit<NewLiveCall, "access"> {
  const { orgId, from, to, agent, record, metadata, answeringMachine, peerCallId, idempotency } = request;
  const { maxDurationMs, liveTranscript } = request;
  return {
    orgId,
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
    liveTranscript,
  };
}

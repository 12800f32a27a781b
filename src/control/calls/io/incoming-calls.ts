import { GatewayError, type GatewayErrorCode } from "../../../kit/errors.ts";
import { type E164, firstOrgId, type OrgId, parseE164 } from "../../../kit/ids.ts";
import { SipHeaders } from "../../../sip/headers/headers.ts";
import type { IncomingCall } from "../../../sip/io/sip-endpoint.ts";
import { type SipRequest, sipCallIdOf } from "../../../sip/message.ts";
import type { SdpOptions } from "../../../sip/sdp/media.ts";
import { type Uri, userOf } from "../../../sip/uri.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import { addressText, callerAddress, callMetadata } from "../../exchange/call-headers.ts";
import type { DtmfMode } from "../../exchange/dial-plan.ts";
import { type Caller, routeInvite } from "../../exchange/invite-route.ts";
import { inboundNumber } from "../../exchange/number-rewriting.ts";
import { dialledIn, identityOf } from "../../exchange/phone.ts";
import { sipMediaOptions, trunkMediaOptions } from "../sip-media.ts";
import { trunkPlace } from "../trunk-place.ts";
import { type CallerCheck, checkCaller } from "./caller-check.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { FarEndChanges } from "./far-end-changes.ts";
import type { JoinedCalls } from "./joined-calls.ts";
import type { LiveCall, NewLiveCall } from "./live-call.ts";
import { SipLeg } from "./sip-leg.ts";
import { type FarEnd, TelephoneCall } from "./telephone-call.ts";

const retryAfterS = 5;

/** Calls that come in over SIP: who calls, where to, and the media that answer. */
export class IncomingCalls {
  readonly #parts: ExchangeParts;
  readonly #joined: JoinedCalls;
  readonly #changes: FarEndChanges;
  #closing = false;

  constructor(parts: ExchangeParts, joined: JoinedCalls, changes: FarEndChanges) {
    this.#parts = parts;
    this.#joined = joined;
    this.#changes = changes;
  }

  /** Takes no new calls. */
  drain(): void {
    this.#closing = true;
  }

  incoming(incoming: IncomingCall): void {
    const { session, request, from } = incoming;
    const { clock, open } = this.#parts;
    if (this.#closing) {
      this.#refuse(session, 503);
      return;
    }
    const check = checkCaller(this.#parts, request, from, clock.now());
    if (check.type === "refused" || check.type === "challenge") {
      this.#turnAway(incoming, check);
      return;
    }
    const trunk = check.type === "trunk" ? check.trunk : undefined;
    const route = incoming.replaces === undefined ? routeInvite(check, request, open) : undefined;
    if (route?.type === "refuse") {
      this.#refuse(session, route.status);
      return;
    }
    const admission = trunk ? this.#parts.trunks.admit(trunk.id, clock.now()) : "ok";
    if (admission !== "ok") {
      this.#refuse(session, admission === "too-many-calls" ? 486 : 503);
      return;
    }
    const farEnd: FarEnd = {
      trunk,
      mayCall: check.type === "phone" ? check.phone.mayCall : "nobody",
      release: trunk ? trunkPlace(this.#parts.trunks, trunk.id) : () => undefined,
    };
    const leg = this.#leg(incoming, check);
    if (route === undefined) {
      this.#changes.replaced(incoming, leg, farEnd);
      return;
    }
    const call = new TelephoneCall({
      ...this.#parts,
      direction: "inbound",
      farEnd,
      refer: (one, request) => this.#changes.referred(one, request),
    });
    call.take(leg);
    const work =
      route.type === "echo"
        ? this.#openEcho(call, incoming, check, route.number)
        : this.#openNumber(call, incoming, check, route.number, route.orTrunk);
    work.catch((error: unknown) => this.#failed(call, session, error));
  }

  async #openNumber(
    call: TelephoneCall,
    incoming: IncomingCall,
    caller: Caller,
    number: string,
    orTrunk: boolean,
  ): Promise<void> {
    const e164 = parseE164(number);
    const from = fromOf(caller, addressOf(incoming.request, caller)?.uri);
    const agent = e164 && (await this.#parts.records.resolveAgent(e164, from));
    if (agent) {
      const { record, orgId, liveTranscript, ...spec } = agent;
      await this.#open(call, incoming, caller, { orgId, to: number, agent: spec, record, liveTranscript });
      return;
    }
    const orgId = orgOf(caller);
    const phone = this.#parts.phones.findByNumber(number, orgId);
    if (!phone && !(orTrunk && e164)) throw new GatewayError("not-found", "nobody has this number");
    const newCall = this.#newCall(incoming, caller, {
      orgId: phone && caller.type === "trunk" ? phone.orgId : orgId,
      to: number,
      agent: undefined,
      record: false,
    });
    const answers = {
      answer: () => this.#answer(call, incoming),
      answerEarly: () => this.#answerEarly(call, incoming),
    };
    await this.#joined.join(call, incoming, newCall, answers, orTrunk ? "any" : "internal");
  }

  #openEcho(call: TelephoneCall, incoming: IncomingCall, caller: Caller, to: E164): Promise<void> {
    const what = { orgId: orgOf(caller), to, agent: undefined, record: false, echo: true } as const;
    return this.#open(call, incoming, caller, what);
  }

  async #open(
    call: TelephoneCall,
    incoming: IncomingCall,
    caller: Caller,
    what: Pick<NewLiveCall, "orgId" | "to" | "agent" | "record" | "liveTranscript" | "echo">,
  ): Promise<void> {
    const { live, network } = this.#parts;
    const line = call.line((port) => {
      this.#opened(call, port);
      this.#answer(call, incoming);
    });
    const access = { type: "rtp", line, bindAddress: network.bindAddress } as const;
    const made = await live.make({ ...this.#newCall(incoming, caller, what), access });
    this.#made(call, incoming, made);
    if (!call.isOver && !live.place(made)) throw new GatewayError("unavailable", "no media process is ready");
  }

  #made(call: TelephoneCall, { request, from }: IncomingCall, { callId }: LiveCall): void {
    const { transport, address } = from;
    this.#parts.onDialog(callId, sipCallIdOf(request));
    this.#parts.log.info({ callId, sipCallId: sipCallIdOf(request), transport, remoteAddress: address }, "SIP call");
    // The caller may have given up while the record was written: then this ends it.
    call.named(callId);
  }

  #newCall(
    { request }: IncomingCall,
    caller: Caller,
    what: Pick<NewLiveCall, "orgId" | "to" | "agent" | "record" | "liveTranscript" | "echo">,
  ): Omit<NewLiveCall, "access"> {
    const address = addressOf(request, caller);
    return {
      ...what,
      carrier: "sip",
      carrierCallId: sipCallIdOf(request),
      direction: "inbound",
      from: fromOf(caller, address?.uri),
      metadata: callMetadata(request, address).metadata,
      trunkId: caller.type === "trunk" ? caller.trunk.id : undefined,
      phoneId: caller.type === "phone" ? caller.phone.id : undefined,
    };
  }

  #opened(call: TelephoneCall, port: number): void {
    const callId = call.callId;
    if (callId) call.leg?.attach({ callId, port, hasBegun: false });
  }

  /** Takes the call with our answer, or our offer when there was none. */
  #answer(call: TelephoneCall, { session, request }: IncomingCall): void {
    const { leg, callId, isOver } = call;
    if (!leg || !callId || isOver) return;
    if (leg.media?.isEarly) {
      // As it was answered in the progress.
      this.#parts.sessions.command(session, { type: "answer" });
      leg.startMedia();
      return;
    }
    const hasOffer = request.body.length > 0;
    const sdp = hasOffer ? leg.answer(request.body) : leg.offer();
    if (!sdp) {
      this.#parts.live.hangUp(callId, "protocol-error", "the offer has no codec or key that we take");
      this.#refuse(session, 488);
      return;
    }
    this.#parts.sessions.command(session, { type: "answer", sdp });
    if (hasOffer) leg.startMedia();
  }

  /** Lets the caller hear whom it calls before that one answers (RFC 3960 §3.1); false: it made no offer that we take. */
  #answerEarly({ leg, isOver }: TelephoneCall, { session, request }: IncomingCall): boolean {
    if (!leg || isOver || request.body.length === 0) return false;
    const sdp = leg.answer(request.body);
    if (!sdp) return false;
    this.#parts.sessions.command(session, { type: "progress", status: 183, sdp });
    leg.startEarlyMedia();
    return true;
  }

  #leg({ session, from }: IncomingCall, caller: Caller): SipLeg {
    const { network } = this.#parts;
    const trunk = caller.type === "trunk" ? caller.trunk.media : undefined;
    const sdp: SdpOptions = trunk ? trunkMediaOptions(trunk) : sipMediaOptions;
    const dtmf: DtmfMode = trunk?.dtmf ?? "auto";
    const leg = new SipLeg({ ...this.#parts, sdp, dtmf, localAddress: network.towards(from.address) });
    leg.session = session;
    return leg;
  }

  #turnAway({ session, from }: IncomingCall, check: Extract<CallerCheck, { type: "refused" | "challenge" }>): void {
    if (check.type === "challenge") {
      this.#parts.sessions.command(session, { type: "reject", status: 401, headers: check.headers });
      return;
    }
    this.#parts.guard.strike(from.address, this.#parts.clock.now());
    this.#refuse(session, 403);
  }

  #failed(call: TelephoneCall, session: SessionId, error: unknown): void {
    const known = error instanceof GatewayError ? error.code : undefined;
    if (known === undefined)
      this.#parts.log.error({ err: error, callId: call.callId }, "a SIP call could not be opened");
    this.#refuse(session, known === undefined ? 500 : (refusalStatus[known] ?? 503));
  }

  #refuse(session: SessionId, status: number): void {
    this.#parts.metrics.streamsRefused.inc({ reason: `sip-${status}` });
    const headers = new SipHeaders();
    if (status === 503 || status === 486) headers.add("Retry-After", String(retryAfterS));
    this.#parts.sessions.command(session, { type: "reject", status, headers });
  }
}

/** What a caller hears of a refusal: that its callee cannot pay is nobody's business but the callee's. */
const refusalStatus: Readonly<Partial<Record<GatewayErrorCode, number>>> = {
  "not-found": 404,
  "payment-required": 480,
  forbidden: 480,
};

/** Whose the call is, where it is nobody's number: the caller's. */
function orgOf(caller: Caller): OrgId {
  if (caller.type === "guest") return firstOrgId;
  return caller.type === "phone" ? caller.phone.orgId : caller.trunk.orgId;
}

/** Who the caller says to be, believed of trunks that vouch for it. */
function addressOf(request: SipRequest, caller: Caller): ReturnType<typeof callerAddress> {
  return callerAddress(request, caller.type === "trunk" && caller.trunk.assertIdentity);
}

/** What the call's record says of the caller. */
function fromOf(caller: Caller, uri: Uri | undefined): string {
  return caller.type === "phone" ? identityOf(caller.phone) : numberOf(uri, caller);
}

/** The caller's number, or its address where it has none; "": withheld. */
function numberOf(uri: Uri | undefined, caller: Caller): string {
  if (uri === undefined) return "";
  const rules = caller.type === "trunk" ? caller.trunk.rewriting.inbound : undefined;
  return (rules ? inboundNumber(userOf(uri), rules) : dialledIn(uri)) ?? addressText(uri);
}

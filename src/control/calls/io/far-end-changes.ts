import type { Replaces } from "../../../sip/headers/fields.ts";
import type { IncomingCall } from "../../../sip/io/sip-endpoint.ts";
import { userOf } from "../../../sip/uri.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import { readDialled } from "../../exchange/phone.ts";
import { AgentReferrals } from "./agent-referrals.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall } from "./live-call.ts";
import type { Found, OutgoingCalls } from "./outgoing-calls.ts";
import { SipDial } from "./sip-dial.ts";
import type { SipLeg } from "./sip-leg.ts";
import type { FarEnd, ReferRequest, TelephoneCall } from "./telephone-call.ts";

/**
 * A call's telephone becomes another while its media, and whoever is at their inner end, stay: transfers that far ends
 * ask for (RFC 3515, RFC 5589) and calls that take another's place (RFC 3891).
 */
export class FarEndChanges {
  readonly #parts: ExchangeParts;
  readonly #outgoing: () => OutgoingCalls;
  readonly #agents: AgentReferrals;

  /** `outgoing`: finds the way to a number. */
  constructor(parts: ExchangeParts, outgoing: () => OutgoingCalls) {
    this.#parts = parts;
    this.#outgoing = outgoing;
    this.#agents = new AgentReferrals(parts, outgoing);
  }

  /** The far end of a call wants somebody else to have its place. */
  referred(call: TelephoneCall, { refer, to, replaces }: ReferRequest): void {
    if (replaces) this.#attended(call, refer, replaces);
    else void this.#blind(call, refer, readDialled(userOf(to.uri)));
  }

  /** A call came that takes the place of another: its telephone gets that one's media. */
  replaced({ session, request, replaces }: IncomingCall, leg: SipLeg, farEnd: FarEnd): void {
    const refuse = (status: number) => {
      farEnd.release();
      this.#parts.sessions.command(session, { type: "reject", status });
    };
    const call = replaces === undefined ? undefined : this.#parts.calls.bySession(replaces);
    const media = call?.leg?.media;
    // Media that have not begun are still being agreed on with the one that is there.
    if (!call || !media?.hasBegun || call.isOver || !call.callId) {
      refuse(481);
      return;
    }
    leg.attach(media);
    const hasOffer = request.body.length > 0;
    const sdp = hasOffer ? leg.answer(request.body) : leg.offer();
    if (!sdp) {
      refuse(488);
      return;
    }
    // The telephone that was there is hung up by the rules of Replaces, once this one is answered.
    call.change(leg, farEnd);
    this.#parts.sessions.command(session, { type: "answer", sdp });
    if (hasOffer) leg.startMedia();
    this.#parts.log.info({ callId: call.callId }, "another telephone took the call over");
  }

  /** Calls the number, and gives it the place when it answers; an agent gets the other side, and the call is over. */
  async #blind(call: TelephoneCall, refer: string, number: string | undefined): Promise<void> {
    const { sessions, bridges, log } = this.#parts;
    const { leg, callId } = call;
    const session = leg?.session;
    const media = leg?.media;
    if (!leg || session === undefined || !media || !callId) return;
    const refuse = (status: number) => sessions.command(session, { type: "refuse-refer", refer, status });
    const partner = bridges.of(callId)?.partner;
    const caller = nameOf(partner);
    let found: Found | undefined;
    try {
      found = number === undefined ? undefined : await this.#outgoing().find(number, call.mayCall, callId, caller);
    } catch (error) {
      log.error({ err: error, callId }, "a telephone's transfer could not be begun");
      refuse(500);
      return;
    }
    const route = found?.type === "route" ? found.route : undefined;
    // Whoever asked may have gone, or have been replaced, while an agent was looked for.
    if (call.isOver || call.leg !== leg) {
      route?.release();
      return;
    }
    if (number !== undefined && found?.type === "agent") {
      if (partner) this.#agents.passOn(call, { session, refer, number, agent: found.agent, caller });
      // It talks with an agent itself, and two agents are not joined.
      else refuse(603);
      return;
    }
    if (!route) {
      refuse(404);
      return;
    }
    sessions.command(session, { type: "accept-refer", refer });
    const tell = (status: number) => sessions.command(session, { type: "refer-progress", refer, status });
    const settled = call.awaitSuccessor();
    const dial = new SipDial({
      ...this.#parts,
      plan: route.plan,
      media,
      localAddressFor: this.#outgoing().localAddressFor,
      events: {
        ringing: () => tell(180),
        answered: (found) => {
          forget();
          found.attach(media);
          const former = call.leg;
          call.change(found, route);
          settled();
          found.startMedia();
          tell(200);
          former?.hangUp();
          log.info({ callId }, "the call was transferred to another telephone");
        },
        failed: ({ sipStatus, cause }) => {
          forget();
          route.release();
          tell(sipStatus ?? (cause === "no-answer" ? 480 : 503));
          settled();
        },
      },
    });
    const forget = call.whenOver(() => {
      dial.cancel();
      route.release();
      tell(487);
    });
    dial.start();
  }

  /**
   * The far end has two calls here and wants both others to talk: the telephone of the one it talks to in the second gets
   * the media of the first, or the other way about, where there is a telephone in the first alone.
   */
  #attended(asked: TelephoneCall, refer: string, { toTag, callId: sipCallId }: Replaces): void {
    const { sessions, live, calls, log } = this.#parts;
    const session = asked.leg?.session;
    if (session === undefined) return;
    const named = this.#ours(toTag, sipCallId);
    const [kept, left] = named && !calls.peerOf(named) ? [named, asked] : [asked, named];
    const other = left && calls.peerOf(left);
    const { leg: transferor, callId } = kept;
    const media = transferor?.media;
    const found = other?.leg;
    const bothTalk = media?.hasBegun && found?.media?.hasBegun;
    if (!callId || !transferor || !left || !other || !bothTalk || kept === left || other === kept) {
      sessions.command(session, { type: "refuse-refer", refer, status: named ? 603 : 404 });
      return;
    }
    sessions.command(session, { type: "accept-refer", refer });
    const farEnd = other.letGo();
    if (farEnd) kept.change(found, farEnd);
    found.attach(media);
    found.reoffer();
    sessions.command(session, { type: "refer-progress", refer, status: 200 });
    transferor.hangUp();
    for (const id of [other.callId, left.callId])
      if (id) live.hangUp(id, "transferred", "its telephones talk in another call");
    log.info({ callId, formerCallId: other.callId }, "two calls were joined by the telephone that had both");
  }

  /** The call whose dialog with us a Replaces names. */
  #ours(toTag: SessionId, sipCallId: string): TelephoneCall | undefined {
    const { sessions, calls } = this.#parts;
    return sessions.endpoint.session(toTag)?.sipCallId === sipCallId ? calls.bySession(toTag) : undefined;
  }
}

/** What the far end of a call is known by; "": there is none. */
function nameOf(call: LiveCall | undefined): string {
  if (!call) return "";
  const { direction, from, to } = call.plan;
  return direction === "outbound" ? to : from;
}

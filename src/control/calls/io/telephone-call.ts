import type { CallId } from "../../../kit/ids.ts";
import type { CallDirection, EndCause, RoomHearing } from "../../../media/protocol.ts";
import type { SessionEvent } from "../../../sip/invite-session/types.ts";
import type { Trunk } from "../../exchange/trunk.ts";
import type { CallBridges } from "./call-bridges.ts";
import type { TelephoneLine } from "./live-call.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { SipLeg } from "./sip-leg.ts";
import type { SessionHandler, SipSessions } from "./sip-sessions.ts";
import type { TelephoneCalls } from "./telephone-calls.ts";

/** A far end asks us to call somebody else in its place (RFC 3515). */
export type ReferRequest = Extract<SessionEvent, { type: "refer-requested" }>;

/** Whom a far end may have us call for it. */
export type MayCall = "any" | "internal" | "nobody";

/** Who is, or will be, at the far end of a call. */
export interface FarEnd {
  /** The trunk it came or went by. */
  readonly trunk?: Trunk;
  readonly mayCall: MayCall;
  /** Gives its place on the trunk back. Twice is fine. */
  readonly release: () => void;
}

export interface TelephoneCallOptions {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly calls: TelephoneCalls;
  readonly bridges: CallBridges;
  readonly direction: CallDirection;
  readonly farEnd: FarEnd;
  readonly refer: (call: TelephoneCall, request: ReferRequest) => void;
}

type ReferCommand = Extract<Parameters<SipSessions["command"]>[1], { type: "refer" }>;

const probe = "probe";
/** Request Terminated: what a transfer comes to whose far end is no more. */
const gone = 487;

/** For a dialog that is nobody's business any more. */
const nobody: SessionHandler = { event: () => undefined };

const nowhere: FarEnd = { mayCall: "nobody", release: () => undefined };

/** A call over our own exchange: its dialog and its media, ended together. Its far end may become another. */
export class TelephoneCall implements SessionHandler {
  readonly direction: CallDirection;
  readonly #options: TelephoneCallOptions;
  readonly #refers = new Map<string, (status: number, isFinal: boolean) => void>();
  readonly #closers = new Set<() => void>();
  #farEnd: FarEnd;
  #leg: SipLeg | undefined;
  #callId: CallId | undefined;
  #isOver = false;
  /** Somebody is being called to be its far end. */
  #successors = 0;
  /** Its far end has hung up, and nobody has its place yet. */
  #isForsaken = false;
  /** What the one it talks with hears. */
  #partnerHears: RoomHearing = "room";
  /** The silence after which the far end was asked whether it is there. */
  #askedAfterMs: number | undefined;

  constructor(options: TelephoneCallOptions) {
    this.#options = options;
    this.#farEnd = options.farEnd;
    this.direction = options.direction;
  }

  get callId(): CallId | undefined {
    return this.#callId;
  }

  get leg(): SipLeg | undefined {
    return this.#leg;
  }

  get trunk(): Trunk | undefined {
    return this.#farEnd.trunk;
  }

  /** Whom its far end may have us call. */
  get mayCall(): MayCall {
    return this.#farEnd.mayCall;
  }

  /** The dialog or the media are over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its record is there; a far end that has gone meanwhile ends it. */
  named(callId: CallId): void {
    this.#callId = callId;
    if (this.#isOver) {
      this.#leg?.hangUp();
      this.#options.live.hangUp(callId, "caller-hung-up");
    } else this.#options.calls.name(callId, this);
  }

  /** Done when the call is over, or now. Takes it back, where it is done with. */
  whenOver(work: () => void): () => void {
    if (this.#isOver) work();
    else this.#closers.add(work);
    return () => this.#closers.delete(work);
  }

  /** Its far end has a dialog, which the call looks after from now on. */
  take(leg: SipLeg): void {
    this.#leg = leg;
    this.#options.calls.enter(leg.session, this);
    this.#options.sessions.give(leg.session, this);
  }

  /** Somebody else is at the far end from now on; the dialog that was there is left to whoever asked for the change. */
  change(leg: SipLeg, farEnd: FarEnd): void {
    this.letGo()?.release();
    this.#isForsaken = false;
    // Whom we had asked to call somebody else will not be heard of again.
    const refers = [...this.#refers.values()];
    this.#refers.clear();
    this.#askedAfterMs = undefined;
    this.#farEnd = farEnd;
    this.take(leg);
    this.#tellPartner();
    for (const progress of refers) progress(gone, true);
  }

  /** Its dialog is somebody else's from now on, with the place on the trunk. */
  letGo(): FarEnd | undefined {
    const leg = this.#leg;
    if (!leg) return undefined;
    const farEnd = this.#farEnd;
    this.#leg = undefined;
    this.#farEnd = nowhere;
    this.#options.calls.leave(leg.session, this);
    this.#options.sessions.give(leg.session, nobody);
    return farEnd;
  }

  /**
   * Somebody is being called to take the far end's place. Until that has come to an end, told once by what comes back, a
   * far end that hangs up leaves the call to that one.
   */
  awaitSuccessor(): () => void {
    this.#successors++;
    return () => {
      this.#successors--;
      if (this.#isForsaken && this.#successors === 0) this.#hungUp();
    };
  }

  /** The far end's side of the call's media. `opened`: what to do with its port. */
  line(opened: (port: number) => void): TelephoneLine {
    return {
      opened,
      sendKeys: (digits) => this.#leg?.sendKeys(digits),
      silent: (silentMs) => this.#silent(silentMs),
      ended: () => {
        // A call that came to nothing before it had its record is refused by whoever made it, with a reason.
        if (this.#callId) this.#leg?.hangUp();
        this.#over();
      },
    };
  }

  /** Asks the far end to call somebody else; `progress` is told how that goes. */
  refer(command: Omit<ReferCommand, "type">, progress: (status: number, isFinal: boolean) => void): void {
    if (!this.#leg) return;
    this.#refers.set(command.refer, progress);
    this.#options.sessions.command(this.#leg.session, { type: "refer", ...command });
  }

  event(event: SessionEvent): void {
    if (this.#leg?.event(event)) {
      this.#tellPartner();
      return;
    }
    switch (event.type) {
      case "refer-requested":
        this.#options.refer(this, event);
        break;
      case "refer-progress": {
        const progress = this.#refers.get(event.refer);
        if (event.isFinal) this.#refers.delete(event.refer);
        progress?.(event.status, event.isFinal);
        break;
      }
      case "sent":
        // A far end that knows nothing of the call, or is gone; any other answer shows that it is there (RFC 3261 §12.2.1.2).
        if (event.token === probe && (event.status === 408 || event.status === 481)) {
          this.#giveUp("no audio came, and the far end does not know the call any more");
        }
        break;
      case "ended":
        if (event.end.by === "network") this.#end("connection-lost");
        // Whoever of us ended it has told why already, but for a far end that agreed to nothing we offered.
        else if (event.end.by === "local") this.#end("protocol-error");
        // Who passes a call on need not wait for the one it is passed to (RFC 5589 §6.1).
        else if (this.#successors > 0) {
          this.letGo()?.release();
          this.#isForsaken = true;
          this.#tellPartner();
        } else this.#hungUp();
        break;
    }
  }

  /** A far end that is silent is asked whether it is there (RFC 3261 §11); one that stays silent is given up. */
  #silent(silentMs: number): void {
    if (this.#isForsaken) return;
    const { sessions } = this.#options;
    // A shorter silence than the one asked about is a new one: something was heard in between.
    const isAsked = silentMs > (this.#askedAfterMs ?? silentMs);
    this.#askedAfterMs = silentMs;
    if (isAsked) this.#giveUp(`no audio came for ${Math.round(silentMs / 1000)} s, though the far end is there`);
    else if (this.#leg) sessions.command(this.#leg.session, { type: "send", method: "OPTIONS", token: probe });
  }

  /** Whoever talks with a telephone that holds, or that is about to be another one, is not left in silence. */
  #tellPartner(): void {
    const held = this.#leg?.isHeld ? "music" : "room";
    const hears = this.#isForsaken ? "ringback" : held;
    if (hears === this.#partnerHears || !this.#callId) return;
    this.#partnerHears = hears;
    this.#options.bridges.partnerHears(this.#callId, hears);
  }

  #giveUp(detail: string): void {
    if (this.#callId) this.#options.live.hangUp(this.#callId, "connection-lost", detail);
  }

  #hungUp(): void {
    this.#end(this.direction === "inbound" ? "caller-hung-up" : "callee-hung-up");
  }

  #end(cause: EndCause): void {
    this.#over();
    if (this.#callId) this.#options.live.hangUp(this.#callId, cause);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#leg) this.#options.calls.leave(this.#leg.session, this);
    this.#options.calls.forget(this);
    this.#refers.clear();
    this.#farEnd.release();
    for (const close of this.#closers) close();
    this.#closers.clear();
  }
}

import type { CallId } from "../../../kit/ids.ts";
import type { CallDirection, EndCause } from "../../../media/protocol.ts";
import type { SessionEvent } from "../../../sip/invite-session/types.ts";
import type { Trunk } from "../../exchange/trunk.ts";
import type { LiveCalls, TelephoneLine } from "./live-calls.ts";
import type { SipLeg } from "./sip-leg.ts";
import type { SessionHandler, SipSessions } from "./sip-sessions.ts";
import type { TelephoneCalls } from "./telephone-calls.ts";

/** A far end asks us to call somebody else in its place (RFC 3515). */
export type ReferRequest = Extract<SessionEvent, { type: "refer-requested" }>;

/** Whom a far end may have us call for it. */
export type MayCall = "any" | "internal" | "nobody";

export interface TelephoneCallOptions {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly calls: TelephoneCalls;
  readonly direction: CallDirection;
  readonly mayCall: MayCall;
  /** The trunk the call came or went by. */
  readonly trunk?: Trunk;
  readonly refer: (call: TelephoneCall, request: ReferRequest) => void;
}

type ReferCommand = Extract<Parameters<SipSessions["command"]>[1], { type: "refer" }>;

const probe = "probe";

/** For a dialog that is nobody's business any more. */
const nobody: SessionHandler = { event: () => undefined };

/** A call over our own exchange: its dialog and its media, ended together. Its far end may become another. */
export class TelephoneCall implements SessionHandler {
  readonly direction: CallDirection;
  readonly mayCall: MayCall;
  readonly trunk: Trunk | undefined;
  readonly #options: TelephoneCallOptions;
  readonly #refers = new Map<string, (status: number, isFinal: boolean) => void>();
  readonly #closers: (() => void)[] = [];
  #leg: SipLeg | undefined;
  #callId: CallId | undefined;
  #isOver = false;
  /** The silence after which the far end was asked whether it is there. */
  #askedAfterMs: number | undefined;

  constructor(options: TelephoneCallOptions) {
    this.#options = options;
    this.direction = options.direction;
    this.mayCall = options.mayCall;
    this.trunk = options.trunk;
  }

  get callId(): CallId | undefined {
    return this.#callId;
  }

  get leg(): SipLeg | undefined {
    return this.#leg;
  }

  /** The dialog or the media are over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Its record is there; a far end that has gone meanwhile ends it. */
  named(callId: CallId): void {
    this.#callId = callId;
    if (this.#isOver) this.#options.live.hangUp(callId, "caller-hung-up");
    else this.#options.calls.name(callId, this);
  }

  /** Done when the call is over, or now. */
  whenOver(work: () => void): void {
    if (this.#isOver) work();
    else this.#closers.push(work);
  }

  /** Looks after this leg from now on; the one before, if any, is left to whoever asked for the change. */
  take(leg: SipLeg): void {
    this.letGo();
    this.#leg = leg;
    this.#options.calls.enter(leg.session, this);
    this.#options.sessions.give(leg.session, this);
  }

  /** Its leg is somebody else's from now on. */
  letGo(): void {
    const leg = this.#leg;
    if (!leg) return;
    this.#leg = undefined;
    this.#options.calls.leave(leg.session, this);
    this.#options.sessions.give(leg.session, nobody);
  }

  /** The far end's side of the call's media. `opened`: what to do with its port. */
  line(opened: (port: number) => void): TelephoneLine {
    return {
      opened,
      sendKeys: (digits) => this.#leg?.sendKeys(digits),
      silent: (silentMs) => this.#silent(silentMs),
      ended: () => {
        this.#leg?.hangUp();
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
    if (this.#leg?.event(event)) return;
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
      case "ended": {
        const hungUp: EndCause = this.direction === "inbound" ? "caller-hung-up" : "callee-hung-up";
        const cause = event.end.by === "remote" ? hungUp : "connection-lost";
        this.#over();
        if (this.#callId) this.#options.live.hangUp(this.#callId, cause);
        break;
      }
    }
  }

  /** A far end that is silent is asked whether it is there (RFC 3261 §11); one that stays silent is given up. */
  #silent(silentMs: number): void {
    const { sessions } = this.#options;
    // A shorter silence than the one asked about is a new one: something was heard in between.
    const isAsked = silentMs > (this.#askedAfterMs ?? silentMs);
    this.#askedAfterMs = silentMs;
    if (isAsked) this.#giveUp(`no audio came for ${Math.round(silentMs / 1000)} s, though the far end is there`);
    else if (this.#leg) sessions.command(this.#leg.session, { type: "send", method: "OPTIONS", token: probe });
  }

  #giveUp(detail: string): void {
    if (this.#callId) this.#options.live.hangUp(this.#callId, "connection-lost", detail);
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#leg) this.#options.calls.leave(this.#leg.session, this);
    this.#options.calls.forget(this);
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) close();
  }
}

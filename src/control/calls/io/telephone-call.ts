import type { CallId } from "../../../kit/ids.ts";
import type { CallDirection, EndCause } from "../../../media/protocol.ts";
import type { SessionEvent } from "../../../sip/invite-session/types.ts";
import type { LiveCalls, TelephoneLine } from "./live-calls.ts";
import type { SipLeg } from "./sip-leg.ts";
import type { SessionHandler, SipSessions } from "./sip-sessions.ts";

/** A far end asks us to call somebody else in its place (RFC 3515). */
export type ReferRequest = Extract<SessionEvent, { type: "refer-requested" }>;

export interface TelephoneCallOptions {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly direction: CallDirection;
  /** The dialog is over or the media are: once. */
  readonly ended: (call: TelephoneCall) => void;
  readonly refer: (call: TelephoneCall, request: ReferRequest) => void;
}

/** A call over our own exchange: its dialog and its media, ended together. The far end may be changed for another. */
export class TelephoneCall implements SessionHandler {
  readonly direction: CallDirection;
  readonly #options: TelephoneCallOptions;
  #leg: SipLeg | undefined;
  #callId: CallId | undefined;
  #isOver = false;
  #refers = new Map<string, (status: number, reason: string, isFinal: boolean) => void>();

  constructor(options: TelephoneCallOptions) {
    this.#options = options;
    this.direction = options.direction;
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
  }

  /** Looks after this leg from now on. The one before, if any, is left to whoever asked for the change. */
  take(leg: SipLeg): void {
    this.#leg = leg;
    this.#options.sessions.give(leg.session, this);
  }

  /** The far end's side of the call's media. `opened`: what to do with its port. */
  line(opened: (port: number) => void): TelephoneLine {
    return {
      opened,
      sendKeys: (digits) => this.#leg?.sendKeys(digits),
      ended: () => {
        this.#leg?.hangUp();
        this.#over();
      },
    };
  }

  /** Asks the far end to call somebody else; `progress` is told how that goes. */
  refer(
    name: string,
    command: Omit<Extract<Parameters<SipSessions["command"]>[1], { type: "refer" }>, "type" | "refer">,
    progress: (status: number, reason: string, isFinal: boolean) => void,
  ): void {
    if (!this.#leg) return;
    this.#refers.set(name, progress);
    this.#options.sessions.command(this.#leg.session, { type: "refer", refer: name, ...command });
  }

  event(event: SessionEvent): void {
    if (this.#leg?.event(event)) return;
    switch (event.type) {
      case "refer-requested":
        this.#options.refer(this, event);
        break;
      case "refer-progress": {
        const { refer, status, reason, isFinal } = event;
        const progress = this.#refers.get(refer);
        if (isFinal) this.#refers.delete(refer);
        progress?.(status, reason, isFinal);
        break;
      }
      case "ended": {
        const hungUp: EndCause = this.direction === "inbound" ? "caller-hung-up" : "callee-hung-up";
        const cause = event.end.by === "remote" ? hungUp : "connection-lost";
        this.#over();
        if (this.#callId) this.#options.live.hangUp(this.#callId, cause);
        break;
      }
    }
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.ended(this);
  }
}

import type { Clock } from "../../../kit/clock.ts";
import type { CallId, RandomBytes } from "../../../kit/ids.ts";
import { defaultSessionOptions, type SessionEvent } from "../../../sip/invite-session/types.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import { type DialFailure, type DialPlan, type DialTarget, dialFailure } from "../../exchange/dial-plan.ts";
import type { LiveCalls } from "./live-calls.ts";
import { type LegMedia, SipLeg } from "./sip-leg.ts";
import type { SipSessions } from "./sip-sessions.ts";

export interface SipDialOptions {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly plan: DialPlan;
  readonly media: LegMedia;
  readonly onDialog: (callId: CallId, sipCallId: string) => void;
  /** Our address as a target is to see it. */
  readonly localAddressFor: (target: DialTarget) => string;
  readonly events: DialEvents;
}

/** What becomes of a dial: `answered` or `failed`, once, unless it is given up. */
export interface DialEvents {
  /** Somebody's telephone rings. */
  ringing(): void;
  /** The first that sends media before it answers has agreed on them (RFC 3960); told again when another one's take over. */
  early?(leg: SipLeg): void;
  /** The leg has agreed on its media and is the caller's to look after. `sipCallId`: of its dialog. */
  answered(leg: SipLeg, sipCallId: string | undefined): void;
  failed(failure: DialFailure): void;
}

interface Attempt {
  readonly target: DialTarget;
  readonly leg: SipLeg;
  /** Answers that came before the call was taken, by fork (RFC 3262, RFC 3960). */
  readonly earlyAnswers: Map<string, Uint8Array>;
  isHeard: boolean;
  isNamed: boolean;
}

/** A target that says nothing at all for so long is given up when there is another one to try. */
const silenceMs = 5_000;
const noTarget: DialFailure = {
  cause: "call-unreachable",
  sipStatus: undefined,
  detail: "there is nowhere to call",
  mayRetry: false,
};

/** One outgoing call on its way to whoever takes it first: group after group, the targets of a group together. */
export class SipDial {
  readonly #options: SipDialOptions;
  readonly #attempts = new Map<SessionId, Attempt>();
  #nextGroup = 0;
  #failure: DialFailure = noTarget;
  #hasRung = false;
  /** Whose answer holds before anybody has taken the call. */
  #heard: Attempt | undefined;
  #isOver = false;
  /** Targets of the group are still to be called, so that one that fails at once does not end it. */
  #isBeginning = false;
  #silence: NodeJS.Timeout | undefined;

  constructor(options: SipDialOptions) {
    this.#options = options;
  }

  start(): void {
    const { groups } = this.#options.plan;
    const group = groups[this.#nextGroup++];
    if (group === undefined) {
      this.#isOver = true;
      const { nowhere = noTarget.detail } = this.#options.plan;
      this.#options.events.failed(this.#failure === noTarget ? { ...noTarget, detail: nowhere } : this.#failure);
      return;
    }
    if (this.#nextGroup < groups.length) {
      this.#silence = setTimeout(() => this.#dropSilent(), silenceMs);
    }
    this.#isBeginning = true;
    for (const target of group) this.#begin(target);
    this.#isBeginning = false;
    this.#settle();
  }

  /** Gives up: whatever rings stops. Nothing more is told. */
  cancel(): void {
    this.#isOver = true;
    clearTimeout(this.#silence);
    for (const { leg } of this.#attempts.values()) leg.hangUp();
    this.#attempts.clear();
  }

  #begin(target: DialTarget): void {
    const { sessions, live, clock, randomBytes, plan, media, localAddressFor } = this.#options;
    const { uri, to: hop, routes, authorize } = target;
    const { from, to, headers, sdp, dtmf, ringTimeoutMs, sessionExpiresS, mayRedirectTo } = plan;
    const leg = new SipLeg({ sessions, live, clock, randomBytes, sdp, dtmf, localAddress: localAddressFor(target) });
    leg.attach(media);
    const attempt: Attempt = { target, leg, earlyAnswers: new Map(), isHeard: false, isNamed: false };
    sessions.call(
      { uri, from, to, routes, authorize, headers, sdp: leg.offer(), mayRedirectTo },
      { to: hop, options: { ...defaultSessionOptions, maxRingMs: ringTimeoutMs, sessionExpiresS } },
      (session) => {
        leg.session = session;
        this.#attempts.set(session, attempt);
        return { event: (event) => this.#event(session, attempt, event) };
      },
    );
  }

  #event(session: SessionId, attempt: Attempt, event: SessionEvent): void {
    if (!this.#attempts.has(session)) return;
    this.#nameDialog(session, attempt);
    switch (event.type) {
      case "trying":
        attempt.isHeard = true;
        break;
      case "progress":
        attempt.isHeard = true;
        if (event.sdp) attempt.earlyAnswers.set(event.fork, event.sdp);
        this.#listen();
        if (event.status >= 180 && !this.#hasRung) {
          this.#hasRung = true;
          this.#options.events.ringing();
        }
        break;
      case "answered":
        this.#answered(session, attempt, event.sdp ?? attempt.earlyAnswers.get(event.fork));
        break;
      case "redirected":
        // Whoever had media there is not called any more.
        attempt.earlyAnswers.clear();
        this.#unheard(attempt);
        break;
      case "ended":
        this.#attempts.delete(session);
        this.#failed(attempt, dialFailure(event.end));
        break;
      default:
        attempt.leg.event(event);
    }
  }

  /** The first answer that comes before the call is taken holds until then, or until its far end fails. */
  #listen(): void {
    if (this.#heard) return;
    for (const attempt of this.#attempts.values()) {
      const { leg, earlyAnswers } = attempt;
      if (![...earlyAnswers.values()].some((sdp) => leg.acceptEarlyAnswer(sdp))) continue;
      this.#heard = attempt;
      // One that sends nothing yet is not worth the ringing tone.
      if (leg.isHeard) this.#options.events.early?.(leg);
      return;
    }
  }

  #unheard(attempt: Attempt): void {
    if (this.#heard !== attempt) return;
    this.#heard = undefined;
    this.#listen();
  }

  /** Told at the first event: a call that is placed while another message is handled has no dialog before. */
  #nameDialog(session: SessionId, attempt: Attempt): void {
    const { sessions, media, onDialog } = this.#options;
    const sipCallId = attempt.isNamed ? undefined : sessions.endpoint.session(session)?.sipCallId;
    if (sipCallId === undefined) return;
    attempt.isNamed = true;
    onDialog(media.callId, sipCallId);
  }

  #answered(session: SessionId, attempt: Attempt, sdp: Uint8Array | undefined): void {
    this.#attempts.delete(session);
    if (sdp === undefined || !attempt.leg.acceptAnswer(sdp)) {
      attempt.leg.hangUp();
      const detail = "the far end's answer has no codec or key in common with our offer";
      this.#failed(attempt, { cause: "call-refused", sipStatus: 488, detail, mayRetry: false });
      return;
    }
    attempt.target.reached?.(true);
    this.cancel();
    this.#options.events.answered(attempt.leg, this.#options.sessions.endpoint.session(session)?.sipCallId);
  }

  #failed(attempt: Attempt, failure: DialFailure): void {
    if (this.#isOver) return;
    const { target } = attempt;
    this.#unheard(attempt);
    target.reached?.(!failure.mayRetry);
    if (rank(failure) >= rank(this.#failure)) this.#failure = failure;
    this.#settle();
  }

  /** The next group, or the end, once nothing of this one is left. */
  #settle(): void {
    if (this.#isOver || this.#isBeginning || this.#attempts.size > 0) return;
    clearTimeout(this.#silence);
    if (this.#failure === noTarget || this.#failure.mayRetry) this.start();
    else {
      this.#isOver = true;
      this.#options.events.failed(this.#failure);
    }
  }

  #dropSilent(): void {
    for (const [session, attempt] of [...this.#attempts]) {
      if (attempt.isHeard) continue;
      this.#attempts.delete(session);
      attempt.leg.hangUp();
      const detail = "the far end cannot be reached";
      this.#failed(attempt, { cause: "call-unreachable", sipStatus: undefined, detail, mayRetry: true });
    }
  }
}

/** Of several failures the one that tells most: a person's over a server's, a server's over silence. */
function rank({ cause, mayRetry }: DialFailure): number {
  if (cause === "busy") return 4;
  if (cause === "no-answer") return 3;
  if (cause === "call-refused") return mayRetry ? 1 : 2;
  return 0;
}

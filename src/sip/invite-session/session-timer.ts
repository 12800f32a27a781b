import { supports } from "../capabilities.ts";
import type { Deadlines } from "../deadlines.ts";
import { minSeField, type SessionExpires, sessionExpiresField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import type { SipRequest, SipResponse } from "../message.ts";

/** Longest interval we keep time for; longer ones mean this. */
const maxIntervalS = 86_400;

export interface SessionTimerOptions {
  readonly sessionExpiresS: number;
  readonly minSessionExpiresS: number;
}

/** What the timer asks the session to do. */
export interface SessionTimerUser {
  onRefreshDue(now: number): void;
  onExpired(now: number): void;
}

/** Keeps a call alive by refreshes, ours or the far end's, and notices when they stay away (RFC 4028). */
export class SessionTimer {
  readonly #options: SessionTimerOptions;
  readonly #deadlines: Deadlines;
  readonly #user: SessionTimerUser;
  /** What we ask for; a 422 raises it. */
  #wantedS: number;
  /** Largest Min-SE seen; goes into our requests (RFC 4028 §7.3). */
  #minS: number;
  #weRefresh: boolean | undefined;

  constructor(options: SessionTimerOptions, deadlines: Deadlines, user: SessionTimerUser) {
    this.#options = options;
    this.#deadlines = deadlines;
    this.#user = user;
    this.#wantedS = options.sessionExpiresS;
    this.#minS = options.minSessionExpiresS;
  }

  get isOn(): boolean {
    return this.#options.sessionExpiresS > 0;
  }

  /** Lines of an INVITE or UPDATE of ours (RFC 4028 §7.1, §7.4). */
  requestLines(): SipHeaders {
    const headers = new SipHeaders();
    if (!this.isOn) return headers;
    // A refresh names who refreshes in terms of this request, in which we are the uac.
    const refresher = this.#weRefresh === undefined ? undefined : this.#weRefresh ? "uac" : "uas";
    headers.put(sessionExpiresField, { seconds: this.#wantedS, refresher });
    return headers.put(minSeField, this.#minS);
  }

  /** Lines of the 422 for a request whose interval is too small; undefined: take it (RFC 4028 §9). */
  refusal(request: SipRequest): SipHeaders | undefined {
    const asked = request.headers.first(sessionExpiresField);
    if (!this.isOn || asked === undefined || !supports(request, "timer")) return undefined;
    return asked.seconds < this.#options.minSessionExpiresS
      ? new SipHeaders().put(minSeField, this.#options.minSessionExpiresS)
      : undefined;
  }

  /** Takes a request's interval and gives the lines of its 2xx (RFC 4028 §9). */
  acceptRequest(request: SipRequest, now: number): SipHeaders {
    const headers = new SipHeaders();
    const asked = request.headers.first(sessionExpiresField);
    if (!this.isOn || (asked === undefined && !supports(request, "timer"))) {
      this.stop();
      return headers;
    }
    const canRefresh = supports(request, "timer");
    const least = Math.max(request.headers.first(minSeField) ?? 0, this.#options.minSessionExpiresS);
    const seconds = Math.max(Math.min(asked?.seconds ?? this.#wantedS, maxIntervalS), least);
    const refresher = canRefresh ? (asked?.refresher ?? "uac") : "uas";
    headers.put(sessionExpiresField, { seconds, refresher });
    if (refresher === "uac") headers.add("Require", "timer");
    this.#run(seconds, refresher === "uas", now);
    return headers;
  }

  /** Takes the interval of a 2xx to a request of ours (RFC 4028 §7.2). */
  acceptResponse(response: SipResponse, now: number): void {
    const granted: SessionExpires | undefined = response.headers.first(sessionExpiresField);
    if (!this.isOn || granted === undefined) {
      this.stop();
      return;
    }
    // An interval below the least one anybody may grant would have us refresh without end.
    const seconds = Math.min(Math.max(granted.seconds, this.#options.minSessionExpiresS), maxIntervalS);
    this.#wantedS = seconds;
    this.#run(seconds, granted.refresher !== "uas", now);
  }

  /** Learns from a 422; false when it asks for nothing new, so that trying again is of no use (RFC 4028 §7.3). */
  raise(response: SipResponse): boolean {
    const least = response.headers.first(minSeField);
    if (!this.isOn || least === undefined || least <= this.#wantedS || least > maxIntervalS) return false;
    this.#wantedS = least;
    this.#minS = Math.max(this.#minS, least);
    return true;
  }

  stop(): void {
    this.#deadlines.clear("session-refresh");
    this.#deadlines.clear("session-expiry");
    this.#weRefresh = undefined;
  }

  #run(seconds: number, weRefresh: boolean, now: number): void {
    this.#weRefresh = weRefresh;
    this.#wantedS = seconds;
    // The one who does not refresh hangs up a little before the end (RFC 4028 §10).
    const expiresMs = (seconds - Math.min(32, seconds / 3)) * 1000;
    this.#deadlines.set("session-expiry", now + expiresMs, (at) => this.#user.onExpired(at));
    this.#deadlines.clear("session-refresh");
    if (weRefresh) this.#refreshAt(now + (seconds * 1000) / 2, seconds);
  }

  /** A refresh that comes to nothing is tried again until the session expires. */
  #refreshAt(at: number, seconds: number): void {
    this.#deadlines.set("session-refresh", at, (now) => {
      this.#refreshAt(now + (seconds * 1000) / 10, seconds);
      this.#user.onRefreshDue(now);
    });
  }
}

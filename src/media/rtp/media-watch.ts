import { isPublicAddress } from "../../kit/address-guard.ts";
import { type MediaPlan, receives } from "./media-plan.ts";

/** Limits of silence. */
export interface WatchOptions {
  /** No packets for this long is news, and again each time this long has gone by; the call is then probed. 0: never. */
  readonly noRtpMs: number;
  /** After the answer, until audio must have come. */
  readonly oneWayMs: number;
}

/** Phones without comfort noise may be silent for long while muted, but not for half a minute. */
export const defaultWatchOptions = { noRtpMs: 30_000, oneWayMs: 500 } as const satisfies WatchOptions;

/** Why nothing is heard although the call was answered. */
export type OneWayReason =
  | "wrong-source"
  | "wrong-payload-type"
  | "not-authentic"
  | "port-unreachable"
  | "private-address"
  | "nothing-sent";

/** News about a leg's media. `text` is for people. */
export type RtpNews =
  | { readonly type: "rtp-started"; readonly address: string; readonly port: number }
  | { readonly type: "address-changed"; readonly address: string; readonly port: number }
  | { readonly type: "one-way-audio"; readonly reason: OneWayReason; readonly text: string }
  | { readonly type: "no-rtp"; readonly silentMs: number }
  | { readonly type: "rtp-resumed" }
  | { readonly type: "rtcp-bye" };

/** What came and was refused, until now. */
export interface Refusals {
  readonly wrongSource: number;
  readonly wrongPayloadType: number;
  readonly notAuthentic: number;
}

/** Watches that audio comes: within half a second of the answer, and then without long silence. Times in monotonic ms. */
export class MediaWatch {
  readonly #options: WatchOptions;
  #answeredAt: number | undefined;
  #oneWayTold = false;
  #wasHeard = false;
  #silenceFrom: number | undefined;
  /** How often the silence was told. */
  #silences = 0;
  #unreachable = false;

  constructor(options: WatchOptions = defaultWatchOptions) {
    this.#options = options;
  }

  /** The call was answered: audio is due. Twice is fine. */
  answered(now: number): void {
    this.#answeredAt ??= now;
    this.#silenceFrom ??= now;
  }

  /** A packet was taken; true: after a silence that was told. */
  heard(now: number): boolean {
    this.#wasHeard = true;
    this.#silenceFrom = now;
    const resumed = this.#silences > 0;
    this.#silences = 0;
    return resumed;
  }

  /** The network says nobody listens where we send (ICMP port unreachable). */
  unreachable(): void {
    this.#unreachable = true;
  }

  /** A re-INVITE: silence counts from here, since a hold may have ended. */
  replanned(now: number): void {
    if (this.#silenceFrom !== undefined) this.#silenceFrom = now;
    this.#silences = 0;
  }

  /** Called each tick; mostly undefined. */
  tick(now: number, plan: MediaPlan, refusals: Refusals): RtpNews | undefined {
    if (!receives(plan) || this.#answeredAt === undefined || this.#silenceFrom === undefined) return undefined;
    if (!this.#oneWayTold && !this.#wasHeard && now - this.#answeredAt >= this.#options.oneWayMs) {
      this.#oneWayTold = true;
      const reason = this.#reason(plan, refusals);
      return { type: "one-way-audio", reason, text: explain(reason, plan) };
    }
    const silentMs = now - this.#silenceFrom;
    const { noRtpMs } = this.#options;
    if (noRtpMs === 0 || silentMs < noRtpMs * (this.#silences + 1)) return undefined;
    this.#silences++;
    return { type: "no-rtp", silentMs };
  }

  #reason(plan: MediaPlan, refusals: Refusals): OneWayReason {
    if (refusals.notAuthentic > 0) return "not-authentic";
    if (refusals.wrongPayloadType > 0) return "wrong-payload-type";
    if (refusals.wrongSource > 0) return "wrong-source";
    if (this.#unreachable) return "port-unreachable";
    return plan.remote !== undefined && !isPublicAddress(plan.remote.address) ? "private-address" : "nothing-sent";
  }
}

function explain(reason: OneWayReason, plan: MediaPlan): string {
  const where = plan.remote ? `${plan.remote.address} port ${plan.remote.port}` : "no address";
  switch (reason) {
    case "not-authentic":
      return "Packets arrive, but none passes SRTP authentication: the two sides use different keys or one sends plain RTP.";
    case "wrong-payload-type":
      return "Packets arrive, but with payload types that were not agreed on in the SDP.";
    case "wrong-source":
      return "Packets arrive, but from an address that is not the far end's.";
    case "port-unreachable":
      return `Nothing arrives, and ${where} of the far end's SDP answers that nobody listens there.`;
    case "private-address":
      return `Nothing arrives; the far end's SDP names the private address ${where}, which a caller behind NAT cannot be reached at. It must send first, or use its public address.`;
    case "nothing-sent":
      return `Nothing arrives from the far end (${where} in its SDP). A firewall or NAT on the way may block our RTP ports.`;
  }
}

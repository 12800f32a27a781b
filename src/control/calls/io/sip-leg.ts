import type { Clock } from "../../../kit/clock.ts";
import type { CallId, RandomBytes } from "../../../kit/ids.ts";
import type { Replaces } from "../../../sip/headers/fields.ts";
import type { SessionEvent } from "../../../sip/invite-session/types.ts";
import type { Direction, NegotiatedMedia, SdpOptions } from "../../../sip/sdp/media.ts";
import { SdpNegotiator } from "../../../sip/sdp/negotiator.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import type { DtmfMode } from "../../exchange/dial-plan.ts";
import { mediaPlan } from "../sip-media.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { SipSessions } from "./sip-sessions.ts";

export interface SipLegOptions {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly sdp: SdpOptions;
  readonly dtmf: DtmfMode;
  /** Our address as this far end is to see it. */
  readonly localAddress: string;
}

/** The media of a call that a leg brings to its far end. */
export interface LegMedia {
  readonly callId: CallId;
  /** Even port of its RTP. */
  readonly port: number;
  /** They flow, and the call is answered, maybe by another far end before this one. */
  hasBegun: boolean;
  /** They flow though the call is not answered yet. */
  isEarly?: boolean;
}

const dtmfRelay = "application/dtmf-relay";
/** Length of a key sent by INFO. */
const infoKeyMs = 160;
const keyToken = "key";
/** An API request has 32 at most; a far end that answers no INFO must not pile them up. */
const maxKeysWaiting = 64;

/** One far end's dialog and the media of its call: carries offers and answers between the two. */
export class SipLeg {
  /** Its dialog; "" until it has one. */
  session: SessionId = "";
  readonly #options: SipLegOptions;
  readonly #negotiator: SdpNegotiator;
  #media: LegMedia | undefined;
  #direction: Direction = "sendrecv";
  /** What the media process knows of this far end. */
  #told: NegotiatedMedia | undefined;
  /** The answer that was taken before the call was. */
  #earlyAnswer: Uint8Array | undefined;
  /** Keys to be sent by INFO; the first one is on its way. */
  #keys = "";

  constructor(options: SipLegOptions) {
    const { sdp, clock, randomBytes } = options;
    this.#options = options;
    this.#negotiator = new SdpNegotiator(sdp, String(Math.trunc(clock.wall())), randomBytes);
  }

  get media(): LegMedia | undefined {
    return this.#media;
  }

  /** Names its dialog to its far end, for one that is to take its place (RFC 3891 §4). */
  get asReplaces(): Replaces | undefined {
    return this.#options.sessions.endpoint.session(this.session)?.asReplaces;
  }

  /** Its far end does not want to hear us now: it has put us on hold. */
  get isHeld(): boolean {
    const direction = this.#negotiator.media?.direction;
    return this.#direction === "sendrecv" && (direction === "recvonly" || direction === "inactive");
  }

  /** What was agreed on lets the far end send. */
  get isHeard(): boolean {
    const direction = this.#negotiator.media?.direction;
    return direction === "sendrecv" || direction === "recvonly";
  }

  /** From now on this far end has these media. */
  attach(media: LegMedia): void {
    this.#media = media;
  }

  /** Our offer for what the leg has now. */
  offer(): Uint8Array {
    return encode(this.#negotiator.offer(this.#local()));
  }

  /** Answers a first offer; undefined: there is nothing in common. */
  answer(offer: Uint8Array): Uint8Array | undefined {
    const answer = this.#negotiator.answer(offer, this.#local());
    return answer.type === "answer" ? encode(answer.sdp) : undefined;
  }

  /** Takes the answer to our offer; false: there is nothing in common. */
  acceptAnswer(sdp: Uint8Array): boolean {
    const early = this.#earlyAnswer;
    this.#earlyAnswer = undefined;
    if (early && Buffer.compare(early, sdp) === 0) {
      this.#negotiator.abandonOffer();
      return true;
    }
    return this.#negotiator.acceptAnswer(sdp).type === "agreement";
  }

  /** Takes an answer that comes before the call is taken, maybe with another one; false: there is nothing in common. */
  acceptEarlyAnswer(sdp: Uint8Array): boolean {
    const isAccepted = this.#negotiator.acceptAnswer(sdp, true).type === "agreement";
    if (isAccepted) this.#earlyAnswer = sdp;
    return isAccepted;
  }

  /** The call is answered: tells the media process what offer and answer came to. */
  startMedia(): void {
    const media = this.#media;
    if (!media) return;
    const { callId, hasBegun, isEarly } = media;
    const isKnown = isEarly && this.#told !== undefined && this.#told === this.#negotiator.media;
    if (!isKnown && !this.#tell({ type: hasBegun || isEarly ? "change-rtp" : "begin-rtp" })) return;
    media.hasBegun = true;
    if (!isEarly) return;
    media.isEarly = false;
    this.#options.live.send(callId, { type: "answer-rtp", callId });
  }

  /** The same before the call is answered (RFC 3960). */
  startEarlyMedia(): void {
    const media = this.#media;
    if (!media || media.hasBegun) return;
    if (this.#tell(media.isEarly ? { type: "change-rtp" } : { type: "begin-rtp", early: true })) media.isEarly = true;
  }

  /** Offers the far end the media it has now, which may be another call's than before. */
  reoffer(): void {
    this.#options.sessions.command(this.session, { type: "offer", sdp: this.offer() });
  }

  /** Holds the far end, or takes it back. */
  hold(isHeld: boolean): void {
    const direction = isHeld ? "sendonly" : "sendrecv";
    if (direction === this.#direction) return;
    this.#direction = direction;
    this.reoffer();
  }

  /** Sends keys by INFO, each when the one before was answered: over UDP they might change places. */
  sendKeys(digits: string): void {
    const isIdle = this.#keys === "";
    this.#keys = (this.#keys + digits).slice(0, maxKeysWaiting);
    if (isIdle) this.#sendKey();
  }

  hangUp(): void {
    this.#command({ type: "hang-up" });
  }

  /** What every leg does with its far end's offers, answers and keys; false: the event is somebody else's. */
  event(event: SessionEvent): boolean {
    switch (event.type) {
      case "confirmed":
        if (event.sdp !== undefined) this.#agreed(event.sdp);
        return true;
      case "remote-answer":
        this.#agreed(event.sdp);
        return true;
      case "remote-offer": {
        const answer = this.answer(event.sdp);
        if (answer) this.#command({ type: "answer-offer", sdp: answer });
        else this.#command({ type: "refuse-offer", status: 488 });
        if (answer && this.#told) this.#changeMedia();
        return true;
      }
      case "offer-wanted":
        this.#command({ type: "answer-offer", sdp: this.offer() });
        return true;
      case "offer-withdrawn":
      case "offer-failed":
        this.#negotiator.abandonOffer();
        return true;
      case "message": {
        const key = event.method === "INFO" ? infoKey(event.contentType, event.body) : undefined;
        const callId = this.#media?.callId;
        if (key && callId) this.#options.live.send(callId, { type: "info-key", callId, key });
        return true;
      }
      case "sent":
        if (event.token !== keyToken) return false;
        this.#keys = this.#keys.slice(1);
        this.#sendKey();
        return true;
      default:
        return false;
    }
  }

  /** The media have changed; those of a far end that nobody listens to yet are told of when somebody does. */
  #changeMedia(): void {
    if (this.#media?.isEarly) this.startEarlyMedia();
    else this.startMedia();
  }

  /** False: what was agreed on is none of what we speak. */
  #tell(how: { type: "begin-rtp" | "change-rtp" } | { type: "begin-rtp"; early: true }): boolean {
    const agreed = this.#negotiator.media;
    const media = agreed && mediaPlan(agreed, this.#options.dtmf);
    const callId = this.#media?.callId;
    if (!media || !callId) return false;
    this.#told = agreed;
    this.#options.live.send(callId, { ...how, callId, media });
    return true;
  }

  #sendKey(): void {
    const key = this.#keys[0];
    if (key === undefined) return;
    const body = Buffer.from(`Signal=${key}\r\nDuration=${infoKeyMs}\r\n`, "latin1");
    this.#command({ type: "send", method: "INFO", token: keyToken, contentType: dtmfRelay, body });
  }

  #agreed(sdp: Uint8Array): void {
    if (this.acceptAnswer(sdp)) this.startMedia();
    else this.hangUp();
  }

  #local() {
    return { address: this.#options.localAddress, port: this.#media?.port ?? 0, direction: this.#direction };
  }

  #command(command: Parameters<SipSessions["command"]>[1]): void {
    this.#options.sessions.command(this.session, command);
  }
}

/** A key from `application/dtmf-relay` (`Signal=5`) or `application/dtmf`. */
function infoKey(contentType: string, body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString("latin1").slice(0, 200);
  if (contentType === dtmfRelay) return /^\s*Signal\s*=\s*([0-9A-D*#])/im.exec(text)?.[1];
  if (contentType === "application/dtmf") return /^\s*([0-9A-D*#])\s*$/.exec(text)?.[1];
  return undefined;
}

function encode(sdp: string): Uint8Array {
  return Buffer.from(sdp, "utf8");
}

import type { RandomBytes } from "../../kit/ids.ts";
import { allowedMethods, supportedOptions } from "../capabilities.ts";
import { Deadlines } from "../deadlines.ts";
import type { Dialog } from "../dialog.ts";
import { SipHeaders } from "../headers/headers.ts";
import { type ResponseParts, respond, type SipRequest, type SipResponse } from "../message.ts";
import { randomFraction } from "../tokens.ts";
import type { Acceptance } from "./acceptance.ts";
import { OfferAnswer } from "./offer-answer.ts";
import type { SessionTimer } from "./session-timer.ts";
import type { SessionEnd, SessionEvent, SessionOptions } from "./types.ts";
import type { SessionWire } from "./wire.ts";

/** Who is to be told what the user answers to an offer of the far end. */
export interface OfferAnswerer {
  answer(sdp: Uint8Array, now: number): void;
  refuse(status: number, now: number): void;
}

/** What the parts of a session share. */
export class SessionContext {
  readonly options: SessionOptions;
  readonly wire: SessionWire;
  readonly random: RandomBytes;
  readonly deadlines = new Deadlines();
  readonly offers = new OfferAnswer();
  /** 2xx of ours that wait for their ACK, by the number of the INVITE. */
  readonly acceptances = new Map<number, Acceptance>();
  /** The dialog of the call; for a caller the first early one until somebody answers. */
  dialog: Dialog | undefined;
  /** The far end said it understands UPDATE (RFC 3311 §4). */
  allowsUpdate = false;
  readonly timer: SessionTimer;
  /** Ends the session; given by it. */
  readonly end: (end: SessionEnd, now: number) => void;
  /** Ends the session with a BYE; given by it. */
  readonly hangUp: (end: SessionEnd, now: number) => void;
  #answerer: OfferAnswerer | undefined;

  constructor(parts: {
    readonly options: SessionOptions;
    readonly wire: SessionWire;
    readonly random: RandomBytes;
    readonly makeTimer: (deadlines: Deadlines) => SessionTimer;
    readonly end: (end: SessionEnd, now: number) => void;
    readonly hangUp: (end: SessionEnd, now: number) => void;
  }) {
    this.options = parts.options;
    this.wire = parts.wire;
    this.random = parts.random;
    this.timer = parts.makeTimer(this.deadlines);
    this.end = parts.end;
    this.hangUp = parts.hangUp;
  }

  /** True while the user has an offer to answer. */
  get isAsking(): boolean {
    return this.#answerer !== undefined;
  }

  /** Asks the user; after `answerOfferMs` the offer is refused for them. */
  askUser(event: SessionEvent, answerer: OfferAnswerer, now: number): void {
    this.#answerer = answerer;
    this.deadlines.set("answer-offer", now + this.options.answerOfferMs, (at) => {
      this.wire.event({ type: "offer-withdrawn" });
      this.refuseOffer(488, at);
    });
    this.wire.event(event);
  }

  answerOffer(sdp: Uint8Array, now: number): void {
    this.#takeAnswerer()?.answer(sdp, now);
  }

  refuseOffer(status: number, now: number): void {
    this.#takeAnswerer()?.refuse(status, now);
  }

  /** Forgets the question; true when there was one. */
  dropQuestion(): boolean {
    return this.#takeAnswerer() !== undefined;
  }

  #takeAnswerer(): OfferAnswerer | undefined {
    const answerer = this.#answerer;
    this.#answerer = undefined;
    this.deadlines.clear("answer-offer");
    return answerer;
  }

  /** Lines every INVITE, UPDATE and their responses carry. */
  capabilityLines(): SipHeaders {
    const { options, timer } = this;
    const headers = SipHeaders.of(["Allow", allowedMethods]);
    headers.add("Supported", supportedOptions({ reliable: options.reliableProvisional !== "off", timer: timer.isOn }));
    return headers;
  }

  /** A response of ours with our tag, and SDP as body. */
  response(request: SipRequest, status: number, parts: ResponseParts & { sdp?: Uint8Array } = {}): SipResponse {
    const headers = parts.headers ?? new SipHeaders();
    if (parts.sdp !== undefined) headers.add("Content-Type", "application/sdp");
    if (this.options.product !== "") headers.add("Server", this.options.product);
    return respond(request, status, { ...parts, toTag: this.dialog?.id.localTag, headers, body: parts.sdp });
  }

  /** Refuses for now: 500 with a Retry-After of 0–10 s (RFC 3261 §14.2, RFC 3311 §5.2). */
  refuseForNow(request: SipRequest): SipResponse {
    const seconds = Math.floor(randomFraction(this.random) * 11);
    return this.response(request, 500, { headers: SipHeaders.of(["Retry-After", String(seconds)]) });
  }
}

/** Adds all lines of `more` to `headers`. */
export function addAll(headers: SipHeaders, more: SipHeaders | undefined): SipHeaders {
  for (const [name, value] of more ?? []) headers.add(name, value);
  return headers;
}

import { requires, supports } from "../capabilities.ts";
import { reasonField } from "../headers/fields.ts";
import { SipHeaders } from "../headers/headers.ts";
import { cseqOf, type SipRequest } from "../message.ts";
import { sdpOf } from "../sdp-body.ts";
import type { ServerKey } from "../transaction/key.ts";
import { Acceptance } from "./acceptance.ts";
import { addAll, type SessionContext } from "./context.ts";
import { ReliableProvisionals } from "./reliable-provisionals.ts";
import type { SessionCommand, SessionEnd } from "./types.ts";

type Progress = Extract<SessionCommand, { type: "progress" }>;
type Answer = Extract<SessionCommand, { type: "answer" }>;

/** A provisional response is repeated once a minute, so that no proxy on the way gives up (RFC 3261 §13.3.1.1). */
const keepRingingMs = 60_000;

/** The called side of an INVITE, from its arrival to the ACK (RFC 3261 §13.3). */
export class IncomingInvite {
  readonly #context: SessionContext;
  readonly #key: ServerKey;
  readonly #request: SipRequest;
  readonly #reliable: ReliableProvisionals;
  #state: "ringing" | "accepted" | "confirmed" | "refused" = "ringing";
  /** SDP of ours the caller has seen; repeated in the 2xx when it was not sent reliably (RFC 6337 §3.1.1). */
  #shown: Uint8Array | undefined;
  /** Our answer went out reliably, so the 2xx has none. */
  #isAnswered = false;
  #lastProgress: Progress | undefined;
  /** An answer that waits for the PRACK. */
  #waiting: Answer | undefined;

  constructor(context: SessionContext, key: ServerKey, request: SipRequest) {
    this.#context = context;
    this.#key = key;
    this.#request = request;
    this.#reliable = new ReliableProvisionals(context, key, (now) => {
      // Nobody acknowledges what we say, so nobody would hear the answer either (RFC 3262 §3).
      this.#refuse(504, endBy("network", "timeout", 504), now);
    });
  }

  get key(): ServerKey {
    return this.#key;
  }

  get isRinging(): boolean {
    return this.#state === "ringing";
  }

  get isUnacknowledged(): boolean {
    return this.#state === "accepted";
  }

  start(now: number): void {
    const { deadlines, offers, options } = this.#context;
    if (sdpOf(this.#request) !== undefined) offers.remoteOffer();
    deadlines.set("ring", now + options.maxRingMs, (at) => {
      this.#refuse(480, endBy("local", "no-answer", 480), at);
    });
  }

  progress(command: Progress, now: number): void {
    const { status } = command;
    if (this.#state !== "ringing" || this.#waiting !== undefined || status <= 100 || status > 199) return;
    const { offers, wire } = this.#context;
    const { reliableProvisional } = this.#context.options;
    const wantsReliable = command.reliable ?? reliableProvisional !== "off";
    const isReliable = requires(this.#request, "100rel") || (wantsReliable && supports(this.#request, "100rel"));
    let { sdp } = command;
    // An offer of ours may only go where its answer can come back; a description once answered is not sent again.
    if (this.#isAnswered || (!isReliable && offers.state !== "remote-offer")) sdp = undefined;
    if (isReliable && offers.state === "local-offer") sdp = undefined;
    this.#lastProgress = { ...command, sdp: isReliable ? undefined : sdp };
    const headers = addAll(this.#context.capabilityLines(), command.headers);
    const response = this.#context.response(this.#request, status, { headers, sdp });
    this.#keepRinging(now);
    if (!isReliable) {
      if (sdp !== undefined) this.#shown = sdp;
      wire.respond(this.#key, response);
      return;
    }
    if (!this.#reliable.send(response, sdp !== undefined, now) || sdp === undefined) return;
    if (offers.state === "remote-offer") {
      offers.localAnswer(sdp);
      this.#isAnswered = true;
    } else offers.localOffer(sdp);
  }

  #keepRinging(now: number): void {
    this.#context.deadlines.set("keep-ringing", now + keepRingingMs, (at) => {
      if (this.#lastProgress !== undefined) this.progress(this.#lastProgress, at);
    });
  }

  answer(command: Answer, now: number): void {
    if (this.#state !== "ringing") return;
    if (this.#reliable.holdsSdp || this.#context.isAsking) {
      this.#waiting ??= command;
      return;
    }
    const { deadlines, dialog, offers, timer } = this.#context;
    const sdp = this.#isAnswered || offers.state === "local-offer" ? undefined : (command.sdp ?? this.#shown);
    // Without SDP there would be a call nobody can hear: our own mistake, and the end of this one call.
    if (sdp === undefined && !this.#isAnswered) {
      this.#refuse(500, endBy("local", "protocol", 500), now);
      return;
    }
    this.#state = "accepted";
    this.#reliable.stop();
    deadlines.clear("ring");
    deadlines.clear("keep-ringing");
    if (sdp !== undefined) {
      if (offers.state === "remote-offer") offers.localAnswer(sdp);
      else offers.localOffer(sdp);
    }
    const headers = addAll(this.#context.capabilityLines(), timer.acceptRequest(this.#request, now));
    const response = this.#context.response(this.#request, 200, { headers: addAll(headers, command.headers), sdp });
    dialog?.confirm();
    new Acceptance(
      this.#context,
      this.#key,
      response,
      {
        onAck: (ack, at) => this.#confirmed(ack, at),
        onGivenUp: (at) => {
          this.#state = "confirmed";
          this.#context.hangUp(endBy("network", "no-ack"), at);
        },
      },
      now,
    );
  }

  #confirmed(ack: SipRequest, now: number): void {
    this.#state = "confirmed";
    const { offers, wire } = this.#context;
    const sdp = sdpOf(ack);
    if (offers.state === "local-offer") {
      if (sdp === undefined) {
        this.#context.hangUp(endBy("remote", "protocol"), now);
        return;
      }
      offers.remoteAnswer();
    }
    wire.event({ type: "confirmed", sdp });
  }

  /** Refuses, unless it is too late; false then. */
  reject(
    status: number,
    parts: { readonly reason?: string; readonly headers?: SipHeaders },
    end: SessionEnd,
    now: number,
  ): boolean {
    if (this.#state !== "ringing") return false;
    this.#refuse(status, end, now, parts);
    return true;
  }

  /** The caller gave up; after a final response of ours without effect (RFC 3261 §9.2). */
  cancel(cancel: SipRequest, now: number): void {
    const reasons = cancel.headers.all(reasonField);
    if (this.#state === "ringing") this.#refuse(487, { ...endBy("remote", "cancelled", 487), reasons }, now);
  }

  #refuse(status: number, end: SessionEnd, now: number, parts: { reason?: string; headers?: SipHeaders } = {}): void {
    if (this.#state !== "ringing") return;
    this.#state = "refused";
    this.#reliable.stop();
    this.#context.deadlines.clear("ring");
    this.#context.deadlines.clear("keep-ringing");
    const headers = addAll(new SipHeaders(), parts.headers);
    this.#context.wire.respond(this.#key, this.#context.response(this.#request, status, { ...parts, headers }));
    this.#context.end(end, now);
  }

  /** PRACK (RFC 3262 §3): 481 when it acknowledges nothing; its SDP is an answer to our offer or a further offer. */
  prack(key: ServerKey, prack: SipRequest, now: number): void {
    const { wire, offers } = this.#context;
    if (!this.#reliable.acknowledge(prack, cseqOf(this.#request).seq, now)) {
      wire.respond(key, this.#context.response(prack, 481));
      return;
    }
    const sdp = sdpOf(prack);
    if (sdp !== undefined && offers.state === "stable") {
      offers.remoteOffer();
      const resume = (at: number): void => this.#resumeAnswer(at);
      this.#context.askUser(
        { type: "remote-offer", sdp },
        {
          answer: (answer, at) => {
            offers.localAnswer(answer);
            wire.respond(key, this.#context.response(prack, 200, { sdp: answer }));
            resume(at);
          },
          refuse: (status, at) => {
            offers.rollback();
            wire.respond(key, this.#context.response(prack, status));
            resume(at);
          },
        },
        now,
      );
      return;
    }
    wire.respond(key, this.#context.response(prack, 200));
    if (offers.state === "local-offer") {
      if (sdp === undefined) {
        this.#refuse(400, endBy("remote", "protocol", 400), now);
        return;
      }
      offers.remoteAnswer();
      this.#isAnswered = true;
      wire.event({ type: "remote-answer", sdp });
    }
    this.#resumeAnswer(now);
  }

  #resumeAnswer(now: number): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#reliable.holdsSdp) return;
    this.#waiting = undefined;
    this.answer(waiting, now);
  }
}

function endBy(by: SessionEnd["by"], cause: SessionEnd["cause"], status?: number): SessionEnd {
  return { by, cause, status, reasons: [] };
}

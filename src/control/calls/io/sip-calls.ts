import { isPublicAddress } from "../../../kit/address-guard.ts";
import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, type E164, parseE164, type RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { allowedMethods } from "../../../sip/capabilities.ts";
import { SipHeaders } from "../../../sip/headers/headers.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { SessionEvent } from "../../../sip/invite-session/types.ts";
import { addressTowards } from "../../../sip/io/local-address.ts";
import { type IncomingCall, SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { fromOf, respond, type SipRequest, sipCallIdOf } from "../../../sip/message.ts";
import { SdpNegotiator } from "../../../sip/sdp/negotiator.ts";
import { defaultSourceGuard, SourceGuard } from "../../../sip/source-guard.ts";
import { makeTag } from "../../../sip/tokens.ts";
import type { ServerKey } from "../../../sip/transaction/key.ts";
import { userOf, writeUri } from "../../../sip/uri.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import { mediaPlan, sipMediaOptions } from "../sip-media.ts";
import type { GatewayCalls } from "./gateway-calls.ts";

export interface SipCallsOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Our address for the internet; "": that of the interface. */
  readonly publicIp: string;
  /** Numbers that may be called without authentication, from loopback and private networks. */
  readonly openNumbers: readonly E164[];
  readonly calls: GatewayCalls;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface SipCall {
  readonly incoming: IncomingCall;
  readonly negotiator: SdpNegotiator;
  callId: CallId | undefined;
  /** Undefined until the media process has a port. */
  port: number | undefined;
  /** The media were begun. */
  begun: boolean;
  /** The far end, or the signalling, is done with it. */
  ended: boolean;
}

const retryAfterS = 5;
const unspecified = new Set(["0.0.0.0", "::"]);

/** Our telephone exchange: SIP calls in, their media to a media process, both ended together. */
export class SipCalls {
  readonly #options: SipCallsOptions;
  readonly #sessions = new Map<SessionId, SipCall>();
  /** Floods are dropped; strangers who keep calling are banned for an hour. */
  readonly #guard = new SourceGuard(defaultSourceGuard);
  #endpoint!: SipEndpoint;
  #closing = false;

  private constructor(options: SipCallsOptions) {
    this.#options = options;
  }

  /** Listens over UDP and TCP; rejects when the address is taken. */
  static async open(options: SipCallsOptions): Promise<SipCalls> {
    const calls = new SipCalls(options);
    const address = { address: options.listen.host, port: options.listen.port };
    calls.#endpoint = await SipEndpoint.open({
      udp: address,
      tcp: address,
      publicAddress: options.publicIp,
      guard: calls.#guard,
      clock: options.clock,
      random: options.randomBytes,
      handlers: {
        onCall: (call) => calls.#incoming(call),
        onRequest: (key, request, from) => calls.#request(key, request, from),
        onEvent: (session, event) => calls.#event(session, event),
        onClosed: (session) => calls.#sessions.delete(session),
        onError: (error) => {
          options.metrics.errors.inc({ kind: "sip" });
          options.log.error({ err: error }, "internal error in SIP; the call it is about may end");
        },
      },
    });
    return calls;
  }

  /** The port it listens at. */
  get port(): number {
    return this.#endpoint.addressOf("UDP")?.port ?? 0;
  }

  /** Takes no new calls. */
  drain(): void {
    this.#closing = true;
  }

  /** Closes the sockets; calls are ended before. Twice is fine. */
  close(): void {
    this.#endpoint.close();
  }

  #incoming(incoming: IncomingCall): void {
    const { session, request, from } = incoming;
    const to = dialled(request);
    const refusal = this.#refusal(from, to);
    if (refusal !== undefined || to === undefined) {
      this.#options.metrics.streamsRefused.inc({ reason: `sip-${refusal ?? 404}` });
      if (refusal === 403) this.#guard.strike(from.address, this.#options.clock.now());
      this.#refuse(session, refusal ?? 404);
      return;
    }
    const { clock, randomBytes } = this.#options;
    const sessionId = String(Math.trunc(clock.wall()));
    const call: SipCall = {
      incoming,
      negotiator: new SdpNegotiator(sipMediaOptions, sessionId, randomBytes),
      callId: undefined,
      port: undefined,
      begun: false,
      ended: false,
    };
    this.#sessions.set(session, call);
    void this.#open(call, to);
  }

  /** Undefined: the call may come in. Says no more than it must to a stranger. */
  #refusal(from: Hop, to: E164 | undefined): number | undefined {
    if (this.#closing) return 503;
    if (isPublicAddress(from.address)) return 403;
    return to !== undefined && this.#options.openNumbers.includes(to) ? undefined : 404;
  }

  async #open(call: SipCall, to: E164): Promise<void> {
    const { session, request, from } = call.incoming;
    const { calls, log, listen } = this.#options;
    const caller = fromOf(request);
    try {
      call.callId = await calls.openRtp(
        {
          to,
          from: caller ? (callerNumber(userOf(caller.uri)) ?? writeUri(caller.uri)) : "",
          sipCallId: sipCallIdOf(request),
          metadata: {},
          bindAddress: unspecified.has(listen.host)
            ? listen.host
            : localAddress(listen.host, from, this.#options.publicIp),
        },
        {
          opened: (port) => this.#answer(session, port),
          ended: () => this.#endpoint.command(session, { type: "hang-up" }),
        },
      );
      log.info({ callId: call.callId, transport: from.transport, remoteAddress: from.address }, "SIP call");
      // The caller may have given up while the record was written.
      if (call.ended) await calls.hangUp(call.callId, "caller-hung-up").catch(() => undefined);
    } catch (error) {
      const status = error instanceof GatewayError ? (error.code === "not-found" ? 404 : 503) : 500;
      if (!(error instanceof GatewayError)) log.error({ err: error }, "a SIP call could not be opened");
      this.#refuse(session, status);
    }
  }

  /** The media process has a port: the call is taken with our answer, or our offer when there was none. */
  #answer(session: SessionId, port: number): void {
    const call = this.#sessions.get(session);
    if (!call || call.ended) return;
    call.port = port;
    const { body } = call.incoming.request;
    if (body.length === 0) {
      this.#endpoint.command(session, { type: "answer", sdp: encode(call.negotiator.offer(this.#local(call))) });
      return;
    }
    const answer = call.negotiator.answer(body, this.#local(call));
    if (answer.type !== "answer") {
      this.#refuse(session, 488);
      this.#hangUpMedia(call, "protocol-error");
      return;
    }
    this.#endpoint.command(session, { type: "answer", sdp: encode(answer.sdp) });
    this.#media(call);
  }

  #event(session: SessionId, event: SessionEvent): void {
    const call = this.#sessions.get(session);
    if (!call) return;
    switch (event.type) {
      case "confirmed":
        if (event.sdp !== undefined) this.#agreed(call, event.sdp);
        break;
      case "remote-answer":
        this.#agreed(call, event.sdp);
        break;
      case "remote-offer": {
        const answer = call.negotiator.answer(event.sdp, this.#local(call));
        if (answer.type !== "answer") {
          this.#endpoint.command(session, { type: "refuse-offer", status: 488 });
          break;
        }
        this.#endpoint.command(session, { type: "answer-offer", sdp: encode(answer.sdp) });
        this.#media(call);
        break;
      }
      case "offer-wanted": {
        const sdp = encode(call.negotiator.offer(this.#local(call)));
        this.#endpoint.command(session, { type: "answer-offer", sdp });
        break;
      }
      case "message":
        if (event.method === "INFO" && call.callId) {
          const key = infoKey(event.contentType, event.body);
          if (key) this.#options.calls.infoKey(call.callId, key);
        }
        break;
      case "refer-requested":
        this.#endpoint.command(session, { type: "refuse-refer", refer: event.refer, status: 603 });
        break;
      case "ended":
        call.ended = true;
        this.#hangUpMedia(call, event.end.by === "remote" ? "caller-hung-up" : "connection-lost");
        break;
      case "progress":
      case "redirected":
      case "answered":
      case "offer-withdrawn":
      case "offer-failed":
      case "refer-progress":
      case "sent":
        break;
    }
  }

  #agreed(call: SipCall, sdp: Uint8Array): void {
    if (call.negotiator.acceptAnswer(sdp).type === "agreement") this.#media(call);
    else this.#endpoint.command(call.incoming.session, { type: "hang-up" });
  }

  /** Tells the media process what holds now. */
  #media(call: SipCall): void {
    const { calls } = this.#options;
    const plan = call.negotiator.media && mediaPlan(call.negotiator.media);
    const callId = call.callId;
    if (!plan || !callId) return;
    if (call.begun) calls.changeRtp(callId, plan);
    else calls.beginRtp(callId, plan);
    call.begun = true;
  }

  #local(call: SipCall) {
    const { from } = call.incoming;
    const address = localAddress(this.#options.listen.host, from, this.#options.publicIp);
    return { address, port: call.port ?? 0, direction: "sendrecv" } as const;
  }

  #hangUpMedia(call: SipCall, cause: "caller-hung-up" | "connection-lost" | "protocol-error"): void {
    if (call.callId) void this.#options.calls.hangUp(call.callId, cause).catch(() => undefined);
  }

  #refuse(session: SessionId, status: number): void {
    const headers = new SipHeaders();
    if (status === 503) headers.add("Retry-After", String(retryAfterS));
    this.#endpoint.command(session, { type: "reject", status, headers });
  }

  /** OPTIONS is answered; nobody registers or texts here yet. */
  #request(key: ServerKey, request: SipRequest, _from: Hop): void {
    const headers = new SipHeaders();
    headers.add("Allow", allowedMethods);
    const status = request.method === "OPTIONS" ? 200 : 405;
    const toTag = makeTag(this.#options.randomBytes);
    this.#endpoint.respond(key, respond(request, status, { headers, toTag }));
  }
}

/** The number in the Request-URI: `+` and digits, or digits alone. */
function dialled(request: SipRequest): E164 | undefined {
  return callerNumber(userOf(request.uri));
}

function callerNumber(user: string | undefined): E164 | undefined {
  const digits = user?.replace(/[-.() ]/g, "");
  return digits === undefined ? undefined : parseE164(digits.startsWith("+") ? digits : `+${digits}`);
}

/** What the far end is to send its media to. */
function localAddress(host: string, from: Hop, publicIp: string): string {
  return unspecified.has(host) ? addressTowards(from.address, publicIp || undefined) : host;
}

/** A key from `application/dtmf-relay` (`Signal=5`) or `application/dtmf`. */
function infoKey(contentType: string, body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString("latin1").slice(0, 200);
  if (contentType === "application/dtmf-relay") return /^\s*Signal\s*=\s*([0-9A-D*#])/im.exec(text)?.[1];
  if (contentType === "application/dtmf") return /^\s*([0-9A-D*#])\s*$/.exec(text)?.[1];
  return undefined;
}

function encode(sdp: string): Uint8Array {
  return Buffer.from(sdp, "utf8");
}

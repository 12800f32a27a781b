import { bytesPerMs } from "../../../codecs/format.ts";
import type { CallLeg, LegEndReason, LegEvents } from "../../leg.ts";
import { EarlyAudio } from "../early-audio.ts";
import type { StreamCodec, StreamFault, StreamProtocol, StreamSink, StreamStart } from "../protocol.ts";
import { StreamLeg } from "./stream-leg.ts";
import type { StreamLimits, StreamServerEvents } from "./stream-server.ts";
import { closeCodes, type WsConnection } from "./ws-server.ts";

/** What a token looks like; anything else is refused without asking anybody. */
const tokenShape = /^[A-Za-z0-9_-]{20,128}$/;

/** What a connection needs of its server. */
export interface StreamHost {
  readonly limits: StreamLimits;
  readonly events: StreamServerEvents;
  /** Lists the connection under a new id. */
  enlist(connection: StreamConnection): string;
  strike(connectionId: string): void;
}

/**
 * One carrier socket from upgrade to end: waits for a start with a token, offers the call while it keeps what the caller
 * says, and feeds the call's leg once accepted.
 *
 *     opening ─ start ─► offered ─ accept ─► accepted ─► over        each phase may end in over, once
 */
export class StreamConnection implements StreamSink {
  /** Monotonic ms of the upgrade. */
  readonly openedAt: number;
  readonly #host: StreamHost;
  readonly #protocol: StreamProtocol;
  readonly #codec: StreamCodec;
  #phase: "opening" | "offered" | "accepted" | "over" = "opening";
  #socket: WsConnection | undefined;
  #connectionId = "";
  #start: StreamStart | undefined;
  #early: EarlyAudio | undefined;
  #leg: StreamLeg | undefined;
  #legEvents: LegEvents | undefined;
  #timer: NodeJS.Timeout | undefined;
  #faults = 0;

  constructor(protocol: StreamProtocol, host: StreamHost, openedAt: number) {
    this.#protocol = protocol;
    this.#codec = protocol.createCodec();
    this.#host = host;
    this.openedAt = openedAt;
  }

  opened(socket: WsConnection): void {
    this.#socket = socket;
    this.#refuseAfter(this.#host.limits.startTimeoutMs, "start-timeout", closeCodes.policyViolation);
  }

  /** One message. A throw out of what the call does with it ends this call and no other. */
  read(data: Uint8Array, isBinary: boolean): void {
    if (this.#phase === "over") return;
    try {
      this.#codec.read(data, isBinary, this);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The socket is gone. 1000 and 1005 are a peer that closed in good order (RFC 6455 §7.4.1). */
  closed(code: number): void {
    if (this.#leg?.stoppedReading) this.#end("not-reading");
    else this.#end(code === closeCodes.normal || code === 1005 ? "hung-up" : "connection-lost");
  }

  /** Becomes the leg of a call; what was kept follows in a microtask, before anything new. */
  accept(events: LegEvents): CallLeg | undefined {
    if (this.#phase !== "offered" || !this.#start || !this.#socket) return undefined;
    clearTimeout(this.#timer);
    this.#phase = "accepted";
    this.#legEvents = events;
    this.#leg = new StreamLeg(this.#start, this.#protocol, this.#codec, this.#socket, () => this.#hangUp());
    const early = this.#early;
    this.#early = undefined;
    if (early) queueMicrotask(() => this.#replay(early));
    return this.#leg;
  }

  /** Turns an offered stream away on the control plane's word. */
  refuse(reason: string): void {
    if (this.#phase !== "offered") return;
    this.#finish();
    this.#socket?.close(closeCodes.policyViolation, "refused");
    this.#host.events.refused(reason);
  }

  start(start: StreamStart): void {
    const socket = this.#socket;
    if (this.#phase !== "opening" || !socket) return;
    if (!tokenShape.test(start.token)) {
      this.#refuseWith("no-token", closeCodes.policyViolation);
      return;
    }
    clearTimeout(this.#timer);
    this.#phase = "offered";
    this.#start = start;
    this.#early = new EarlyAudio(this.#host.limits.earlyAudioMs * bytesPerMs(start.inbound));
    this.#connectionId = this.#host.enlist(this);
    this.#refuseAfter(this.#host.limits.acceptTimeoutMs, "accept-timeout", closeCodes.internalError);
    this.#host.events.offered(this.#connectionId, {
      carrier: this.#protocol.carrier,
      token: start.token,
      carrierCallId: start.carrierCallId,
      carrierStreamId: start.carrierStreamId,
      remoteAddress: socket.remoteAddress,
    });
  }

  audio(payload: Uint8Array): void {
    if (this.#phase === "accepted") this.#legEvents?.audio(payload);
    else if (this.#phase === "offered") this.#early?.push(payload);
  }

  dtmf(digit: string): void {
    if (this.#phase === "accepted") this.#legEvents?.dtmf(digit);
    else if (this.#phase === "offered") this.#early?.pushKey(digit);
  }

  mark(name: string): void {
    if (this.#phase === "accepted") this.#legEvents?.mark(name);
  }

  stop(): void {
    this.#end("hung-up");
    this.#socket?.close(closeCodes.normal, "stream stopped");
  }

  ignored(name: string): void {
    this.#host.events.ignored(name);
  }

  fault(fault: StreamFault): void {
    this.#faults++;
    this.#host.events.fault(fault);
    if (fault === "unsupported-format" && this.#phase === "opening") {
      this.#refuseWith(fault, closeCodes.unsupportedData);
    } else if (this.#faults > this.#host.limits.maxFaults) {
      if (this.#phase === "accepted") {
        this.#socket?.close(closeCodes.policyViolation, "too many faults");
        this.#end("protocol-error");
      } else this.#refuseWith("too-many-faults", closeCodes.policyViolation);
    }
  }

  #replay(early: EarlyAudio): void {
    if (early.droppedBytes > 0) this.#host.events.fault("early-audio-dropped");
    try {
      early.replay(this);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The leg was closed by its conversation, which needs no telling. */
  #hangUp(): void {
    if (this.#phase === "over") return;
    this.#finish();
    this.#socket?.close(closeCodes.normal, "call ended");
  }

  #refuseAfter(delayMs: number, reason: string, code: number): void {
    this.#timer = setTimeout(() => this.#refuseWith(reason, code), delayMs);
  }

  /** Turns the stream away by our own decision; a stream already offered is withdrawn. */
  #refuseWith(reason: string, code: number): void {
    if (this.#phase !== "opening" && this.#phase !== "offered") return;
    this.#end("protocol-error");
    this.#socket?.close(code, reason);
    this.#host.events.refused(reason);
  }

  /** Ends whatever phase we are in and tells who waits for it. */
  #end(reason: LegEndReason): void {
    const phase = this.#phase;
    if (phase === "over") return;
    this.#finish();
    if (phase === "offered") this.#host.events.withdrawn(this.#connectionId);
    if (phase !== "accepted") return;
    try {
      this.#legEvents?.ended(reason);
    } catch (error) {
      this.#failed(error);
    }
  }

  #finish(): void {
    clearTimeout(this.#timer);
    this.#phase = "over";
    this.#early = undefined;
    this.#leg?.ended();
    if (this.#connectionId !== "") this.#host.strike(this.#connectionId);
  }

  /** Code of ours threw: this call ends, the others go on. */
  #failed(error: unknown): void {
    this.#host.events.fault("internal-error");
    this.#host.events.failed?.(this.#connectionId, error);
    this.#socket?.close(closeCodes.internalError, "internal error");
    this.#end("connection-lost");
  }
}

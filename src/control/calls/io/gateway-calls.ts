import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, type E164, makeId, parseCallId, type RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { CallPlan, CallSource, EndCause, MediaEvent, MediaPlan, StreamOffer } from "../../../media/protocol.ts";
import type { CallControl, CallRecords, OpenStreamRequest, Readiness, StreamTicket } from "../call-control.ts";
import { CallMachine, type CallOrder, defaultCallMachineOptions } from "../call-machine.ts";
import { StreamTokens } from "../stream-tokens.ts";
import type { MediaProcess } from "./media-process.ts";

export interface GatewayCallsOptions {
  readonly records: CallRecords;
  readonly publicMediaUrl: string;
  /** Calls held at once, ringing ones too. */
  readonly maxCalls: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What call control needs of a media process. */
export type MediaLink = Pick<MediaProcess, "ready" | "send">;

/** A call that comes by our own telephone exchange. */
export interface RtpCallRequest {
  readonly to: E164;
  readonly from: string;
  /** The Call-ID of its dialog. */
  readonly sipCallId: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Local IP its RTP binds. */
  readonly bindAddress: string;
}

/** What the exchange is told of its call. */
export interface RtpCallEvents {
  /** Its RTP port is there. */
  opened(port: number): void;
  /** The call is over, whoever ended it. */
  ended(): void;
}

interface NewCallRequest {
  readonly carrier: CallSource;
  readonly to: E164;
  readonly from: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly carrierCallId?: string;
}

interface LiveCall {
  readonly machine: CallMachine;
  readonly plan: CallPlan;
  /** Only of calls with RTP. */
  readonly rtp?: { readonly events: RtpCallEvents; readonly bindAddress: string };
}

/** Life of a ticket, in ms. */
const ticketMs = 60_000;
const metricsTimeoutMs = 1_000;

/** Call control: tickets, the calls' machines, the media processes that hold them. Times of all calls are kept by one sweep. */
export class GatewayCalls implements CallControl {
  readonly #options: GatewayCallsOptions;
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #tokens = new StreamTokens();
  /** Calls being made for a carrier's own id. */
  readonly #making = new Map<string, Promise<LiveCall>>();
  readonly #processes = new Map<number, MediaLink>();
  readonly #metricsWaiters = new Map<number, (metrics: readonly unknown[]) => void>();
  readonly #sweep: NodeJS.Timeout;
  #nextRequestId = 1;
  #closing = false;
  #idle: (() => void) | undefined;

  constructor(options: GatewayCallsOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#sweepDeadlines(), 250);
  }

  /** Makes a process known; calls go to whichever process the carrier's socket reached. */
  addProcess(processId: number, process: MediaLink): void {
    this.#processes.set(processId, process);
  }

  /** Calls that ring or talk now. */
  get size(): number {
    return this.#calls.size;
  }

  async openStream(request: OpenStreamRequest): Promise<StreamTicket> {
    const { clock, randomBytes, publicMediaUrl } = this.#options;
    this.#refuseUnlessReady();
    const call = await this.#ringingCall(request);
    const { callId } = call.plan;
    // It may have ended while its record was written: a drain, an operator.
    if (call.machine.state !== "ringing") throw new GatewayError("conflict", "This call does not ring any more.");
    call.machine.extendSetup(clock.now());
    const token = Buffer.from(randomBytes(32)).toString("base64url");
    this.#tokens.grant(token, callId as CallId, clock.now() + ticketMs);
    return {
      callId: callId as CallId,
      token,
      url: `${publicMediaUrl}/media/${request.carrier}`,
      expiresAt: clock.wall() + ticketMs,
    };
  }

  /** Makes a call that rings at our exchange and asks the least busy media process for its RTP port. */
  async openRtp(request: RtpCallRequest, events: RtpCallEvents): Promise<CallId> {
    this.#refuseUnlessReady();
    const { to, from, metadata, sipCallId, bindAddress } = request;
    const making = { carrier: "sip", to, from, metadata, carrierCallId: sipCallId } as const;
    const call = await this.#makeCall(making, { events, bindAddress });
    const callId = call.plan.callId as CallId;
    const processId = this.#leastBusy();
    if (processId === undefined) this.#input(callId, call, { type: "hang-up", cause: "internal-error" });
    else this.#input(callId, call, { type: "stream-offered", processId, connectionId: callId });
    return callId;
  }

  /** The call was answered with these media. */
  beginRtp(callId: CallId, media: MediaPlan): void {
    this.#processOf(callId)?.send({ type: "begin-rtp", callId, media });
  }

  /** A re-INVITE changed the media. */
  changeRtp(callId: CallId, media: MediaPlan): void {
    this.#processOf(callId)?.send({ type: "change-rtp", callId, media });
  }

  /** A key came by SIP INFO. */
  infoKey(callId: CallId, key: string): void {
    this.#processOf(callId)?.send({ type: "info-key", callId, key });
  }

  async say(callId: CallId, text: string): Promise<void> {
    this.#inProgress(callId).send({ type: "say", callId, text });
  }

  async sendDtmf(callId: CallId, digits: string): Promise<void> {
    this.#inProgress(callId).send({ type: "send-dtmf", callId, digits });
  }

  async hangUp(callId: CallId, cause: EndCause): Promise<void> {
    const call = this.#calls.get(callId);
    if (!call) throw new GatewayError("conflict", "The call is not in progress.");
    this.#perform(callId, call, call.machine.handle({ type: "hang-up", cause }, this.#options.clock.now()));
  }

  async collectMetrics(): Promise<readonly (readonly unknown[])[]> {
    const ready = [...this.#processes.values()].filter((process) => process.ready);
    return Promise.all(ready.map((process) => this.#metricsOf(process)));
  }

  readiness(): Readiness {
    const detail: Record<string, string> = {};
    let ready = 0;
    for (const [processId, process] of this.#processes) {
      if (process.ready) ready++;
      detail[`media_process_${processId}`] = process.ready ? "ready" : "starting";
    }
    return { ready: ready > 0 && !this.#closing, detail };
  }

  /** A media process reports. */
  mediaEvent(processId: number, event: MediaEvent): void {
    if (event.type === "ready" || event.type === "drained" || event.type === "stream-withdrawn") return;
    if (event.type === "metrics") {
      this.#metricsWaiters.get(event.requestId)?.(event.metrics);
      return;
    }
    if (event.type === "rtp-opened") {
      this.#calls.get(event.callId as CallId)?.rtp?.events.opened(event.port);
      return;
    }
    if (event.type === "stream-offered") {
      this.#streamOffered(processId, event.connectionId, event.offer);
      return;
    }
    // Written before the machine forgets the call: an ending reported by its media is the ending.
    this.#write(() => this.#options.records.applyMediaEvent(event), event.callId);
    const callId = parseCallId(event.callId);
    const call = callId && this.#calls.get(callId);
    if (!callId || !call) return;
    if (event.type === "call-started") this.#input(callId, call, { type: "media-started" });
    if (event.type === "call-ended") {
      // Counted here, like the endings no media process reports: a counter must not die with its process.
      this.#options.metrics.callsEnded.inc({ cause: event.cause });
      this.#input(callId, call, { type: "media-ended" });
    }
  }

  /** A media process died: each of its calls ends with that cause. */
  processDied(processId: number): void {
    if (!this.#closing) this.#options.metrics.mediaProcessRestarts.inc();
    for (const [callId, call] of this.#calls) {
      if (call.machine.processId === processId) this.#input(callId, call, { type: "process-died" });
    }
  }

  /** Takes no new calls; resolves when the last one ended. */
  async drained(): Promise<void> {
    this.#closing = true;
    for (const [callId, call] of this.#calls) {
      if (call.machine.state === "ringing") this.#input(callId, call, { type: "hang-up", cause: "gateway-stopped" });
    }
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Hangs up whatever still talks. */
  hangUpAll(cause: EndCause): void {
    for (const [callId, call] of this.#calls) this.#input(callId, call, { type: "hang-up", cause });
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /** The call of a request: the one that rings already under the carrier's id, also while it is being made, or a new one. */
  async #ringingCall(request: OpenStreamRequest): Promise<LiveCall> {
    const { carrier, carrierCallId } = request;
    if (carrierCallId === undefined) return this.#makeCall(request);
    // Carriers repeat a webhook that is slow to answer, and both may be here at once.
    const key = `${carrier} ${carrierCallId}`;
    const making = this.#making.get(key);
    if (making) return making;
    const call = this.#findOrMakeCall(request, carrierCallId);
    this.#making.set(key, call);
    try {
      return await call;
    } finally {
      this.#making.delete(key);
    }
  }

  async #findOrMakeCall(request: OpenStreamRequest, carrierCallId: string): Promise<LiveCall> {
    const open = await this.#options.records.findOpenCall(request.carrier, carrierCallId);
    return (open && this.#calls.get(open)) ?? this.#makeCall(request);
  }

  async #makeCall(request: NewCallRequest, rtp?: LiveCall["rtp"]): Promise<LiveCall> {
    const { records, clock, randomBytes, maxCalls } = this.#options;
    const { carrier, carrierCallId, from, to, metadata } = request;
    const agent = await records.resolveAgent(to);
    if (!agent) {
      throw new GatewayError("not-found", `No agent answers ${to}: give the number an inbound_agent_id.`, "to");
    }
    // Asked again: a drain that began meanwhile must not get a call it has not counted.
    this.#refuseUnlessReady();
    if (this.#calls.size >= maxCalls) throw new GatewayError("unavailable", "Too many calls; try again shortly.");
    const callId = makeId("call", randomBytes) as CallId;
    const { record, ...spec } = agent;
    const recordingPath = record ? records.recordingPath(callId) : undefined;
    const plan: CallPlan = { callId, carrier, from, to, metadata, agent: spec, recordingPath };
    const call = { machine: new CallMachine(defaultCallMachineOptions, clock.now()), plan, rtp };
    // In the table before its record is written, so that no ending of it can be missed.
    this.#calls.set(callId, call);
    try {
      const direction = "inbound";
      await records.createCall({ callId, carrier, carrierCallId, direction, from, to, agent: spec, metadata, record });
    } catch (error) {
      this.#forget(callId);
      throw error;
    }
    return call;
  }

  #refuseUnlessReady(): void {
    if (this.#closing) throw new GatewayError("unavailable", "The gateway is stopping; try another node.");
    if (!this.readiness().ready) throw new GatewayError("unavailable", "No media process is ready; try again shortly.");
  }

  #forget(callId: CallId): void {
    const call = this.#calls.get(callId);
    this.#calls.delete(callId);
    call?.rtp?.events.ended();
    if (this.#calls.size === 0) this.#idle?.();
  }

  #processOf(callId: CallId): MediaLink | undefined {
    const processId = this.#calls.get(callId)?.machine.processId;
    return processId === undefined ? undefined : this.#processes.get(processId);
  }

  #leastBusy(): number | undefined {
    const load = new Map<number, number>();
    for (const [processId, process] of this.#processes) if (process.ready) load.set(processId, 0);
    for (const { machine } of this.#calls.values()) {
      const calls = machine.processId === undefined ? undefined : load.get(machine.processId);
      if (calls !== undefined) load.set(machine.processId as number, calls + 1);
    }
    return [...load].sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  #inProgress(callId: CallId): MediaLink {
    const call = this.#calls.get(callId);
    const process = this.#processOf(callId);
    if (call?.machine.state !== "in-progress" || !process) {
      throw new GatewayError("conflict", "The call is not in progress.");
    }
    return process;
  }

  #streamOffered(processId: number, connectionId: string, offer: StreamOffer): void {
    // The last words of a process that died: its token is good for another try.
    if (!this.#processes.get(processId)?.ready) return;
    const callId = this.#tokens.take(offer.token, this.#options.clock.now());
    const call = callId && this.#calls.get(callId);
    if (!callId || !call || call.plan.carrier !== offer.carrier) {
      this.#options.metrics.streamsRefused.inc({ reason: "bad-token" });
      this.#options.log.warn(
        { carrier: offer.carrier, remoteAddress: offer.remoteAddress },
        "stream refused: unknown, used or expired token",
      );
      this.#processes
        .get(processId)
        ?.send({ type: "refuse-stream", connectionId, reason: "unknown, used or expired token" });
      return;
    }
    this.#input(callId, call, { type: "stream-offered", processId, connectionId });
  }

  #input(callId: CallId, call: LiveCall, input: Parameters<CallMachine["handle"]>[0]): void {
    this.#perform(callId, call, call.machine.handle(input, this.#options.clock.now()));
  }

  #perform(callId: CallId, call: LiveCall, orders: readonly CallOrder[]): void {
    for (const order of orders) {
      switch (order.type) {
        case "accept-stream": {
          const { plan, rtp } = call;
          const { processId, connectionId } = order;
          this.#processes
            .get(processId)
            ?.send(
              rtp
                ? { type: "open-rtp", plan, address: rtp.bindAddress }
                : { type: "accept-stream", connectionId, plan },
            );
          break;
        }
        case "refuse-stream":
          this.#processes
            .get(order.processId)
            ?.send({ type: "refuse-stream", connectionId: order.connectionId, reason: order.reason });
          break;
        case "hang-up-media":
          this.#processes
            .get(order.processId)
            ?.send({ type: "hang-up", callId, cause: order.cause, afterPlayout: false });
          break;
        case "write-ending":
          this.#options.metrics.callsEnded.inc({ cause: order.cause });
          this.#write(() => this.#options.records.endCall(callId, order.cause, order.detail), callId);
          break;
        case "forget":
          this.#forget(callId);
          break;
      }
    }
  }

  #write(work: () => Promise<unknown>, callId: string): void {
    work().catch((error: unknown) => {
      this.#options.metrics.errors.inc({ kind: "store-write" });
      this.#options.log.error({ err: error, callId }, "could not write the call's record");
    });
  }

  #sweepDeadlines(): void {
    const now = this.#options.clock.now();
    this.#tokens.sweep(now);
    for (const [callId, call] of this.#calls) {
      if (call.machine.deadline !== undefined && call.machine.deadline <= now)
        this.#input(callId, call, { type: "timeout" });
    }
  }

  #metricsOf(process: MediaLink): Promise<readonly unknown[]> {
    const requestId = this.#nextRequestId++;
    return new Promise((resolve) => {
      const done = (metrics: readonly unknown[]) => {
        clearTimeout(timer);
        this.#metricsWaiters.delete(requestId);
        resolve(metrics);
      };
      // A process too busy to answer is left out of this scrape; the next one has it.
      const timer = setTimeout(() => done([]), metricsTimeoutMs);
      this.#metricsWaiters.set(requestId, done);
      process.send({ type: "report-metrics", requestId });
    });
  }
}

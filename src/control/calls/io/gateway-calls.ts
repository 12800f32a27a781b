import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import type { CallId, RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { EndCause, MediaEvent, StreamOffer } from "../../../media/protocol.ts";
import type {
  CallControl,
  CallRecords,
  ConferenceControl,
  OpenStreamRequest,
  PlaceCallRequest,
  Readiness,
  SourceControl,
  StreamTicket,
  TransferControl,
} from "../call-control.ts";
import { StreamTokens } from "../stream-tokens.ts";
import { AgentTransfers } from "./agent-transfers.ts";
import { CallBridges } from "./call-bridges.ts";
import { ConferenceDesk } from "./conference-desk.ts";
import type { LiveCall } from "./live-call.ts";
import { LiveCalls } from "./live-calls.ts";
import { type MediaLink, MediaProcesses } from "./media-processes.ts";

export type { MediaLink };

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

/** What the exchange does for the gateway once it listens. */
export interface CallPlacer {
  placeCall(request: PlaceCallRequest): Promise<CallId>;
  readonly transfers: TransferControl;
  readonly sources: SourceControl;
}

/** Life of a ticket, in ms. */
const ticketMs = 60_000;

/** Call control as the services see it: tickets for carriers' streams, commands to calls, what media processes report. */
export class GatewayCalls implements CallControl {
  /** Every call there is. */
  readonly live: LiveCalls;
  /** Which of them talk with each other. */
  readonly bridges: CallBridges;
  readonly conferences: ConferenceControl;
  readonly #options: GatewayCallsOptions;
  readonly #processes = new MediaProcesses();
  readonly #tokens = new StreamTokens();
  /** Calls being made for a carrier's own id. */
  readonly #making = new Map<string, Promise<LiveCall>>();
  readonly #agentTransfers: AgentTransfers;
  #placer: CallPlacer | undefined;

  constructor(options: GatewayCallsOptions) {
    this.#options = options;
    this.live = new LiveCalls({ ...options, processes: this.#processes });
    this.bridges = new CallBridges(this.live);
    this.conferences = new ConferenceDesk(this.live, this.bridges, options.randomBytes);
    this.#agentTransfers = new AgentTransfers({ live: this.live, transfers: () => this.transfers, log: options.log });
  }

  /** Makes a process known; calls go to whichever process the carrier's socket reached. */
  addProcess(processId: number, process: MediaLink): void {
    this.#processes.add(processId, process);
  }

  /** The exchange is there: calls can be placed and passed on. */
  setPlacer(placer: CallPlacer): void {
    this.#placer = placer;
  }

  get sources(): SourceControl {
    return this.#exchange().sources;
  }

  get transfers(): TransferControl {
    return this.#exchange().transfers;
  }

  /** Calls that ring or talk now. */
  get size(): number {
    return this.live.size;
  }

  async openStream(request: OpenStreamRequest): Promise<StreamTicket> {
    const { clock, randomBytes, publicMediaUrl } = this.#options;
    this.live.refuseUnlessReady();
    const { callId, machine } = await this.#ringingCall(request);
    // It may have ended while its record was written: a drain, an operator.
    if (machine.state !== "ringing") throw new GatewayError("conflict", "This call does not ring any more.");
    const now = clock.now();
    machine.extendSetup(now);
    const token = Buffer.from(randomBytes(32)).toString("base64url");
    this.#tokens.sweep(now);
    this.#tokens.grant(token, callId, now + ticketMs);
    const url = `${publicMediaUrl}/media/${request.carrier}`;
    return { callId, token, url, expiresAt: clock.wall() + ticketMs };
  }

  async placeCall(request: PlaceCallRequest): Promise<CallId> {
    this.live.refuseUnlessReady();
    return this.#exchange().placeCall(request);
  }

  async say(callId: CallId, text: string): Promise<void> {
    this.live.inProgress(callId);
    this.live.send(callId, { type: "say", callId, text });
  }

  async sendDtmf(callId: CallId, digits: string): Promise<void> {
    this.live.inProgress(callId);
    this.live.send(callId, { type: "send-dtmf", callId, digits });
  }

  async hangUp(callId: CallId, cause: EndCause): Promise<void> {
    const call = this.live.get(callId);
    if (!call) throw new GatewayError("conflict", "The call is not in progress.");
    const isUnanswered = call.plan.direction === "outbound" && call.machine.state !== "in-progress";
    this.live.hangUp(callId, isUnanswered ? "cancelled" : cause);
  }

  collectMetrics(): Promise<readonly (readonly unknown[])[]> {
    return this.#processes.collectMetrics();
  }

  readiness(): Readiness {
    return { ready: this.#processes.anyReady && !this.live.isClosing, detail: this.#processes.detail() };
  }

  /** A media process reports. */
  mediaEvent(processId: number, event: MediaEvent): void {
    switch (event.type) {
      case "ready":
      case "drained":
      case "stream-withdrawn":
        return;
      case "metrics":
        this.#processes.metricsCame(event);
        return;
      case "stream-offered":
        this.#streamOffered(processId, event.connectionId, event.offer);
        return;
      case "link-opened":
      case "link-closed":
        this.live.links.mediaEvent(processId, event);
        return;
      case "transfer-wanted":
        this.#agentTransfers.wanted(event);
        return;
      default:
        this.live.mediaEvent(event);
    }
  }

  /** A media process died: each of its calls ends with that cause. */
  processDied(processId: number): void {
    this.live.processDied(processId);
  }

  /** Takes no new calls; resolves when the last one ended. */
  drained(): Promise<void> {
    return this.live.drained();
  }

  /** Hangs up whatever still talks. */
  hangUpAll(cause: EndCause): void {
    this.live.hangUpAll(cause);
  }

  close(): void {
    this.live.close();
  }

  #exchange(): CallPlacer {
    if (!this.#placer) throw new GatewayError("unavailable", "The exchange is not up yet; try again shortly.");
    return this.#placer;
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
    return (open && this.live.get(open)) ?? this.#makeCall(request);
  }

  async #makeCall(request: OpenStreamRequest): Promise<LiveCall> {
    const agent = await this.#options.records.resolveAgent(request.to, request.from);
    if (!agent || (request.orgId ?? agent.orgId) !== agent.orgId) {
      const advice = `No agent answers ${request.to}: give the number an inbound_agent_id.`;
      throw new GatewayError("not-found", advice, "to");
    }
    const { record, orgId, liveTranscript, ...spec } = agent;
    const how = { direction: "inbound", access: { type: "stream" } } as const;
    return this.live.make({ ...request, ...how, orgId, agent: spec, record, liveTranscript });
  }

  #streamOffered(processId: number, connectionId: string, offer: StreamOffer): void {
    const process = this.#processes.get(processId);
    // The last words of a process that died: its token is good for another try.
    if (!process?.ready) return;
    const callId = this.#tokens.take(offer.token, this.#options.clock.now());
    const call = callId && this.live.get(callId);
    if (call?.access.type !== "stream" || call.plan.carrier !== offer.carrier) {
      const reason = "unknown, used or expired token";
      const { carrier, remoteAddress } = offer;
      this.#options.metrics.streamsRefused.inc({ reason: "bad-token" });
      this.#options.log.warn({ carrier, remoteAddress }, `stream refused: ${reason}`);
      process.send({ type: "refuse-stream", connectionId, reason });
      return;
    }
    this.live.input(call, { type: "stream-offered", processId, connectionId });
  }
}

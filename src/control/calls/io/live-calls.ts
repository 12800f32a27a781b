import type { Clock } from "../../../kit/clock.ts";
import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, makeId, parseCallId, type RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { CallPlan, EndCause, MediaCommand, MediaEvent } from "../../../media/protocol.ts";
import type { CallRecords } from "../call-control.ts";
import { CallMachine, type CallOrder, defaultCallMachineOptions } from "../call-machine.ts";
import { acceptance, type LiveCall, type NewLiveCall } from "./live-call.ts";
import type { MediaProcesses } from "./media-processes.ts";
import { RoomLinks } from "./room-links.ts";

export interface LiveCallsOptions {
  readonly records: CallRecords;
  readonly processes: MediaProcesses;
  /** Calls held at once, ringing ones too. */
  readonly maxCalls: number;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Every call the gateway holds: its machine, its media process, its ending. One sweep keeps all their deadlines. */
export class LiveCalls {
  /** Joins the rooms of calls that are in several media processes. */
  readonly links: RoomLinks;
  readonly #options: LiveCallsOptions;
  readonly #calls = new Map<CallId, LiveCall>();
  readonly #sweep: NodeJS.Timeout;
  #closing = false;
  #idle: (() => void) | undefined;

  constructor(options: LiveCallsOptions) {
    this.#options = options;
    this.links = new RoomLinks(options);
    this.#sweep = setInterval(() => this.#sweepDeadlines(), 250);
  }

  /** Calls that ring or talk now. */
  get size(): number {
    return this.#calls.size;
  }

  get isClosing(): boolean {
    return this.#closing;
  }

  get(callId: CallId): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  /** Makes a call and its record; refuses when the gateway is full or stopping. */
  async make(request: NewLiveCall): Promise<LiveCall> {
    const { records, clock, randomBytes, maxCalls } = this.#options;
    this.refuseUnlessReady();
    if (this.#calls.size >= maxCalls) throw new GatewayError("unavailable", "Too many calls; try again shortly.");
    const callId = makeId("call", randomBytes) as CallId;
    const { access, acceptTimeoutMs = defaultCallMachineOptions.acceptTimeoutMs } = request;
    const { answeringMachine, maxDurationMs, echo } = request;
    const { orgId, carrier, direction, from, to, metadata, agent, record, peerCallId } = request;
    const recordingPath = record ? records.recordingPath(callId) : undefined;
    const plan: CallPlan = {
      callId,
      carrier,
      direction,
      from,
      to,
      metadata,
      agent,
      recordingPath,
      answeringMachine,
      maxDurationMs,
      echo,
    };
    const machine = new CallMachine({ ...defaultCallMachineOptions, acceptTimeoutMs }, clock.now());
    const call: LiveCall = {
      callId,
      orgId,
      machine,
      plan,
      access,
      watchers: new Set(),
      bond: undefined,
      hasAgent: agent !== undefined,
      detail: "",
    };
    // In the table before its record is written, so that no ending of it can be missed.
    this.#calls.set(callId, call);
    const { carrierCallId, trunkId, phoneId, idempotency, liveTranscript } = request;
    try {
      const credit = await records.createCall({
        callId,
        orgId,
        carrier,
        carrierCallId,
        direction,
        from,
        to,
        agent,
        metadata,
        record,
        trunkId,
        phoneId,
        echo,
        peerCallId,
        idempotency,
        maxDurationMs,
        liveTranscript,
      });
      if (credit) call.plan = { ...plan, ...credit, durationCause: "out-of-credit" };
    } catch (error) {
      this.#forget(call, "internal-error");
      throw error;
    }
    return call;
  }

  /** Gives a call that has no carrier's stream to a media process; false: none is ready, or the call is over already. */
  place(call: LiveCall, near?: CallId): boolean {
    if (call.machine.state !== "ringing") return false;
    const processId = this.#processFor(near);
    if (processId === undefined) {
      this.input(call, { type: "hang-up", cause: "internal-error" });
      return false;
    }
    this.input(call, { type: "stream-offered", processId, connectionId: call.callId });
    return true;
  }

  /** Hangs up a call that is there. `detail`: one sentence for its record. */
  hangUp(callId: CallId, cause: EndCause, detail = ""): void {
    const call = this.#calls.get(callId);
    if (!call) return;
    call.detail ||= detail;
    this.input(call, { type: "hang-up", cause });
  }

  /** Sends a command about a call to the media process that holds it; false: none does. */
  send(callId: CallId, command: MediaCommand): boolean {
    const call = this.#calls.get(callId);
    const processId = call?.machine.processId;
    if (call && command.type === "join-room" && command.agent === "leaves") call.hasAgent = false;
    if (processId !== undefined && command.type === "join-room") this.links.joined(command.roomId, callId, processId);
    if (command.type === "leave-room") this.links.left(callId);
    const process = processId === undefined ? undefined : this.#options.processes.get(processId);
    process?.send(command);
    return process !== undefined;
  }

  /** The call, which must be talking. */
  inProgress(callId: CallId): LiveCall {
    const call = this.#calls.get(callId);
    if (call?.machine.state !== "in-progress") throw new GatewayError("conflict", "The call is not in progress.");
    return call;
  }

  /** What a media process reports of a call. */
  mediaEvent(event: Extract<MediaEvent, { readonly callId: string }>): void {
    const callId = parseCallId(event.callId);
    const call = callId && this.#calls.get(callId);
    if (event.type === "rtp-opened") {
      // One that is being ended is not to ring anywhere.
      if (call?.access.type === "rtp" && call.machine.state === "accepting") call.access.line.opened(event.port);
      return;
    }
    if (event.type === "keys-wanted") {
      if (call?.access.type === "rtp") call.access.line.sendKeys(event.digits);
      return;
    }
    if (event.type === "rtp-silent") {
      if (call?.access.type === "rtp") call.access.line.silent(event.silentMs);
      return;
    }
    const told = event.type === "call-ended" && call ? { ...event, detail: event.detail || call.detail } : event;
    // Written before the machine forgets the call: an ending reported by its media is the ending.
    this.write(() => this.#options.records.applyMediaEvent(told), event.callId);
    if (!call) return;
    if (event.type === "call-started") {
      this.input(call, { type: "media-started" });
      for (const watcher of [...call.watchers]) watcher.started?.();
    }
    if (event.type === "utterance" && event.utterance.role === "agent" && !event.utterance.interrupted) {
      for (const watcher of [...call.watchers]) watcher.agentSpoke?.();
    }
    if (event.type === "dtmf") for (const watcher of [...call.watchers]) watcher.pressed?.(event.digit);
    if (event.type === "call-ended") {
      // Counted here, like the endings no media process reports: a counter must not die with its process.
      this.#options.metrics.callsEnded.inc({ cause: event.cause });
      this.input(call, { type: "media-ended" }, event.cause);
    }
  }

  /** A media process died: each of its calls ends with that cause. */
  processDied(processId: number): void {
    if (!this.#closing) this.#options.metrics.mediaProcessRestarts.inc();
    for (const call of this.#calls.values()) {
      if (call.machine.processId === processId) this.input(call, { type: "process-died" });
    }
  }

  /** Takes no new calls; resolves when the last one ended. */
  async drained(): Promise<void> {
    this.#closing = true;
    for (const call of this.#calls.values()) {
      if (call.machine.state === "ringing") this.input(call, { type: "hang-up", cause: "gateway-stopped" });
    }
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Hangs up whatever still talks. */
  hangUpAll(cause: EndCause): void {
    for (const call of this.#calls.values()) this.input(call, { type: "hang-up", cause });
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  /** Feeds a call's machine and does what it orders. `endCause`: what the media process said the end was. */
  input(call: LiveCall, input: Parameters<CallMachine["handle"]>[0], endCause?: EndCause): void {
    let cause = endCause;
    for (const order of call.machine.handle(input, this.#options.clock.now())) {
      if (order.type === "write-ending") cause = order.cause;
      if (order.type === "forget") this.#forget(call, cause ?? "internal-error");
      else this.#perform(call, order);
    }
  }

  /** Writes to the record of a call; a failure is counted and logged. */
  write(work: () => Promise<unknown>, callId: string): void {
    work().catch((error: unknown) => {
      this.#options.metrics.errors.inc({ kind: "store-write" });
      this.#options.log.error({ err: error, callId }, "could not write the call's record");
    });
  }

  refuseUnlessReady(): void {
    if (this.#closing) throw new GatewayError("unavailable", "The gateway is stopping; try another node.");
    if (!this.#options.processes.anyReady)
      throw new GatewayError("unavailable", "No media process is ready; try again shortly.");
  }

  #perform(call: LiveCall, order: Exclude<CallOrder, { type: "forget" }>): void {
    const { processes, metrics, records } = this.#options;
    const { callId, plan } = call;
    switch (order.type) {
      case "accept-stream": {
        processes.took(order.processId);
        const command = acceptance(call, order.connectionId);
        if (command) processes.get(order.processId)?.send(command);
        break;
      }
      case "refuse-stream": {
        const { connectionId, reason } = order;
        processes.get(order.processId)?.send({ type: "refuse-stream", connectionId, reason });
        break;
      }
      case "hang-up-media": {
        const { cause } = order;
        processes.get(order.processId)?.send({ type: "hang-up", callId, cause, afterPlayout: false });
        break;
      }
      case "write-ending": {
        metrics.callsEnded.inc({ cause: order.cause });
        const detail = call.detail || order.detail;
        this.write(() => records.endCall(plan.callId as CallId, order.cause, detail), callId);
        break;
      }
    }
  }

  #forget(call: LiveCall, cause: EndCause): void {
    const { processId } = call.machine;
    this.#calls.delete(call.callId);
    if (processId !== undefined) this.#options.processes.freed(processId);
    this.links.left(call.callId);
    if (call.access.type === "rtp") call.access.line.ended(cause);
    for (const watcher of [...call.watchers]) watcher.ended(cause);
    if (this.#calls.size === 0) this.#idle?.();
  }

  #processFor(near: CallId | undefined): number | undefined {
    const wanted = near && this.#calls.get(near)?.machine.processId;
    if (wanted !== undefined) return this.#options.processes.get(wanted)?.ready ? wanted : undefined;
    return this.#options.processes.leastBusy();
  }

  #sweepDeadlines(): void {
    const now = this.#options.clock.now();
    for (const call of this.#calls.values()) {
      if (call.machine.deadline !== undefined && call.machine.deadline <= now) this.input(call, { type: "timeout" });
    }
  }
}

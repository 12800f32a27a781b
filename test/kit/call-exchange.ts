/** Our exchange with its calls, on loopback, over a store in memory and a media process that only says what it must. */
import { onTestFinished } from "vitest";
import type {
  CallRecords,
  NewCall,
  ResolvedAgent,
  SignallingFacts,
  TransferNews,
} from "../../src/control/calls/call-control.ts";
import { GatewayCalls } from "../../src/control/calls/io/gateway-calls.ts";
import { SipCalls } from "../../src/control/calls/io/sip-calls.ts";
import { PhoneDesk } from "../../src/control/exchange/io/phone-desk.ts";
import { parseExtension } from "../../src/control/exchange/phone.ts";
import { PhoneBook } from "../../src/control/exchange/phone-book.ts";
import type { Admission, Trunk, TrunkBook } from "../../src/control/exchange/trunk.ts";
import { type CallId, type E164, firstOrgId, type OrgId } from "../../src/kit/ids.ts";
import { systemRandom } from "../../src/kit/io/random.ts";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import type { CallPlan, EndCause, MediaCommand, MediaEvent } from "../../src/media/protocol.ts";
import { defaultSourceGuard, SourceGuard } from "../../src/sip/source-guard.ts";
import { callRecords } from "./call-records.ts";
import { quietAgent } from "./conversation-call.ts";
import { eventually } from "./gateway.ts";
import { Telephone } from "./telephone.ts";

/** Answered by an agent, and open to everybody on this machine. */
export const agentNumber = "+15550111" as E164;

const plainTrunk: Omit<Trunk, "id" | "name"> = {
  orgId: firstOrgId,
  shared: false,
  enabled: true,
  inbound: { sources: [], username: null },
  outbound: { targets: [], username: null, realm: null },
  register: null,
  fromDomain: null,
  media: { codecs: ["pcmu"], preference: "ours", srtp: "off", dtmf: "auto", ptimeMs: 20 },
  sessionExpiresS: 0,
  assertIdentity: false,
  rewriting: { inbound: [], outbound: [] },
  maxCalls: 0,
  callsPerSecond: 0,
  probeEveryS: 0,
  transfer: "bridge",
  redirects: "own-hosts",
  ringTimeoutMs: 30_000,
};

/** The exchange under test, its calls and what was told of them. */
export class CallExchange {
  readonly records: CallRecords;
  readonly calls: GatewayCalls;
  readonly created: NewCall[] = [];
  readonly endings = new Map<CallId, EndCause>();
  /** Calls whose ending was told again. */
  readonly endedTwice: CallId[] = [];
  readonly transfers: TransferNews[] = [];
  readonly facts: [CallId, SignallingFacts][] = [];
  readonly commands: MediaCommand[] = [];
  /** Places taken on each trunk now. */
  readonly places = new Map<string, number>();
  /** What the store does before it has the record of a call to this number. */
  readonly holds = new Map<string, () => Promise<void>>();
  /** Whose agent was looked for, and for whom. */
  readonly lookedFor: [string, string][] = [];
  /** Whose the agent is. */
  agentOrg: OrgId = firstOrgId;
  /** What looking for an agent waits for. */
  looking: () => Promise<void> = () => Promise.resolve();
  /** What trunks say to the next calls. */
  admission: Admission = "ok";
  sip!: SipCalls;
  readonly #book = new PhoneBook();
  readonly #trunks: Trunk[] = [];
  /** Calls that are each other's far end. */
  readonly #pairs = new Map<string, readonly CallPlan[]>();
  #nextPort = 30_000;

  constructor() {
    const metrics = createMetrics();
    const log = createLogger("silent", "test");
    this.records = callRecords({
      createCall: async (call) => {
        this.created.push(call);
        await this.holds.get(call.to)?.();
        return undefined;
      },
      applyMediaEvent: async (event) => {
        if (event.type === "call-ended") this.#end(event.callId as CallId, event.cause);
      },
      noteSignalling: async (callId, facts) => void this.facts.push([callId, facts]),
      noteTransfer: async (_callId, news) => void this.transfers.push(news),
      endCall: async (callId, cause) => this.#end(callId, cause),
      resolveAgent: async (to, from) => {
        this.lookedFor.push([to, from]);
        await this.looking();
        return to === agentNumber
          ? ({ ...quietAgent, orgId: this.agentOrg, record: false } as ResolvedAgent)
          : undefined;
      },
    });
    const common = { clock: systemClock, randomBytes: systemRandom, log, metrics };
    this.calls = new GatewayCalls({ ...common, records: this.records, publicMediaUrl: "", maxCalls: 50 });
    this.calls.addProcess(0, { ready: true, send: (command) => this.#media(command) });
    onTestFinished(() => this.calls.close());
  }

  static async open(): Promise<CallExchange> {
    const exchange = new CallExchange();
    const common = {
      clock: systemClock,
      randomBytes: systemRandom,
      log: createLogger("silent", "test"),
      metrics: createMetrics(),
    };
    const guard = new SourceGuard(defaultSourceGuard);
    const phones = new PhoneDesk({ ...common, book: exchange.#book, guard, realm: "tandem", allowMd5: true });
    exchange.sip = await SipCalls.open({
      ...common,
      listen: { host: "127.0.0.1", port: 0 },
      publicIp: "",
      openNumbers: [agentNumber],
      echoNumber: undefined,
      calls: exchange.calls,
      records: exchange.records,
      trunks: exchange.#trunkBook(),
      phones,
      guard,
      onRequest: (key, request, from) => phones.register(key, request, from),
    });
    phones.start(exchange.sip.endpoint);
    onTestFinished(() => {
      phones.close();
      exchange.sip.close();
    });
    return exchange;
  }

  /** A registered telephone whose number is its name. */
  async telephone(number: string, mayCall: "any" | "internal" = "any"): Promise<Telephone> {
    this.absent(number, mayCall);
    const telephone = await Telephone.open(number, this.sip.port);
    await telephone.register();
    return telephone;
  }

  /** A telephone of ours that is not registered. */
  absent(number: string, mayCall: "any" | "internal" = "any"): void {
    const extension = parseExtension(number);
    if (!extension) throw new Error("not an extension");
    const phone = {
      id: `phone_${number}`,
      orgId: firstOrgId,
      username: number,
      number: extension,
      label: null,
      mayCall,
      enabled: true,
    };
    this.#book.set(phone, `${number}-secret`);
  }

  /** A telephone nobody knows. */
  stranger(name = "stranger"): Promise<Telephone> {
    return Telephone.open(name, this.sip.port);
  }

  /** A trunk whose far end is a telephone; calls to `<id>-line` come from it. */
  trunk(id: string, farEnd: Telephone, change: Partial<Trunk> = {}): Trunk {
    const targets = [{ uri: `sip:127.0.0.1:${farEnd.port}`, priority: 0, weight: 1 }];
    const trunk = { ...plainTrunk, id, name: id, outbound: { targets, username: null, realm: null }, ...change };
    this.#trunks.push(trunk);
    this.places.set(id, 0);
    return trunk;
  }

  /** A telephone that talks with the agent: its line and the call. */
  async withAgent(
    telephone: Telephone,
    to = agentNumber,
  ): Promise<{ line: ReturnType<Telephone["call"]>; callId: CallId }> {
    const before = this.created.length;
    const line = telephone.call(to);
    await line.until("answered");
    const call = this.created.slice(before).find((one) => one.to === to);
    if (!call) throw new Error("no call was made");
    await this.talks(call.callId);
    return { line, callId: call.callId };
  }

  talks(callId: CallId): Promise<true> {
    return eventually(
      "the call talks",
      () => (this.calls.live.get(callId)?.machine.state === "in-progress" ? true : undefined),
      3000,
    );
  }

  /** The call to a number, newest last. */
  callTo(number: string): CallId {
    const found = this.created.findLast(({ to }) => to === number);
    if (!found) throw new Error(`nobody called ${number}`);
    return found.callId;
  }

  /** Resolves with why a call ended. */
  ending(callId: CallId): Promise<EndCause> {
    return eventually("the call has ended", () => this.endings.get(callId), 3000);
  }

  /** Resolves when nothing is held any more; throws what is. */
  async empty(): Promise<void> {
    await eventually("all calls are over", () => (this.calls.size === 0 ? true : undefined), 3000);
    for (const [id, taken] of this.places) if (taken !== 0) throw new Error(`${taken} places of ${id} are still taken`);
  }

  /** Where a call's media go now, and how often that was said. */
  remotePorts(callId: CallId): number[] {
    return this.commands.flatMap((command) =>
      (command.type === "begin-rtp" || command.type === "change-rtp") && command.callId === callId
        ? [command.media.remote?.port ?? 0]
        : [],
    );
  }

  /** What the telephone of a call hears in its room, newest last. */
  hears(callId: CallId): string[] {
    return this.commands.flatMap((command) =>
      command.type === "join-room" && command.callId === callId ? [command.hears] : [],
    );
  }

  report(event: MediaEvent): void {
    this.calls.mediaEvent(0, event);
  }

  /** A media process answers later, as over IPC. */
  #media(command: MediaCommand): void {
    this.commands.push(command);
    setImmediate(() => {
      switch (command.type) {
        case "open-rtp":
          this.#nextPort += 2;
          this.report({ type: "rtp-opened", callId: command.plan.callId, port: this.#nextPort });
          break;
        case "open-pair":
          for (const { callId } of command.plans) {
            this.#pairs.set(callId, command.plans);
            this.report({ type: "call-started", callId, wallMs: 0 });
          }
          break;
        case "begin-rtp":
        case "answer-rtp":
          if (command.type === "begin-rtp" && command.early) break;
          this.report({ type: "call-started", callId: command.callId, wallMs: 0 });
          break;
        case "hang-up":
          this.#mediaEnds(command.callId, command.cause);
          break;
      }
    });
  }

  /** With the other call of a pair, which is one call's media. */
  #mediaEnds(callId: string, cause: EndCause): void {
    if (!this.calls.live.get(callId as CallId)) return;
    const stats = { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 };
    this.report({
      type: "call-ended",
      callId,
      wallMs: 0,
      durationMs: 0,
      cause,
      detail: "",
      stats,
      recording: undefined,
    });
    for (const { callId: other, direction } of this.#pairs.get(callId) ?? []) {
      if (other !== callId) this.#mediaEnds(other, direction === "outbound" ? "callee-hung-up" : "caller-hung-up");
    }
  }

  #end(callId: CallId, cause: EndCause): boolean {
    if (this.endings.has(callId)) {
      this.endedTwice.push(callId);
      return false;
    }
    this.endings.set(callId, cause);
    return true;
  }

  #trunkBook(): TrunkBook {
    const change = (id: string, by: number) => this.places.set(id, (this.places.get(id) ?? 0) + by);
    return {
      matchSource: () => undefined,
      matchContact: (user) => this.#trunks.find(({ id }) => user === `${id}-line`),
      matchUser: () => undefined,
      mayComeFrom: () => true,
      get: (id) => this.#trunks.find((trunk) => trunk.id === id),
      choose: (_orgId, _from, _to, id) => this.#trunks.find((trunk) => id === undefined || trunk.id === id),
      targets: (trunk) => trunk.outbound.targets,
      reportTarget: () => undefined,
      admit: (id) => {
        if (this.admission === "ok") change(id, 1);
        return this.admission;
      },
      release: (id) => void change(id, -1),
      password: () => null,
      authorize: () => undefined,
    };
  }
}

import type { Clock } from "../../../kit/clock.ts";
import type { OrgId, RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { Authorize } from "../../../sip/invite-session/types.ts";
import { type AskDns, systemDns } from "../../../sip/io/resolver.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { parseSource, plainAddress, SourceTable } from "../source-match.ts";
import type { Admission, Ha1s, LiveTrunks, Trunk, TrunkBook, TrunkRecords, TrunkState, TrunkTarget } from "../trunk.ts";
import { TrunkLine, type TrunkLineOptions } from "../trunk-line.ts";
import { farEndUris, wantedProbes, wantedRegistration } from "../trunk-plans.ts";
import { TrunkAddresses } from "./trunk-addresses.ts";
import { TrunkProber } from "./trunk-prober.ts";
import { TrunkRegistrations } from "./trunk-registrations.ts";

export interface TrunkDeskOptions {
  readonly records: TrunkRecords;
  /** Realm of our own challenges. */
  readonly realm: string;
  /** Whether far ends may authenticate with MD5 (RFC 8760). */
  readonly allowMd5: boolean;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly dns?: AskDns;
}

/** What the desk needs of the SIP endpoint. */
export type TrunkEndpoint = Pick<SipEndpoint, "register" | "request">;

interface Running {
  readonly registrations: TrunkRegistrations;
  readonly prober: TrunkProber;
  readonly addresses: TrunkAddresses;
}

/** All trunks at work: knows whose a call is and where calls go, keeps registrations and probes, counts calls. */
export class TrunkDesk implements TrunkBook, LiveTrunks {
  readonly #options: TrunkDeskOptions;
  readonly #lineOptions: TrunkLineOptions;
  /** By id, oldest first; deleted ones are gone. */
  #lines = new Map<string, TrunkLine>();
  #sources = new SourceTable<TrunkLine>();
  #running: Running | undefined;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: TrunkDeskOptions) {
    this.#options = options;
    const strong = ["SHA-256", "SHA-512-256"] as const;
    this.#lineOptions = {
      realm: options.realm,
      algorithms: options.allowMd5 ? [...strong, "MD5"] : strong,
      random: options.random,
    };
  }

  /** Loads the trunks, registers and probes them. */
  async start(endpoint: TrunkEndpoint): Promise<void> {
    const { clock, random, dns = systemDns() } = this.#options;
    this.#running = {
      registrations: new TrunkRegistrations(endpoint, (trunkId, state, from) => {
        this.#registrationNews(trunkId, state, from?.address);
      }),
      prober: new TrunkProber({
        endpoint,
        clock,
        random,
        onProbe: (trunkId, target, error, from) => this.#probed(trunkId, target, error, from?.address),
      }),
      addresses: new TrunkAddresses(dns, random, (trunkId, found) => this.#lines.get(trunkId)?.resolved(found)),
    };
    await this.reload();
  }

  /** Unregisters and probes no more; calls go on. Resolves when the registrars know, or after 2 s. Twice is fine. */
  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.prober.close();
    running?.addresses.close();
    await running?.registrations.close();
  }

  /** Takes the trunks as they are stored now. Never rejects: what cannot be loaded stays as it was. */
  reload(): Promise<void> {
    // One after the other, so that the latest state is the one that stays.
    this.#reloading = this.#reloading
      .then(() => this.#load())
      .catch((error: unknown) => {
        this.#options.metrics.errors.inc({ kind: "trunks" });
        this.#options.log.error({ err: error }, "the trunks could not be loaded; those known stay as they are");
      });
    return this.#reloading;
  }

  get(id: string): Trunk | undefined {
    const line = this.#lines.get(id);
    return line?.trunk.enabled ? line.trunk : undefined;
  }

  matchSource(address: string): Trunk | undefined {
    const listed = this.#sources.match(address);
    if (listed !== undefined) return listed.trunk;
    const plain = plainAddress(address) ?? "";
    return this.#find((line) => line.hasRegistrarAt(plain))?.trunk;
  }

  matchContact(user: string): Trunk | undefined {
    return this.#find(({ trunk, record }) => trunk.register !== null && record.contactUser === user)?.trunk;
  }

  /** Whether any trunk's far end authenticates. */
  get hasUsers(): boolean {
    return this.#find(({ trunk }) => trunk.inbound.username !== null) !== undefined;
  }

  matchUser(username: string): { readonly trunk: Trunk; readonly ha1: Ha1s } | undefined {
    const line = this.#find(({ trunk }) => trunk.inbound.username === username);
    return line?.ha1s && { trunk: line.trunk, ha1: line.ha1s };
  }

  mayComeFrom(trunk: Trunk, address: string): boolean {
    return trunk.inbound.sources.length === 0 || (this.#lines.get(trunk.id)?.hasSource(address) ?? false);
  }

  choose(orgId: OrgId, from: string, _to: string, trunk?: string): Trunk | undefined {
    const now = this.#options.clock.now();
    const able = [...this.#lines.values()]
      .filter((line) => line.trunk.enabled && line.targets.length > 0)
      .filter((line) => line.trunk.orgId === orgId || line.trunk.shared)
      .sort((one, other) => Number(other.trunk.orgId === orgId) - Number(one.trunk.orgId === orgId));
    if (trunk !== undefined) return able.find((line) => line.trunk.id === trunk || line.trunk.name === trunk)?.trunk;
    const working = able.filter((line) => line.works(now));
    const candidates = working.length > 0 ? working : able;
    return (candidates.find((line) => line.owns(from)) ?? candidates[0])?.trunk;
  }

  targets(trunk: Trunk, now: number): readonly TrunkTarget[] {
    return this.#lines.get(trunk.id)?.orderedTargets(now) ?? [];
  }

  reportTarget(trunkId: string, uri: string, ok: boolean, now: number): void {
    const line = this.#lines.get(trunkId);
    line?.report(uri, { by: "call", ok, error: "a call to it failed" }, now, this.#options.clock.wall());
    if (line) this.#measure(line);
  }

  admit(trunkId: string, now: number): Admission {
    const line = this.#lines.get(trunkId);
    const admission = line?.admit(now) ?? "too-many-calls";
    if (line) this.#measure(line);
    return admission;
  }

  release(trunkId: string): void {
    const line = this.#lines.get(trunkId);
    line?.release();
    if (line) this.#measure(line);
  }

  password(trunk: Trunk): string | null {
    return this.#lines.get(trunk.id)?.record.password ?? null;
  }

  authorize(trunk: Trunk): Authorize | undefined {
    return this.#lines.get(trunk.id)?.authorize;
  }

  state(trunkId: string): TrunkState | undefined {
    return this.#lines.get(trunkId)?.state(this.#options.clock.now());
  }

  /** How every trunk does now, by id. */
  states(): ReadonlyMap<string, TrunkState> {
    const now = this.#options.clock.now();
    return new Map([...this.#lines].map(([id, line]) => [id, line.state(now)]));
  }

  #find(wanted: (line: TrunkLine) => boolean): TrunkLine | undefined {
    for (const line of this.#lines.values()) if (line.trunk.enabled && wanted(line)) return line;
    return undefined;
  }

  async #load(): Promise<void> {
    const { records, clock } = this.#options;
    const loaded = await records.loadTrunks();
    const now = clock.now();
    const before = this.#lines;
    this.#lines = new Map();
    this.#sources = new SourceTable();
    for (const record of loaded) {
      const { id, enabled, inbound } = record.trunk;
      const line = before.get(id) ?? new TrunkLine(record, this.#lineOptions, now);
      // Untouched ones go on as they were: a far end may hold a nonce count against us that begins anew.
      if (JSON.stringify(line.record) !== JSON.stringify(record)) line.change(record, now);
      this.#lines.set(id, line);
      for (const text of enabled ? inbound.sources : []) {
        const source = parseSource(text);
        if (source) this.#sources.add(source, line);
      }
    }
    this.#measureAll();
    this.#run();
  }

  /** Registers, probes and looks up what the settings now say. */
  #run(): void {
    const running = this.#running;
    if (running === undefined) return;
    const enabled = [...this.#lines.values()].filter(({ trunk }) => trunk.enabled);
    running.registrations.replace(
      new Map(
        enabled.flatMap((line) => {
          const wanted = wantedRegistration(line.record, line.authorize);
          return wanted === undefined ? [] : [[line.trunk.id, wanted] as const];
        }),
      ),
    );
    running.prober.replace(enabled.flatMap((line) => wantedProbes(line.trunk, line.targets)));
    const registering = enabled.filter(({ trunk }) => trunk.register !== null);
    const uris = new Map(registering.map((line) => [line.trunk.id, farEndUris(line.trunk)] as const));
    running.addresses.replace(uris).catch((error: unknown) => {
      this.#options.log.error({ err: error }, "the addresses of trunks could not be looked up");
    });
  }

  #registrationNews(trunkId: string, state: Parameters<TrunkLine["registrationNews"]>[0], from?: string): void {
    const line = this.#lines.get(trunkId);
    if (line === undefined) return;
    const before = line.registration;
    line.registrationNews(state, this.#options.clock.wall());
    if (from !== undefined) line.heardFrom(from);
    const after = line.registration;
    if (after?.state !== before?.state || after?.lastError !== before?.lastError) {
      const about = { trunkId, trunk: line.trunk.name, state: after?.state ?? "unregistered" };
      if (after?.state === "failed")
        this.#options.log.warn({ ...about, reason: after.lastError }, "trunk registration");
      else this.#options.log.info(about, "trunk registration");
    }
    this.#measure(line);
  }

  #probed(trunkId: string, target: string, error: string | undefined, from?: string): void {
    const { clock, log } = this.#options;
    const line = this.#lines.get(trunkId);
    if (line === undefined) return;
    const stateOf = () => line.state(clock.now()).targets.find(({ uri }) => uri === target)?.state;
    const before = stateOf();
    line.report(target, { by: "probe", ok: error === undefined, error }, clock.now(), clock.wall());
    if (from !== undefined) line.heardFrom(from);
    const after = stateOf();
    if (after !== before) {
      const about = { trunkId, trunk: line.trunk.name, target, state: after };
      if (after === "down") log.warn({ ...about, reason: error }, "trunk target");
      else log.info(about, "trunk target");
    }
    this.#measure(line);
  }

  /** All anew: trunks may have gone, or have another name. */
  #measureAll(): void {
    const { trunkRegistered, trunkTargetUp, trunkCalls } = this.#options.metrics;
    for (const gauge of [trunkRegistered, trunkTargetUp, trunkCalls]) gauge.reset();
    for (const line of this.#lines.values()) this.#measure(line);
  }

  #measure(line: TrunkLine): void {
    const { metrics, clock } = this.#options;
    const { name: trunk, enabled } = line.trunk;
    const { registration, targets, callsNow } = line.state(clock.now());
    metrics.trunkCalls.set({ trunk }, callsNow);
    if (registration) metrics.trunkRegistered.set({ trunk }, registration.state === "registered" ? 1 : 0);
    for (const { uri: target, state } of enabled ? targets : []) {
      if (state !== "unknown") metrics.trunkTargetUp.set({ trunk, target }, state === "up" ? 1 : 0);
    }
  }
}

import type { RandomBytes } from "../../kit/ids.ts";
import type { DigestAlgorithm } from "../../sip/digest.ts";
import type { Authorize } from "../../sip/invite-session/types.ts";
import type { RegistrationState } from "../../sip/registration-client.ts";
import { randomFraction } from "../../sip/tokens.ts";
import { CallLimits } from "./call-limits.ts";
import { inboundNumber } from "./number-rewriting.ts";
import { registrationStatus } from "./registration-status.ts";
import { parseSource, plainAddress, SourceTable } from "./source-match.ts";
import type { Admission, Ha1s, Trunk, TrunkRecord, TrunkRegistration, TrunkState, TrunkTarget } from "./trunk.ts";
import { registeredUser, trunkAuthorize, trunkHa1s } from "./trunk-credentials.ts";
import { orderTargets, TargetHealth, type TargetReport } from "./trunk-targets.ts";

/** What all lines share. */
export interface TrunkLineOptions {
  /** Realm and algorithms of our own challenges. */
  readonly realm: string;
  readonly algorithms: readonly DigestAlgorithm[];
  readonly random: RandomBytes;
}

interface TargetBook {
  readonly health: TargetHealth;
  lastOkAt: number | null;
  lastError: string | null;
}

/** Most addresses a provider may have answered us from. */
const maxHeard = 64;

/** One trunk at work: its settings, and what is known of it now. Times are monotonic ms, `wallMs` is the date. */
export class TrunkLine {
  readonly #options: TrunkLineOptions;
  readonly #limits: CallLimits;
  #record: TrunkRecord;
  #books = new Map<string, TargetBook>();
  #sources = new SourceTable<true>();
  #authorize: Authorize | undefined;
  #ha1s: Ha1s | undefined;
  /** Addresses that registrar and targets have by the DNS, and those they answered from. */
  #resolved: ReadonlySet<string> = new Set();
  readonly #heard = new Set<string>();
  #registration: TrunkRegistration | undefined;

  constructor(record: TrunkRecord, options: TrunkLineOptions, now: number) {
    this.#options = options;
    this.#record = record;
    this.#limits = new CallLimits(record.trunk, now);
    this.change(record, now);
  }

  get trunk(): Trunk {
    return this.#record.trunk;
  }

  get record(): TrunkRecord {
    return this.#record;
  }

  /** Answers challenges of the far end; undefined: it has no credentials. */
  get authorize(): Authorize | undefined {
    return this.#authorize;
  }

  /** What the far end is checked against; undefined: it does not authenticate. */
  get ha1s(): Ha1s | undefined {
    return this.#ha1s;
  }

  get registration(): TrunkRegistration | undefined {
    return this.#registration;
  }

  /** Where calls go: to the registrar where no target is set. */
  get targets(): readonly TrunkTarget[] {
    const { outbound, register } = this.trunk;
    if (outbound.targets.length > 0 || register === null) return outbound.targets;
    return [{ uri: register.registrar, priority: 0, weight: 1 }];
  }

  /** Takes new settings; calls keep their places, targets that stay keep what is known of them. */
  change(record: TrunkRecord, now: number): void {
    this.#record = record;
    const { trunk, password } = record;
    this.#limits.change(trunk, now);
    this.#authorize = trunkAuthorize(trunk, password, this.#options.random);
    this.#ha1s = trunkHa1s(trunk, password, this.#options);
    this.#sources = new SourceTable();
    for (const text of trunk.inbound.sources) {
      const source = parseSource(text);
      if (source) this.#sources.add(source, true);
    }
    const before = this.#books;
    this.#books = new Map(
      this.targets.map(({ uri }) => [
        uri,
        before.get(uri) ?? { health: new TargetHealth(), lastOkAt: null, lastError: null },
      ]),
    );
    if (trunk.register === null || !trunk.enabled) this.#heard.clear();
  }

  /** Whether the address is in the source list, or is the registrar's or a target's of a trunk that registers. */
  hasSource(address: string): boolean {
    return this.#sources.match(address) === true || this.hasRegistrarAt(plainAddress(address) ?? "");
  }

  /** Whether registrar or targets are at the address, which is in its one spelling; false for a trunk without registrar. */
  hasRegistrarAt(plain: string): boolean {
    return this.trunk.register !== null && (this.#resolved.has(plain) || this.#heard.has(plain));
  }

  /** What the DNS says of registrar and targets now. */
  resolved(addresses: readonly string[]): void {
    this.#resolved = new Set(addresses.map(plainAddress).filter((address) => address !== undefined));
  }

  /** The registrar or a target answered from this address. */
  heardFrom(address: string): void {
    const plain = plainAddress(address);
    if (plain === undefined) return;
    this.#heard.delete(plain);
    if (this.#heard.size >= maxHeard) this.#heard.delete(this.#heard.values().next().value as string);
    this.#heard.add(plain);
  }

  /** News of its registration; undefined: it has none any more. */
  registrationNews(news: RegistrationState | undefined, wallMs: number): void {
    this.#registration = news && registrationStatus(this.#registration, news, wallMs);
  }

  /** Targets in the order to try now. */
  orderedTargets(now: number): readonly TrunkTarget[] {
    const { random } = this.#options;
    const isHeldDown = ({ uri }: TrunkTarget) => this.#books.get(uri)?.health.isHeldDown(now) ?? false;
    return orderTargets(this.targets, isHeldDown, () => randomFraction(random));
  }

  /** Notes what became of a probe of, or call to, a target. `error`: for people. */
  report(uri: string, report: TargetReport & { readonly error?: string }, now: number, wallMs: number): void {
    const book = this.#books.get(uri);
    if (book === undefined) return;
    book.health.report(report, now, this.trunk.probeEveryS * 1000);
    if (report.ok) book.lastOkAt = wallMs;
    book.lastError = report.ok ? null : (report.error ?? book.lastError);
  }

  /** Whether a call over it is likely to succeed now. */
  works(now: number): boolean {
    const isThere = this.trunk.register === null || this.#registration?.state === "registered";
    return isThere && this.targets.some(({ uri }) => !this.#books.get(uri)?.health.isHeldDown(now));
  }

  /** Whether the number is the one it registers. */
  owns(number: string): boolean {
    return inboundNumber(registeredUser(this.trunk), this.trunk.rewriting.inbound) === number;
  }

  admit(now: number): Admission {
    return this.#limits.admit(now);
  }

  release(): void {
    this.#limits.release();
  }

  state(now: number): TrunkState {
    const isOn = this.trunk.enabled && this.trunk.register !== null;
    return {
      registration: isOn ? (this.#registration ?? null) : null,
      targets: [...this.#books].map(([uri, { health, lastOkAt, lastError }]) => ({
        uri,
        state: health.stateAt(now),
        lastOkAt,
        lastError,
      })),
      callsNow: this.#limits.calls,
    };
  }
}

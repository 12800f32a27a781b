/** What a trunk is, and what call control, the API and the metrics ask about it. Types only. */
import type { OrgId } from "../../kit/ids.ts";
import type { DigestAlgorithm } from "../../sip/digest.ts";
import type { Authorize } from "../../sip/invite-session/types.ts";

/** Codecs a trunk may speak. */
export type TrunkCodec = "opus" | "g722" | "pcmu" | "pcma";

/** One place a trunk's calls go to. */
export interface TrunkTarget {
  /** `sip:host:port;transport=tcp`, without a user. */
  readonly uri: string;
  /** Lower ones are tried first. */
  readonly priority: number;
  /** Share of the calls among targets of one priority; 0: only when the others fail. */
  readonly weight: number;
}

/** Replaces a number's beginning. */
export interface RewriteRule {
  /** `+`, digits, `*` and `#`; empty: every number. */
  readonly match: string;
  readonly replace: string;
}

/** What is set on a trunk, besides its password. */
export interface TrunkSettings {
  readonly name: string;
  /** False: it is neither registered nor probed, takes no calls and makes none. */
  readonly enabled: boolean;
  /** Every organisation may call out over it; calls that come in are for everybody's numbers anyway. */
  readonly shared: boolean;
  /**
   * How calls of this trunk are recognised. With sources alone the address is enough, with a user name alone digest is;
   * with both, both are needed.
   */
  readonly inbound: {
    /** CIDR blocks or addresses. */
    readonly sources: readonly string[];
    /** Digest, with the trunk's password. */
    readonly username: string | null;
  };
  readonly outbound: {
    /** Empty: the registrar, where there is one. */
    readonly targets: readonly TrunkTarget[];
    /** For their challenges, with the trunk's password; null: the user of the registered address. */
    readonly username: string | null;
    /** Only this realm gets our credentials; null: whoever asks on the way. */
    readonly realm: string | null;
  };
  readonly register: {
    /** sip: URI of the registrar. */
    readonly registrar: string;
    /** sip: URI that is registered: From and To (RFC 3261 §10.2). */
    readonly aor: string;
    readonly expiresS: number;
  } | null;
  /** Host of From; null: the registered address's, else the target's. */
  readonly fromDomain: string | null;
  readonly media: {
    /** In the order of our preference. */
    readonly codecs: readonly TrunkCodec[];
    /** Whose order decides when the far end offers. */
    readonly preference: "offered" | "ours";
    readonly srtp: "off" | "optional" | "required";
    readonly dtmf: "auto" | "rfc4733" | "info" | "inband";
    readonly ptimeMs: number;
  };
  /** 0: no session timer (RFC 4028). */
  readonly sessionExpiresS: number;
  /** P-Asserted-Identity is sent, and believed in (RFC 3325). */
  readonly assertIdentity: boolean;
  /** First match wins. */
  readonly rewriting: { readonly inbound: readonly RewriteRule[]; readonly outbound: readonly RewriteRule[] };
  /** In and out together; 0: no limit. */
  readonly maxCalls: number;
  /** New calls, in and out together; 0: no limit. */
  readonly callsPerSecond: number;
  /** OPTIONS to each target; 0: none. */
  readonly probeEveryS: number;
  /** Whether a transferred call stays with us or is handed back to the trunk. */
  readonly transfer: "bridge" | "refer";
  /** Where its 3xx may send our calls: to the hosts of its targets and its registrar, or anywhere. */
  readonly redirects: "own-hosts" | "any";
  readonly ringTimeoutMs: number;
}

/** A carrier or PBX we exchange calls with. */
export interface Trunk extends TrunkSettings {
  readonly id: string;
  readonly orgId: OrgId;
}

/** A trunk with what only its desk may know. */
export interface TrunkRecord {
  readonly trunk: Trunk;
  readonly password: string | null;
  /** User of the Contact we register: by it a call is known to be meant for this trunk. Nobody can guess it. */
  readonly contactUser: string;
}

/** Where the desk has the trunks from; implemented by `service/trunks.ts`. */
export interface TrunkRecords {
  /** Every trunk, oldest first. */
  loadTrunks(): Promise<readonly TrunkRecord[]>;
}

/** How a trunk's registration stands; instants are wall ms. */
export interface TrunkRegistration {
  readonly state: "registering" | "registered" | "failed" | "unregistered";
  readonly since: number;
  readonly expiresAt: number | null;
  /** For people; stays until the next success. */
  readonly lastError: string | null;
}

/** How a target does; instants are wall ms. */
export interface TrunkTargetState {
  readonly uri: string;
  readonly state: "unknown" | "up" | "down";
  readonly lastOkAt: number | null;
  readonly lastError: string | null;
}

/** How a trunk does now. */
export interface TrunkState {
  /** Null: it does not register. */
  readonly registration: TrunkRegistration | null;
  readonly targets: readonly TrunkTargetState[];
  readonly callsNow: number;
}

/** The trunks at work, as their service sees them. */
export interface LiveTrunks {
  /** Takes the trunks as they are stored now; never rejects. */
  reload(): Promise<void>;
  /** Undefined: unknown, or not loaded yet. */
  state(trunkId: string): TrunkState | undefined;
}

/** A trunk as people may see it: never its password. */
export interface TrunkView extends Trunk, TrunkState {
  readonly hasPassword: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Whether a call may go over a trunk now; `ok` has taken a place that `release` gives back. */
export type Admission = "ok" | "too-many-calls" | "too-fast";

/** H(username:realm:password) in hex, by algorithm (RFC 7616 §3.4.2). */
export type Ha1s = Readonly<Partial<Record<DigestAlgorithm, string>>>;

/**
 * What call control asks of trunks; the class is `io/trunk-desk.ts`. A call that comes in belongs to the trunk of its
 * Contact user, else to that of its digest user, else to that of its source. Disabled trunks are never given.
 */
export interface TrunkBook {
  /** The trunk whose source list has the address, the most specific entry first; registrars' addresses count too. */
  matchSource(address: string): Trunk | undefined;
  /** The trunk that registered this Contact user. Its calls may come from any server of the provider. */
  matchContact(user: string): Trunk | undefined;
  /** The trunk whose far end authenticates by this user name. */
  matchUser(username: string): { readonly trunk: Trunk; readonly ha1: Ha1s } | undefined;
  /** Whether a trunk's calls may come from the address: it has no source list, or the address is in it. */
  mayComeFrom(trunk: Trunk, address: string): boolean;
  get(id: string): Trunk | undefined;
  /**
   * The trunk for a call of an organisation: the one named (id or name), else the first that works, its own before the
   * shared; undefined: there is none.
   */
  choose(orgId: OrgId, from: string, to: string, trunk?: string): Trunk | undefined;
  /** Targets in the order to try now: by priority, by chance within one, those known dead last. */
  targets(trunk: Trunk, now: number): readonly TrunkTarget[];
  /** What became of a call to a target; `false` for 408, 5xx and silence alone (`failsOver`). */
  reportTarget(trunkId: string, uri: string, ok: boolean, now: number): void;
  /** Takes a place for a call, in or out. */
  admit(trunkId: string, now: number): Admission;
  /** Gives the place of an admitted call back. */
  release(trunkId: string): void;
  password(trunk: Trunk): string | null;
  /** Answers the challenges of a trunk's far end; undefined: it has no password. */
  authorize(trunk: Trunk): Authorize | undefined;
}

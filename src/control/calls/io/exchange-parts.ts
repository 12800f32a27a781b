import type { Clock } from "../../../kit/clock.ts";
import type { CallId, RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { addressTowards } from "../../../sip/io/local-address.ts";
import { numericHost } from "../../../sip/routing.ts";
import type { SourceGuard } from "../../../sip/source-guard.ts";
import type { Uri } from "../../../sip/uri.ts";
import type { OpenNumbers } from "../../exchange/invite-route.ts";
import type { PhoneDesk } from "../../exchange/io/phone-desk.ts";
import type { TrunkBook } from "../../exchange/trunk.ts";
import type { CallRecords } from "../call-control.ts";
import type { CallBridges } from "./call-bridges.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { SipSessions } from "./sip-sessions.ts";
import type { TelephoneCalls } from "./telephone-calls.ts";

/** What every part of the exchange stands on. */
export interface ExchangeParts {
  readonly sessions: SipSessions;
  readonly live: LiveCalls;
  readonly calls: TelephoneCalls;
  readonly bridges: CallBridges;
  readonly records: CallRecords;
  readonly trunks: TrunkBook;
  readonly phones: PhoneDesk;
  readonly guard: SourceGuard;
  readonly open: OpenNumbers;
  readonly network: Network;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A call's dialog is known, before it is answered; a call may have several. */
  readonly onDialog: (callId: CallId, sipCallId: string) => void;
}

const unspecified = new Set(["0.0.0.0", "::"]);
/** Stands for the internet where a far end's address is not known before the DNS has answered; nothing is sent there. */
const somewhere = "8.8.8.8";

/** Which of our addresses a far end is to send its media to. */
export class Network {
  readonly #host: string;
  readonly #publicIp: string;

  /** `host`: where SIP listens. `publicIp`: our address for the internet; "": that of the interface. */
  constructor(host: string, publicIp: string) {
    this.#host = host;
    this.#publicIp = publicIp;
  }

  /** Local IP that RTP binds. */
  get bindAddress(): string {
    return this.#host;
  }

  /** Our address as a far end at `remote` sees it. */
  towards(remote: string): string {
    return unspecified.has(this.#host) ? addressTowards(remote, this.#publicIp || undefined) : this.#host;
  }

  /** Our address as the far end of a URI sees it; a name is taken for somewhere on the internet. */
  towardsUri(uri: Uri): string {
    if (uri.type !== "sip") return this.towards(somewhere);
    return this.towards(numericHost(uri.params.get("maddr") ?? uri.host) ?? somewhere);
  }
}

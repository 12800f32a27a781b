import type { RandomBytes } from "../kit/ids.ts";
import { contactField, fromField, viaField } from "./headers/fields.ts";
import { noParams } from "./headers/params.ts";
import type { Hop } from "./hop.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { estimateSize, nextHopUri, numericHop, preferStream } from "./routing.ts";
import { makeBranch } from "./tokens.ts";
import { type ClientKey, clientKeyOf } from "./transaction/key.ts";
import type { TransactionFault } from "./transaction/types.ts";
import { makeSipUri, type SipUri, type Uri, userOf } from "./uri.ts";
import type { LocalAddress, UserAgentOptions } from "./user-agent-types.ts";

/** Requests that carry our Contact (RFC 3261 §8.1.1.8, RFC 3311, RFC 3515, RFC 6665). */
const contactMethods: ReadonlySet<string> = new Set(["INVITE", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE", "REGISTER"]);

/** What becomes of an outgoing request, whichever hop it took in the end. */
export interface OutboundUser {
  onResponse(response: SipResponse, from: Hop, now: number): void;
  onFailed(fault: TransactionFault, now: number): void;
}

interface Outbound {
  readonly request: SipRequest;
  readonly user: OutboundUser;
  readonly contactUser: string | undefined;
  hops: readonly Hop[];
  next: number;
  /** A provisional response came, so this hop is alive. */
  isHeard: boolean;
  isCancelled: boolean;
  /** The transaction it is in. */
  key: ClientKey | undefined;
}

/** What the outbound side has done by its owner. */
export interface OutboundActions {
  /** Begins a client transaction; an ACK is only sent. */
  transmit(request: SipRequest, to: Hop, now: number): void;
  resolve(query: number, uri: Uri): void;
}

/** Most requests that wait for the DNS. */
const maxQueries = 10_000;

/** Requests on their way out: finds their hops, stamps them, and takes the next hop when one fails (RFC 3263 §4.3). */
export class OutboundRequests {
  readonly #options: Pick<UserAgentOptions, "transports" | "localAddress">;
  readonly #random: RandomBytes;
  readonly #actions: OutboundActions;
  readonly #queries = new Map<number, Outbound>();
  readonly #pending = new Map<ClientKey, Outbound>();
  #nextQuery = 1;

  constructor(options: Pick<UserAgentOptions, "transports" | "localAddress" | "random">, actions: OutboundActions) {
    this.#options = options;
    this.#random = options.random;
    this.#actions = actions;
  }

  /** Sends a request to `to`, or to where its URI leads. A handle to cancel it. */
  send(
    request: SipRequest,
    user: OutboundUser,
    parts: { readonly to?: Hop; readonly contactUser?: string },
    now: number,
  ): Outbound {
    const { to, contactUser } = parts;
    const state = { hops: [], next: 0, isHeard: false, isCancelled: false, key: undefined };
    const outbound: Outbound = { request, user, contactUser, ...state };
    const uri = nextHopUri(request);
    const hop = to ?? numericHop(uri);
    if (hop !== undefined) this.#start(outbound, [hop], now);
    else if (this.#queries.size >= maxQueries) user.onFailed("overload", now);
    else {
      const query = this.#nextQuery++;
      this.#queries.set(query, outbound);
      this.#actions.resolve(query, uri);
    }
    return outbound;
  }

  resolved(query: number, hops: readonly Hop[], now: number): void {
    const outbound = this.#queries.get(query);
    if (outbound === undefined) return;
    this.#queries.delete(query);
    this.#start(outbound, hops, now);
  }

  /** The transaction an INVITE is in now; undefined when it is not on its way, and then will not be. */
  cancel(outbound: Outbound): ClientKey | undefined {
    outbound.isCancelled = true;
    return outbound.key;
  }

  response(key: ClientKey, response: SipResponse, from: Hop, now: number): void {
    const outbound = this.#pending.get(key);
    if (outbound === undefined) return;
    const { status } = response;
    if (status < 200) outbound.isHeard = true;
    else {
      const isAccepted = outbound.request.method === "INVITE" && status < 300;
      // Further 2xx may follow under this key (RFC 6026 §7.2); `released` ends that.
      if (!isAccepted) this.#pending.delete(key);
      if (status === 503 && this.#tryNext(outbound, now)) return;
    }
    outbound.user.onResponse(response, from, now);
  }

  failed(key: ClientKey, fault: TransactionFault, now: number): void {
    const outbound = this.#pending.get(key);
    if (outbound === undefined) return;
    this.#pending.delete(key);
    if (fault !== "overload" && this.#tryNext(outbound, now)) return;
    outbound.user.onFailed(fault, now);
  }

  /** The transaction is over for good. */
  released(key: ClientKey): void {
    this.#pending.delete(key);
  }

  #start(outbound: Outbound, hops: readonly Hop[], now: number): void {
    const { transports } = this.#options;
    outbound.hops = preferStream(hops, estimateSize(outbound.request), transports);
    if (outbound.isCancelled || !this.#tryNext(outbound, now)) {
      outbound.user.onFailed(outbound.isCancelled ? "timeout" : "transport", now);
    }
  }

  #tryNext(outbound: Outbound, now: number): boolean {
    const hop = outbound.hops[outbound.next];
    // Who was heard once rings somewhere; another hop would let it ring twice.
    if (hop === undefined || outbound.isHeard || outbound.isCancelled) return false;
    outbound.next++;
    const request = this.#stamp(outbound, hop);
    if (request.method !== "ACK") {
      outbound.key = clientKeyOf(request);
      this.#pending.set(outbound.key, outbound);
    }
    this.#actions.transmit(request, hop, now);
    return true;
  }

  #stamp({ request, contactUser }: Outbound, hop: Hop): SipRequest {
    const headers = request.headers.clone();
    const local = this.#options.localAddress(hop);
    headers.prepend(viaField, {
      transport: hop.transport,
      host: local.host,
      port: local.port,
      branch: makeBranch(this.#random),
      rport: true,
      params: noParams,
    });
    if (contactMethods.has(request.method) && !headers.has("Contact")) {
      const from = headers.first(fromField)?.uri;
      const user = contactUser ?? (from === undefined ? undefined : userOf(from));
      headers.put(contactField, { uri: localContact(local, hop, user), params: noParams });
    }
    return { ...request, headers };
  }
}

export type { Outbound };

/** Our Contact for a far end: an address it reaches us at, by the transport it uses. */
export function localContact(local: LocalAddress, hop: Hop, user: string | undefined): SipUri {
  const params = hop.transport === "UDP" ? undefined : { transport: hop.transport.toLowerCase() };
  return makeSipUri({ user, host: local.host, port: local.port, params });
}

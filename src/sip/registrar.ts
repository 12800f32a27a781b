import { contactField, expiresField, isWildcardContact, minExpiresField } from "./headers/fields.ts";
import { SipHeaders } from "./headers/headers.ts";
import { type Hop, isReliable } from "./hop.ts";
import { cseqOf, respond, type SipRequest, type SipResponse, sipCallIdOf, toOf } from "./message.ts";
import { isReachedBySource } from "./routing-dialog.ts";
import type { Uri } from "./uri.ts";
import { sameUri } from "./uri-equality.ts";

export interface RegistrarOptions {
  readonly leastExpiresS: number;
  readonly mostExpiresS: number;
  readonly defaultExpiresS: number;
  /** Most devices of one address. */
  readonly maxBindings: number;
  /** Most addresses with a binding. */
  readonly maxAddresses: number;
}

export const defaultRegistrar = {
  leastExpiresS: 60,
  mostExpiresS: 3600,
  defaultExpiresS: 600,
  maxBindings: 10,
  maxAddresses: 100_000,
} as const satisfies RegistrarOptions;

/** One device where an address can be reached (RFC 3261 §10). */
export interface Binding {
  /** The device's Contact: Request-URI of calls to it. */
  readonly contact: Uri;
  /** Preference 0–1, 1 first. */
  readonly q: number;
  /** Monotonic ms. */
  readonly expiresAt: number;
  /** Proxies to pass on the way there (RFC 3327). */
  readonly path: readonly string[];
  /** The hop the device was heard from; to be used in place of its Contact when that is behind a NAT or a connection. */
  readonly flow?: Hop;
  /** To of its REGISTER: how the device names its user and us. */
  readonly aor: Uri;
  /** Where its REGISTER came from: the device, its NAT or a proxy. */
  readonly source: Hop;
  readonly userAgent?: string;
  readonly sipCallId: string;
  readonly seq: number;
}

/** Keeps who is reachable where. Whoever asks was authenticated before, for exactly this address. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #bindings = new Map<string, Binding[]>();

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Addresses with at least one binding, expired ones not swept yet included. */
  get size(): number {
    return this.#bindings.size;
  }

  /** Handles a REGISTER for `address` (our own name of it) and gives the response (RFC 3261 §10.3). */
  register(address: string, request: SipRequest, from: Hop, now: number): SipResponse {
    const current = this.lookup(address, now);
    const { headers } = request;
    const isWildcard = isWildcardContact(headers.get("Contact"));
    const expiresS = headers.first(expiresField);
    if (isWildcard && (expiresS !== 0 || headers.count("Contact") > 1)) return respond(request, 400);
    const id = { sipCallId: sipCallIdOf(request), seq: cseqOf(request).seq };
    if (isWildcard) {
      if (current.some((binding) => isOlder(id, binding))) return respond(request, 500);
      this.#store(address, []);
      return this.#listed(request, [], now);
    }
    const aor = toOf(request).uri;
    const changed = [...current];
    for (const { uri, params } of headers.all(contactField)) {
      if (uri.type !== "sip") return respond(request, 400);
      const known = changed.findIndex(({ contact }) => sameUri(contact, uri));
      const before = changed[known];
      // All or nothing: one late request changes none of the bindings (RFC 3261 §10.3 step 7).
      if (before !== undefined && isOlder(id, before)) return respond(request, 500);
      const asked = readSeconds(params.get("expires")) ?? expiresS ?? this.#options.defaultExpiresS;
      if (asked > 0 && asked < this.#options.leastExpiresS) return this.#tooBrief(request);
      if (known >= 0) changed.splice(known, 1);
      if (asked === 0) continue;
      const seconds = Math.min(asked, this.#options.mostExpiresS);
      const q = Math.min(1, Math.max(0, Number(params.get("q") ?? "1") || 0));
      const path = headers.getAll("Path");
      const flow = path.length === 0 ? flowBack(request, uri, from) : undefined;
      const userAgent = headers.get("User-Agent")?.slice(0, 128);
      changed.push({
        contact: uri,
        q,
        expiresAt: now + seconds * 1000,
        path,
        flow,
        aor,
        source: from,
        userAgent,
        ...id,
      });
    }
    if (changed.length > this.#options.maxBindings) return respond(request, 403, { reason: "Too Many Bindings" });
    if (current.length === 0 && changed.length > 0 && this.#bindings.size >= this.#options.maxAddresses) {
      return respond(request, 503);
    }
    this.#store(address, changed);
    return this.#listed(request, changed, now);
  }

  /** Where an address can be reached now, best first; equal ones, latest first. */
  lookup(address: string, now: number): readonly Binding[] {
    const all = this.#bindings.get(address) ?? [];
    const living = all.filter(({ expiresAt }) => expiresAt > now);
    if (living.length < all.length) this.#store(address, living);
    return [...living].sort((a, b) => b.q - a.q || b.expiresAt - a.expiresAt);
  }

  /** Drops the bindings that were made over a connection that is gone. */
  connectionClosed(connection: number): void {
    for (const [address, all] of this.#bindings) {
      const rest = all.filter(({ flow }) => flow?.connection !== connection);
      if (rest.length < all.length) this.#store(address, rest);
    }
  }

  /** Drops all bindings of an address: its owner is not known any more. */
  forget(address: string): void {
    this.#bindings.delete(address);
  }

  /** Forgets what has expired; to be called now and then. */
  sweep(now: number): void {
    for (const address of [...this.#bindings.keys()]) this.lookup(address, now);
  }

  #store(address: string, bindings: Binding[]): void {
    if (bindings.length === 0) this.#bindings.delete(address);
    else this.#bindings.set(address, bindings);
  }

  #tooBrief(request: SipRequest): SipResponse {
    return respond(request, 423, { headers: new SipHeaders().put(minExpiresField, this.#options.leastExpiresS) });
  }

  #listed(request: SipRequest, bindings: readonly Binding[], now: number): SipResponse {
    const headers = new SipHeaders().copy("Path", request.headers);
    for (const { contact, expiresAt } of bindings) {
      const seconds = Math.max(1, Math.round((expiresAt - now) / 1000));
      headers.put(contactField, { uri: contact, params: new Map([["expires", String(seconds)]]) });
    }
    return respond(request, 200, { headers });
  }
}

/** A request of the same client that was overtaken by a later one. */
function isOlder(id: { readonly sipCallId: string; readonly seq: number }, binding: Binding): boolean {
  return id.sipCallId === binding.sipCallId && id.seq <= binding.seq;
}

function flowBack(request: SipRequest, contact: Uri, from: Hop): Hop | undefined {
  return isReliable(from.transport) || isReachedBySource(request, contact, from) ? from : undefined;
}

function readSeconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

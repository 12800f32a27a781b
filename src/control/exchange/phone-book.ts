import type { OrgId } from "../../kit/ids.ts";
import type { DigestSecret } from "../../sip/digest-server.ts";
import type { Hop } from "../../sip/hop.ts";
import type { SipRequest, SipResponse } from "../../sip/message.ts";
import { type Binding, defaultRegistrar, Registrar, type RegistrarOptions } from "../../sip/registrar.ts";
import type { Phone } from "./phone.ts";

/**
 * Bindings live in memory only: after a restart a phone is away until it registers again, so none is granted more than
 * five minutes.
 */
export const phoneRegistrar = {
  ...defaultRegistrar,
  mostExpiresS: 300,
  defaultExpiresS: 300,
} as const satisfies RegistrarOptions;

interface Entry {
  readonly phone: Phone;
  readonly password: string;
}

/** Every phone, found by what it is known by, and where each can be reached now. The store is its source. */
export class PhoneBook {
  readonly #entries = new Map<string, Entry>();
  readonly #byUsername = new Map<string, Entry>();
  readonly #byNumber = new Map<string, Entry>();
  readonly #registrar: Registrar;

  constructor(options: RegistrarOptions = phoneRegistrar) {
    this.#registrar = new Registrar(options);
  }

  /** Phones with at least one binding. */
  get registered(): number {
    return this.#registrar.size;
  }

  /** True when no phone may authenticate. */
  get isEmpty(): boolean {
    for (const { phone } of this.#entries.values()) if (phone.enabled) return false;
    return true;
  }

  /** Enters a phone, or what is new about it. Other credentials, or none any more, take its bindings away. */
  set(phone: Phone, password: string): void {
    const before = this.#entries.get(phone.id);
    if (before !== undefined) this.#unlist(before);
    const isSame = before?.phone.username === phone.username && before.password === password;
    if (!isSame || !phone.enabled) this.#registrar.forget(phone.id);
    const entry = { phone, password };
    this.#entries.set(phone.id, entry);
    this.#byUsername.set(phone.username, entry);
    if (phone.number !== null) this.#byNumber.set(numberKey(phone.number, phone.orgId), entry);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#unlist(entry);
    this.#registrar.forget(id);
  }

  findByUsername(username: string): Phone | undefined {
    return this.#byUsername.get(username)?.phone;
  }

  /** The phone with a number, or with an extension in the organisation. */
  findByNumber(number: string, orgId: OrgId): Phone | undefined {
    return this.#byNumber.get(numberKey(number, orgId))?.phone;
  }

  /** What a phone authenticates with; undefined for nobody and for a phone that is switched off. */
  secretOf(username: string): DigestSecret | undefined {
    const entry = this.#byUsername.get(username);
    return entry?.phone.enabled ? { type: "password", password: entry.password } : undefined;
  }

  /** Handles the REGISTER of a phone that has authenticated; `now` and all times are monotonic ms. */
  register(phone: Phone, request: SipRequest, from: Hop, now: number): SipResponse {
    return this.#registrar.register(phone.id, request, from, now);
  }

  /** Where a phone can be reached now, best first. */
  bindings(phoneId: string, now: number): readonly Binding[] {
    return this.#registrar.lookup(phoneId, now);
  }

  /** Every binding there is now. */
  allBindings(now: number): Binding[] {
    return [...this.#entries.keys()].flatMap((id) => this.#registrar.lookup(id, now));
  }

  /** Drops the bindings that were made over a connection that is gone. */
  connectionClosed(connection: number): void {
    this.#registrar.connectionClosed(connection);
  }

  /** Forgets what has expired. */
  sweep(now: number): void {
    this.#registrar.sweep(now);
  }

  #unlist(entry: Entry): void {
    const { id, orgId, username, number } = entry.phone;
    this.#entries.delete(id);
    this.#byUsername.delete(username);
    if (number !== null) this.#byNumber.delete(numberKey(number, orgId));
  }
}

/** A telephone number is everybody's, an extension an organisation's. */
function numberKey(number: string, orgId: OrgId): string {
  return number.startsWith("+") ? number : `${orgId} ${number}`;
}

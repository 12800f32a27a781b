import type { Hop } from "../../../sip/hop.ts";
import type { Registration, SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import type { RegistrationState } from "../../../sip/registration-client.ts";
import type { WantedRegistration } from "../trunk-plans.ts";

/** News of a trunk's registration; `undefined` state: it is gone and none follows. */
export type OnRegistration = (trunkId: string, state: RegistrationState | undefined, from?: Hop) => void;

interface Held {
  readonly key: string;
  registration: Registration | undefined;
  /** It takes its binding back; what is wanted after that stands in `next`. */
  leaving: boolean;
  next: WantedRegistration | undefined;
}

/** How long a stop waits for registrars to take the bindings back. */
const goodbyeMs = 2000;

/** Keeps one registration a trunk. A changed one follows when the old one is taken back, so that the two never cross. */
export class TrunkRegistrations {
  readonly #endpoint: Pick<SipEndpoint, "register">;
  readonly #onNews: OnRegistration;
  readonly #held = new Map<string, Held>();
  #whenEmpty: (() => void) | undefined;

  constructor(endpoint: Pick<SipEndpoint, "register">, onNews: OnRegistration) {
    this.#endpoint = endpoint;
    this.#onNews = onNews;
  }

  /** Makes these the registrations that are kept, by trunk. */
  replace(wanted: ReadonlyMap<string, WantedRegistration>): void {
    for (const trunkId of [...this.#held.keys()]) if (!wanted.has(trunkId)) this.#want(trunkId, undefined);
    for (const [trunkId, registration] of wanted) this.#want(trunkId, registration);
  }

  /** Takes all bindings back; resolves when that is done, or was waited for long enough. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, goodbyeMs);
      this.#whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
      this.replace(new Map());
      if (this.#held.size === 0) this.#whenEmpty();
    });
  }

  #want(trunkId: string, wanted: WantedRegistration | undefined): void {
    const held = this.#held.get(trunkId);
    if (held === undefined) {
      if (wanted !== undefined) this.#begin(trunkId, wanted);
    } else if (held.leaving) held.next = wanted;
    else if (held.key !== wanted?.key) {
      held.next = wanted;
      held.leaving = true;
      held.registration?.stop();
    }
  }

  #begin(trunkId: string, { key, options }: WantedRegistration): void {
    const held: Held = { key, registration: undefined, leaving: false, next: undefined };
    this.#held.set(trunkId, held);
    held.registration = this.#endpoint.register(options, (state, from) => this.#news(trunkId, held, state, from));
  }

  #news(trunkId: string, held: Held, state: RegistrationState, from: Hop | undefined): void {
    if (state.type !== "unregistered") {
      this.#onNews(trunkId, state, from);
      return;
    }
    this.#held.delete(trunkId);
    if (held.next !== undefined) this.#begin(trunkId, held.next);
    else this.#onNews(trunkId, undefined, from);
    if (this.#held.size === 0) this.#whenEmpty?.();
  }
}

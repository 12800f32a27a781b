import type { RandomBytes } from "../../../kit/ids.ts";
import { type AskDns, resolveUri } from "../../../sip/io/resolver.ts";
import { randomFraction } from "../../../sip/tokens.ts";
import type { Uri } from "../../../sip/uri.ts";

/** How often names are looked up again. */
const everyMs = 300_000;

/** Keeps what the DNS says of the far ends of trunks that register: their calls come from there. */
export class TrunkAddresses {
  readonly #ask: AskDns;
  readonly #random: RandomBytes;
  readonly #onResolved: (trunkId: string, addresses: readonly string[]) => void;
  #uris: ReadonlyMap<string, readonly Uri[]> = new Map();
  readonly #timer: NodeJS.Timeout;

  constructor(ask: AskDns, random: RandomBytes, onResolved: (trunkId: string, addresses: readonly string[]) => void) {
    this.#ask = ask;
    this.#random = random;
    this.#onResolved = onResolved;
    this.#timer = setInterval(() => void this.#lookUp(), everyMs).unref();
  }

  /** Makes these the far ends that are looked up, by trunk; resolves when they are. */
  replace(uris: ReadonlyMap<string, readonly Uri[]>): Promise<void> {
    this.#uris = uris;
    return this.#lookUp();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#uris = new Map();
  }

  async #lookUp(): Promise<void> {
    const wanted = this.#uris;
    const random = () => randomFraction(this.#random);
    const options = { transports: ["UDP", "TCP", "TLS"], random } as const;
    for (const [trunkId, uris] of wanted) {
      const hops = await Promise.all(uris.map((uri) => resolveUri(uri, this.#ask, options)));
      // Settings may have changed meanwhile; then another look-up has begun.
      if (this.#uris !== wanted) return;
      this.#onResolved(trunkId, [...new Set(hops.flat().map(({ address }) => address))]);
    }
  }
}

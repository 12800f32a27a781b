import { contactField } from "../headers/fields.ts";
import type { SipResponse } from "../message.ts";
import type { SipUri, Uri } from "../uri.ts";
import { sameUri } from "../uri-equality.ts";

/** Most addresses taken from 3xx responses of one call. */
const maxTargets = 10;

/** Where 3xx responses send a call: each address once, best first, up to a limit (RFC 3261 §8.1.3.4). */
export class Redirects {
  readonly #maxRedirects: number;
  readonly #mayGoTo: (uri: SipUri) => boolean;
  readonly #known: Uri[];
  #waiting: Uri[] = [];
  #redirects = 0;

  constructor(first: Uri, maxRedirects: number, mayGoTo: (uri: SipUri) => boolean = () => true) {
    this.#known = [first];
    this.#maxRedirects = maxRedirects;
    this.#mayGoTo = mayGoTo;
  }

  /** Takes the addresses of a 3xx. */
  add(response: SipResponse): void {
    if (this.#redirects >= this.#maxRedirects) return;
    this.#redirects++;
    const found = response.headers
      .all(contactField)
      .map(({ uri, params }) => ({ uri, q: Number(params.get("q") ?? "1") || 0 }))
      .sort((a, b) => b.q - a.q);
    for (const { uri } of found) {
      if (uri.type !== "sip" || this.#known.length > maxTargets) continue;
      const plain = withoutExtras(uri);
      if (!this.#mayGoTo(plain) || this.#known.some((one) => sameUri(one, plain))) continue;
      this.#known.push(plain);
      this.#waiting.push(plain);
    }
  }

  /** The next address to call; undefined when there is none left. */
  next(): Uri | undefined {
    return this.#waiting.shift();
  }
}

/** A redirecting server names who to call, not what to send: no headers, no other method (RFC 3261 §19.1.5). */
function withoutExtras(uri: SipUri): SipUri {
  const params = new Map(uri.params);
  params.delete("method");
  return { ...uri, params, rawHeaders: undefined };
}

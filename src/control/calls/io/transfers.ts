import type { IncomingCall } from "../../../sip/io/sip-endpoint.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { SipLeg } from "./sip-leg.ts";
import type { ReferRequest, TelephoneCall } from "./telephone-call.ts";

/** Far ends that change: transfers they ask for, and calls that take another's place. */
export class Transfers {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /** The far end of a call wants us to call somebody else. */
  referred(call: TelephoneCall, { refer }: ReferRequest): void {
    if (call.leg) this.#parts.sessions.command(call.leg.session, { type: "refuse-refer", refer, status: 603 });
  }

  /** A call came that is to take the place of another (RFC 3891). */
  replaced({ session }: IncomingCall, _leg: SipLeg): void {
    this.#parts.sessions.command(session, { type: "reject", status: 603 });
  }
}

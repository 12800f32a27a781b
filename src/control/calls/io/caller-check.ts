import { isPublicAddress } from "../../../kit/address-guard.ts";
import type { SipHeaders } from "../../../sip/headers/headers.ts";
import type { Hop } from "../../../sip/hop.ts";
import { fromOf, type SipRequest } from "../../../sip/message.ts";
import { userOf } from "../../../sip/uri.ts";
import type { Caller } from "../../exchange/invite-route.ts";
import type { PhoneDesk } from "../../exchange/io/phone-desk.ts";
import type { TrunkBook } from "../../exchange/trunk.ts";

/** What asking who calls came to. */
export type CallerCheck =
  | Caller
  /** Answer 401 with these headers. */
  | { readonly type: "challenge"; readonly headers: SipHeaders }
  | { readonly type: "refused" };

/** What is known of phones and trunks. */
export interface CallerDesks {
  readonly phones: Pick<PhoneDesk, "authenticate" | "findByUsername">;
  readonly trunks: TrunkBook;
}

/**
 * Who calls: a trunk by the Contact we registered or by its address, a phone or trunk by its credentials, else a guest
 * when the call comes from this machine or a private network. Everybody else is refused. `now`: monotonic ms.
 */
export function checkCaller({ phones, trunks }: CallerDesks, request: SipRequest, from: Hop, now: number): CallerCheck {
  const registered = trunks.matchContact(userOf(request.uri) ?? "");
  if (registered) return { type: "trunk", trunk: registered };
  const bySource = trunks.matchSource(from.address);
  if (bySource && bySource.inbound.username === null) return { type: "trunk", trunk: bySource };
  const user = userOf(fromOf(request).uri) ?? "";
  const claimsName = phones.findByUsername(user) !== undefined || trunks.matchUser(user) !== undefined;
  const isGuest = !isPublicAddress(from.address) && !bySource && !claimsName && !request.headers.has("Authorization");
  if (isGuest) return { type: "guest" };
  const who = phones.authenticate(request, from, now);
  switch (who.type) {
    case "phone":
    case "challenge":
      return who;
    case "trunk": {
      const trunk = trunks.matchUser(who.username)?.trunk;
      return trunk && trunks.mayComeFrom(trunk, from.address) ? { type: "trunk", trunk } : { type: "refused" };
    }
    case "refused":
    case "unknown":
      return { type: "refused" };
  }
}

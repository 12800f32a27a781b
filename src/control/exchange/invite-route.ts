import type { E164 } from "../../kit/ids.ts";
import type { SipRequest } from "../../sip/message.ts";
import { toOf } from "../../sip/message.ts";
import { userOf } from "../../sip/uri.ts";
import { calledNumber } from "./number-rewriting.ts";
import { dialledIn, type Phone } from "./phone.ts";
import type { Trunk } from "./trunk.ts";

/** Who calls us, as far as it could be proved. */
export type Caller =
  | { readonly type: "trunk"; readonly trunk: Trunk }
  | { readonly type: "phone"; readonly phone: Phone }
  /** Somebody on this machine or in a private network. */
  | { readonly type: "guest" };

/** Where a call that came in goes. */
export type InviteRoute =
  /** To the number's phone or agent; with `orTrunk` to the outside when it is neither. */
  | { readonly type: "number"; readonly number: string; readonly orTrunk: boolean }
  | { readonly type: "echo"; readonly number: E164 }
  | { readonly type: "refuse"; readonly status: 403 | 404 };

/** What guests may call. */
export interface OpenNumbers {
  /** Answered by their agents. */
  readonly agents: readonly E164[];
  /** Sends back what it hears; undefined: there is none. */
  readonly echo: E164 | undefined;
}

/** Where a call goes by who calls and what was dialled. Says no more than it must to a guest. */
export function routeInvite(caller: Caller, request: SipRequest, open: OpenNumbers): InviteRoute {
  if (caller.type === "trunk") {
    // A call to our registered Contact has the number in To alone.
    const users = [userOf(request.uri), userOf(toOf(request).uri)];
    const number = calledNumber(users, caller.trunk.rewriting.inbound);
    if (number === undefined) return { type: "refuse", status: 404 };
    return number === open.echo ? { type: "echo", number } : { type: "number", number, orTrunk: false };
  }
  const number = dialledIn(request.uri);
  if (number === undefined) return { type: "refuse", status: 404 };
  if (number === open.echo) return { type: "echo", number: open.echo };
  if (caller.type === "phone") return { type: "number", number, orTrunk: caller.phone.mayCall === "any" };
  const isOpen = open.agents.some((one) => one === number);
  return isOpen ? { type: "number", number, orTrunk: false } : { type: "refuse", status: 404 };
}

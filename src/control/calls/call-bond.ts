import { GatewayError } from "../../kit/errors.ts";

/** Who decides where a call's media are: while one does, nobody else may. */
export type CallBond = "transfer" | "bridge" | "conference";

const advice = {
  transfer: "The call is being transferred.",
  bridge: "The call talks with another one: its peer_call_id has which.",
  conference: "The call is in a conference: take it out first.",
} as const satisfies Record<CallBond, string>;

/** Takes a call that nobody has taken; conflict when somebody has. */
export function bind(call: { bond: CallBond | undefined }, bond: CallBond): void {
  refuseBound(call);
  call.bond = bond;
}

/** Conflict when somebody else has taken the call. */
export function refuseBound(call: { readonly bond: CallBond | undefined }, but?: CallBond): void {
  if (call.bond !== undefined && call.bond !== but) throw new GatewayError("conflict", advice[call.bond]);
}

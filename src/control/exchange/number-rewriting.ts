import { type E164, parseE164 } from "../../kit/ids.ts";
import type { RewriteRule } from "./trunk.ts";

/** Replaces the beginning of a number by the first rule that fits; a number that none fits stays as it is. */
export function rewriteNumber(number: string, rules: readonly RewriteRule[]): string {
  const rule = rules.find(({ match }) => number.startsWith(match));
  return rule === undefined ? number : rule.replace + number.slice(rule.match.length);
}

/**
 * What a trunk wrote (user part of a URI) as E.164, after its inbound rules; undefined when it is no such number. A
 * missing `+` is put before digits that do not begin with 0, as carriers that send E.164 often leave it out.
 */
export function inboundNumber(user: string | undefined, rules: readonly RewriteRule[]): E164 | undefined {
  // Behind a ";" stand parameters of the number (RFC 3261 §19.1.6).
  const written = user?.split(";", 1)[0]?.replace(/[-.() ]/g, "");
  if (written === undefined || !/^\+?[0-9*#]{1,32}$/.test(written)) return undefined;
  const number = rewriteNumber(written, rules);
  return parseE164(number.startsWith("+") ? number : `+${number}`);
}

/**
 * The number that was called: the first of the candidates that is one. Give the user of the Request-URI, then that of To:
 * the Request-URI of a call to a registered Contact has the Contact's user instead of the number.
 */
export function calledNumber(users: readonly (string | undefined)[], rules: readonly RewriteRule[]): E164 | undefined {
  for (const user of users) {
    const number = inboundNumber(user, rules);
    if (number !== undefined) return number;
  }
  return undefined;
}

/** A number of ours, or one we call, as the trunk wants it written: after its outbound rules. */
export function outboundNumber(number: E164, rules: readonly RewriteRule[]): string {
  return rewriteNumber(number, rules);
}

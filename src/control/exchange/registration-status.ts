import type { RegistrationState } from "../../sip/registration-client.ts";
import type { TransactionFault } from "../../sip/transaction/types.ts";
import type { TrunkRegistration } from "./trunk.ts";

/** How a registration stands after news of it, for people; `before` undefined: it has just begun. */
export function registrationStatus(
  before: TrunkRegistration | undefined,
  news: RegistrationState,
  wallMs: number,
): TrunkRegistration {
  const since = before?.state === news.type ? before.since : wallMs;
  const common = { state: news.type, since };
  switch (news.type) {
    case "registering":
      return { ...common, expiresAt: null, lastError: before?.lastError ?? null };
    case "registered":
      return { ...common, expiresAt: wallMs + news.expiresS * 1000, lastError: null };
    case "failed":
      // The binding of before may live on until its own end.
      return { ...common, expiresAt: before?.expiresAt ?? null, lastError: reasonOf(news) };
    case "unregistered":
      return { ...common, expiresAt: null, lastError: before?.lastError ?? null };
  }
}

function reasonOf({ status, fault, retryInMs }: Extract<RegistrationState, { type: "failed" }>): string {
  const retry = `; the next try is in ${Math.ceil(retryInMs / 1000)} s`;
  if (status === undefined) return `${faultText(fault ?? "transport")}${retry}`;
  if (status === 401 || status === 407) return `the registrar refused the user name or password (${status})${retry}`;
  return `the registrar answered ${status}${retry}`;
}

/** Why a request came to nothing, for people. */
export function faultText(fault: TransactionFault): string {
  switch (fault) {
    case "timeout":
      return "no answer";
    case "transport":
      return "it cannot be reached: its name leads nowhere, or nothing listens there";
    case "overload":
      return "too many requests are under way here";
  }
}

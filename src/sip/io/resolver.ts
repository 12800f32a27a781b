import { lookup, Resolver } from "node:dns/promises";
import type { Hop } from "../hop.ts";
import { type DnsAnswer, type DnsQuery, type LocateOptions, locate } from "../routing.ts";
import type { Uri } from "../uri.ts";

/** Asks the DNS; a name that is not there, and a DNS that does not answer, give an empty answer. */
export type AskDns = (query: DnsQuery) => Promise<DnsAnswer>;

/** A DNS that is asked by the system's settings, with a bound on the time. */
export function systemDns(timeoutMs = 3000): AskDns {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  return async (query) => {
    switch (query.type) {
      case "naptr":
        return { type: "naptr", records: await orEmpty(resolver.resolveNaptr(query.name)) };
      case "srv":
        return { type: "srv", records: await orEmpty(resolver.resolveSrv(query.name)) };
      case "address": {
        // By the system, so that its hosts file counts.
        const found = await orEmpty(lookup(query.name, { all: true }));
        return { type: "address", addresses: found.map(({ address }) => address) };
      }
    }
  };
}

/** Where a URI leads, best first (RFC 3263). */
export async function resolveUri(uri: Uri, ask: AskDns, options: LocateOptions): Promise<readonly Hop[]> {
  const steps = locate(uri, options);
  let step = steps.next();
  while (!step.done) step = steps.next(await ask(step.value));
  return step.value;
}

async function orEmpty<T>(found: Promise<T[]>): Promise<T[]> {
  try {
    return await found;
  } catch {
    return [];
  }
}

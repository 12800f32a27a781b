import { lookup, Resolver } from "node:dns/promises";
import type { Clock } from "../../kit/clock.ts";
import { systemClock } from "../../kit/io/system-clock.ts";
import type { Hop } from "../hop.ts";
import { type LocateOptions, locate } from "../routing.ts";
import type { Uri } from "../uri.ts";
import { type AskDns, cachedDns, type QueryDns } from "./dns-cache.ts";

export type { AskDns } from "./dns-cache.ts";

/** The system's DNS with a memory of its own. */
export function systemDns(clock: Clock = systemClock): AskDns {
  return cachedDns(querySystemDns(), clock);
}

/** A DNS that is asked by the system's settings, with a bound on the time. */
export function querySystemDns(timeoutMs = 3000): QueryDns {
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

/** Answers of the DNS by which there is nothing to find; everything else is its silence. */
const nothingThere: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME", "EBADQUERY"]);

async function orEmpty<T>(found: Promise<T[]>): Promise<T[]> {
  try {
    return await found;
  } catch (error) {
    if (nothingThere.has((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  }
}

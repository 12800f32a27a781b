import type { Clock } from "../../kit/clock.ts";
import type { DnsAnswer, DnsQuery } from "../routing.ts";

/** Asks the DNS; a name that is not there, and a DNS that does not answer, give an empty answer. Never rejects. */
export type AskDns = (query: DnsQuery) => Promise<DnsAnswer>;

/** Asks the DNS; rejects when it does not answer, gives an empty answer when it says that there is nothing. */
export type QueryDns = (query: DnsQuery) => Promise<DnsAnswer>;

export interface DnsCacheOptions {
  /** How long an answer is used. Node tells no TTL for these records, so it is short. */
  readonly freshMs: number;
  /** How long "there is nothing" is used. */
  readonly emptyMs: number;
  /** How long an old answer serves while the DNS does not answer. */
  readonly staleMs: number;
  /** How long a DNS that did not answer is not asked again for the same. */
  readonly failedMs: number;
  /** Most questions remembered; the longest unasked goes first. */
  readonly maxEntries: number;
}

export const defaultDnsCache = {
  freshMs: 30_000,
  emptyMs: 10_000,
  staleMs: 3_600_000,
  failedMs: 3000,
  maxEntries: 1000,
} as const satisfies DnsCacheOptions;

interface Entry {
  answer: DnsAnswer;
  /** Monotonic ms; when the DNS is asked again. */
  askAgainAt: number;
  /** Monotonic ms; when the answer is of no use any more. */
  deadAt: number;
  /** The DNS did not answer when it was asked last. */
  isSilent: boolean;
  /** The question that is under way. */
  asking: Promise<DnsAnswer> | undefined;
}

/** A DNS that remembers its answers for a while, asks once for many, and outlives a DNS that falls silent. */
export function cachedDns(query: QueryDns, clock: Clock, options: DnsCacheOptions = defaultDnsCache): AskDns {
  /** In order of last use. */
  const entries = new Map<string, Entry>();

  const ask = async (question: DnsQuery, entry: Entry): Promise<DnsAnswer> => {
    try {
      const answer = await query(question);
      const now = clock.now();
      const isEmpty = sizeOf(answer) === 0;
      entry.answer = answer;
      entry.isSilent = false;
      entry.askAgainAt = now + (isEmpty ? options.emptyMs : options.freshMs);
      entry.deadAt = now + (isEmpty ? options.emptyMs : options.staleMs);
    } catch {
      const now = clock.now();
      if (entry.deadAt <= now) entry.answer = emptyAnswer(question.type);
      entry.isSilent = true;
      entry.askAgainAt = now + options.failedMs;
    } finally {
      entry.asking = undefined;
    }
    return entry.answer;
  };

  return (question) => {
    // Names are compared without case (RFC 4343).
    const key = `${question.type} ${question.name.toLowerCase()}`;
    const never = Number.NEGATIVE_INFINITY;
    const entry = entries.get(key) ?? {
      answer: emptyAnswer(question.type),
      askAgainAt: never,
      deadAt: never,
      isSilent: false,
      asking: undefined,
    };
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > options.maxEntries) entries.delete(entries.keys().next().value!);
    const now = clock.now();
    const isFresh = entry.asking === undefined && entry.askAgainAt > now;
    if (!isFresh) entry.asking ??= ask(question, entry);
    // While the DNS is silent nobody waits for it who can be helped with what was known before.
    const serves = isFresh || (entry.isSilent && entry.deadAt > now);
    return serves || entry.asking === undefined ? Promise.resolve(entry.answer) : entry.asking;
  };
}

function sizeOf(answer: DnsAnswer): number {
  return answer.type === "address" ? answer.addresses.length : answer.records.length;
}

/** What stands for "nothing is known". */
export function emptyAnswer(type: DnsQuery["type"]): DnsAnswer {
  return type === "address" ? { type, addresses: [] } : { type, records: [] };
}

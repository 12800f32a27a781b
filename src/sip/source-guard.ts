export interface SourceGuardOptions {
  /** Messages a second one address may send for long. */
  readonly messagesPerS: number;
  /** Messages it may send at once. */
  readonly burst: number;
  /** Offences (failed authentication, unknown numbers, floods) that ban an address. */
  readonly strikesToBan: number;
  /** An offence is forgotten after this time without another. */
  readonly strikeMemoryMs: number;
  readonly banMs: number;
  /** Most addresses remembered; the longest unseen goes first. */
  readonly maxSources: number;
}

export const defaultSourceGuard = {
  messagesPerS: 50,
  burst: 200,
  strikesToBan: 10,
  strikeMemoryMs: 600_000,
  banMs: 3_600_000,
  maxSources: 50_000,
} as const satisfies SourceGuardOptions;

interface Source {
  tokens: number;
  filledAt: number;
  strikes: number;
  strikeAt: number;
  bannedUntil: number;
}

/** What becomes of a message: taken, dropped for now, or dropped for long. */
export type SourceVerdict = "ok" | "limited" | "banned";

/** Keeps floods and scanners out: a bucket of messages and a ban that expires, by address. */
export class SourceGuard {
  readonly #options: SourceGuardOptions;
  readonly #isTrusted: (address: string) => boolean;
  /** In order of last use. */
  readonly #sources = new Map<string, Source>();
  #limited = 0;
  #banned = 0;

  /** `isTrusted`: addresses never limited (trunks, our own network). */
  constructor(options: SourceGuardOptions, isTrusted: (address: string) => boolean = () => false) {
    this.#options = options;
    this.#isTrusted = isTrusted;
  }

  /** Messages turned away since the start. */
  get counts() {
    return { limited: this.#limited, banned: this.#banned, sources: this.#sources.size };
  }

  /** Counts one message of an address and judges it. */
  admit(address: string, now: number): SourceVerdict {
    if (this.#isTrusted(address)) return "ok";
    const source = this.#touch(address, now);
    if (source.bannedUntil > now) {
      this.#banned++;
      return "banned";
    }
    const { burst, messagesPerS } = this.#options;
    source.tokens = Math.min(burst, source.tokens + ((now - source.filledAt) / 1000) * messagesPerS);
    source.filledAt = now;
    if (source.tokens < 1) {
      this.#limited++;
      return "limited";
    }
    source.tokens--;
    return "ok";
  }

  /** Notes an offence; true when it was one too many and the address is banned from now on. */
  strike(address: string, now: number): boolean {
    if (this.#isTrusted(address)) return false;
    const { strikesToBan, strikeMemoryMs, banMs } = this.#options;
    const source = this.#touch(address, now);
    if (now - source.strikeAt > strikeMemoryMs) source.strikes = 0;
    source.strikes++;
    source.strikeAt = now;
    if (source.strikes < strikesToBan || source.bannedUntil > now) return false;
    source.bannedUntil = now + banMs;
    source.strikes = 0;
    return true;
  }

  /** Forgives an address: it has authenticated, or an operator said so. */
  forgive(address: string): void {
    const source = this.#sources.get(address);
    if (source === undefined) return;
    source.strikes = 0;
    source.bannedUntil = Number.NEGATIVE_INFINITY;
  }

  /** Every banned address and until when (monotonic ms). */
  bans(now: number): { readonly address: string; readonly until: number }[] {
    const bans = [];
    for (const [address, { bannedUntil }] of this.#sources) {
      if (bannedUntil > now) bans.push({ address, until: bannedUntil });
    }
    return bans;
  }

  #touch(address: string, now: number): Source {
    let source = this.#sources.get(address);
    if (source === undefined) {
      if (this.#sources.size >= this.#options.maxSources) this.#sources.delete(this.#sources.keys().next().value!);
      const never = Number.NEGATIVE_INFINITY;
      source = { tokens: this.#options.burst, filledAt: now, strikes: 0, strikeAt: never, bannedUntil: never };
    } else this.#sources.delete(address);
    this.#sources.set(address, source);
    return source;
  }
}

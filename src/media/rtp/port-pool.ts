/** Which ports a process may use for media. */
export interface PortPoolOptions {
  /** Both included; a pair begins at an even port (RFC 3550 §11). */
  readonly firstPort: number;
  readonly lastPort: number;
  /** How long a used pair rests, so that late packets of the last call meet nobody. */
  readonly restMs: number;
}

/** Longer than a carrier's RTP goes on after a BYE. */
export const defaultPortPoolOptions = {
  firstPort: 20_000,
  lastPort: 29_999,
  restMs: 10_000,
} as const satisfies PortPoolOptions;

/** Port pairs, handed out in random order; the one that rested longest comes next. Times in monotonic ms. */
export class PortPool {
  readonly #restMs: number;
  /** Ports that may be taken, and when they were given back; oldest first. */
  readonly #free: { readonly port: number; readonly since: number }[];
  readonly #used = new Set<number>();

  /** `random`: 0 … below 1; a predictable port invites strangers' packets. */
  constructor(options: PortPoolOptions, random: () => number) {
    this.#restMs = options.restMs;
    const ports: number[] = [];
    for (let port = options.firstPort + (options.firstPort & 1); port + 1 <= options.lastPort; port += 2) {
      ports.push(port);
    }
    for (let i = ports.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      const port = ports[i]!;
      ports[i] = ports[j]!;
      ports[j] = port;
    }
    this.#free = ports.map((port) => ({ port, since: Number.NEGATIVE_INFINITY }));
  }

  /** An even port whose pair is free, or undefined when all are used or resting. */
  take(now: number): number | undefined {
    const oldest = this.#free[0];
    if (oldest === undefined || now - oldest.since < this.#restMs) return undefined;
    this.#free.shift();
    this.#used.add(oldest.port);
    return oldest.port;
  }

  /** Gives a pair back; twice is fine. */
  release(port: number, now: number): void {
    if (this.#used.delete(port)) this.#free.push({ port, since: now });
  }

  /** Pairs in use. */
  get used(): number {
    return this.#used.size;
  }
}

import { GatewayError } from "../../../../kit/errors.ts";
import type { OrgId } from "../../../../kit/ids.ts";

export interface OtpWaitersOptions {
  /** Requests of one organisation that wait at a time. */
  readonly maxPerOrg: number;
  /** Requests that wait at a time in all. */
  readonly max: number;
}

export const defaultOtpWaiters = { maxPerOrg: 500, max: 10_000 } as const satisfies OtpWaitersOptions;

/** What is waited for: codes that come to a number. */
export interface OtpPlace {
  readonly orgId: OrgId;
  /** E.164. */
  readonly number: string;
}

/** A request that waits; it must be closed. */
export interface OtpWaiter<T> {
  /** What came, at once or as soon as it comes; undefined: nothing in time, the signal aborted, or the gateway stops. */
  next(timeoutMs: number, signal: AbortSignal): Promise<T | undefined>;
  close(): void;
}

interface Entry<T> {
  arrived: T | undefined;
  wake: () => void;
}

/** Requests that wait for codes, told of each as it is committed; what comes before somebody asks again is not lost. */
export class OtpWaiters<T> {
  readonly #options: OtpWaitersOptions;
  readonly #byPlace = new Map<string, Set<Entry<T>>>();
  readonly #perOrg = new Map<OrgId, number>();
  #count = 0;
  #closed = false;

  constructor(options: OtpWaitersOptions = defaultOtpWaiters) {
    this.#options = options;
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#count;
  }

  /** True when the gateway stops: nobody waits any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Begins to listen; refuses with rate-limited when too many wait already. */
  open({ orgId, number }: OtpPlace): OtpWaiter<T> {
    const ofOrg = this.#perOrg.get(orgId) ?? 0;
    if (ofOrg >= this.#options.maxPerOrg || this.#count >= this.#options.max) {
      throw new GatewayError("rate-limited", "too many requests wait for codes; end some of them first");
    }
    const entry: Entry<T> = { arrived: undefined, wake: () => undefined };
    const place = placeOf({ orgId, number });
    const entries = this.#byPlace.get(place) ?? new Set();
    this.#byPlace.set(place, entries.add(entry));
    this.#perOrg.set(orgId, ofOrg + 1);
    this.#count += 1;
    return {
      next: (timeoutMs, signal) => this.#next(entry, timeoutMs, signal),
      close: () => {
        if (!entries.delete(entry)) return;
        if (entries.size === 0) this.#byPlace.delete(place);
        const left = (this.#perOrg.get(orgId) ?? 1) - 1;
        if (left === 0) this.#perOrg.delete(orgId);
        else this.#perOrg.set(orgId, left);
        this.#count -= 1;
      },
    };
  }

  /** Gives what came to all who wait there. */
  publish(place: OtpPlace, arrived: T): void {
    for (const entry of this.#byPlace.get(placeOf(place)) ?? []) {
      entry.arrived = arrived;
      entry.wake();
    }
  }

  /** Lets everybody go. Twice is fine. */
  close(): void {
    this.#closed = true;
    for (const entries of this.#byPlace.values()) for (const entry of entries) entry.wake();
  }

  async #next(entry: Entry<T>, timeoutMs: number, signal: AbortSignal): Promise<T | undefined> {
    if (entry.arrived === undefined && !signal.aborted && !this.#closed) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, timeoutMs);
        entry.wake = wake;
        signal.addEventListener("abort", wake);
      });
      entry.wake = () => undefined;
    }
    const { arrived } = entry;
    entry.arrived = undefined;
    return arrived;
  }
}

function placeOf({ orgId, number }: OtpPlace): string {
  return `${orgId} ${number}`;
}

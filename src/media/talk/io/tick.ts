import type { Clock } from "../../../kit/clock.ts";
import { nextSlot, slotBeginsAt } from "../slots.ts";

/** Later than this, the sockets are read before the slot runs. */
const readFirstMs = 5;

export interface TickOptions {
  readonly clock: Clock;
  /** Runs every 20 ms; after a stall some slots are left out. Must not throw. */
  readonly slot: (now: number) => void;
  /** How late each slot ran, in ms. */
  readonly late?: (lateMs: number) => void;
}

/**
 * Starts the one 20 ms tick of a media process, on the grid of its start: it does not drift, and after a stall at most two
 * slots come close together. What came in during a stall is read before the slot that ends it.
 */
export function startTick(options: TickOptions): { close(): void } {
  const { clock, slot, late } = options;
  const startAt = clock.now();
  let current = 1;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;
  const wait = (now: number): void => {
    // Timers count whole ms: rounded up we are late by less than one, and never early by a whole round.
    timer = setTimeout(wake, Math.max(1, Math.ceil(slotBeginsAt(startAt, current) - now)));
  };
  const wake = (): void => {
    const now = clock.now();
    const lateMs = now - slotBeginsAt(startAt, current);
    // Node counts from the time its loop last looked at the clock, so a timer may come early.
    if (lateMs < 0) {
      wait(now);
      return;
    }
    // Node's loop runs timers, then reads sockets, then runs immediates.
    if (lateMs > readFirstMs) immediate = setImmediate(run);
    else run();
  };
  const run = (): void => {
    const now = clock.now();
    late?.(now - slotBeginsAt(startAt, current));
    slot(now);
    if (closed) return;
    const after = clock.now();
    current = nextSlot(startAt, current, after);
    wait(after);
  };
  wait(startAt);
  return {
    close: () => {
      closed = true;
      clearTimeout(timer);
      clearImmediate(immediate);
    },
  };
}

/** Length of a slot of the media process's tick. */
export const slotMs = 20;

/** When a slot begins, in monotonic ms. Never summed up, so it does not drift. */
export function slotBeginsAt(startAt: number, slot: number): number {
  return startAt + slot * slotMs;
}

/**
 * The slot to run after `last`, which ran at `ranAt` and was done at `now`: the next one, unless it has begun already or
 * begins less than half a slot after `ranAt`. So slots missed in a stall are left out, and two never run in a bunch.
 */
export function nextSlot(startAt: number, last: number, ranAt: number, now: number): number {
  const spaced = Math.ceil((ranAt - startAt) / slotMs + 0.5);
  const ahead = Math.ceil((now - startAt) / slotMs);
  return Math.max(last + 1, spaced, ahead);
}

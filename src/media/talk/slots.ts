/** Length of a slot of the media process's tick. */
export const slotMs = 20;

/** When a slot begins, in monotonic ms. Never summed up, so it does not drift. */
export function slotBeginsAt(startAt: number, slot: number): number {
  return startAt + slot * slotMs;
}

/**
 * The slot to run after `last`, which was done at `now`: the next one, however late, unless whole slots have passed
 * meanwhile; those are left out, and the one that `now` is in comes next. A lost slot costs every call 20 ms of delay.
 */
export function nextSlot(startAt: number, last: number, now: number): number {
  return Math.max(last + 1, Math.floor((now - startAt) / slotMs));
}

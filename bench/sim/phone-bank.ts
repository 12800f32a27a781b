import { performance } from "node:perf_hooks";

/** Length of a slot: one frame each way. */
export const slotMs = 20;

/** Slots made up at once after a stall of the process; the rest is skipped and counted. */
const maxCatchUpSlots = 100;

/** Later than this, what came in meanwhile is read before the slots run: a real phone would have played it. */
const readFirstMs = 5;

/** Something that wants each slot: `index` counts from its own start. */
export interface SlotUser {
  slot(index: number): void;
}

/**
 * The clock of many phones: one timer, one deadline, no drift. Each phone keeps its own slots, spread over the 20 ms by
 * when it was added, as calls are; a slot that comes late is made up, since a line does not wait.
 */
export class PhoneBank {
  readonly #users = new Map<SlotUser, { readonly startAt: number; next: number }>();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #dueAt = 0;
  #maxLateMs = 0;
  #skippedSlots = 0;

  /** The latest any slot ran, in ms: how far the measurements can be trusted. */
  get maxLateMs(): number {
    return this.#maxLateMs;
  }

  /** Slots that never ran. */
  get skippedSlots(): number {
    return this.#skippedSlots;
  }

  /** Begins to give slots; the first at once after this call. */
  add(user: SlotUser): void {
    this.#users.set(user, { startAt: performance.now(), next: 0 });
    this.#schedule(performance.now());
  }

  remove(user: SlotUser): void {
    this.#users.delete(user);
    if (this.#users.size > 0) return;
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
  }

  #schedule(dueAt: number): void {
    if (this.#timer !== undefined) return;
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, dueAt - performance.now()));
  }

  /** After a stall of this process the sockets have their turn first: Node runs timers, then reads, then immediates. */
  #wake(): void {
    if (performance.now() - this.#dueAt <= readFirstMs) this.#run();
    else this.#immediate = setImmediate(() => this.#run());
  }

  #run(): void {
    this.#timer = undefined;
    const now = performance.now();
    let nextAt = Number.POSITIVE_INFINITY;
    for (const [user, state] of this.#users) {
      let dueAt = state.startAt + state.next * slotMs;
      this.#maxLateMs = Math.max(this.#maxLateMs, now - dueAt);
      const late = Math.floor((now - dueAt) / slotMs);
      if (late > maxCatchUpSlots) {
        this.#skippedSlots += late - maxCatchUpSlots;
        state.next += late - maxCatchUpSlots;
        dueAt = state.startAt + state.next * slotMs;
      }
      while (dueAt <= now && this.#users.has(user)) {
        user.slot(state.next);
        state.next += 1;
        dueAt += slotMs;
      }
      nextAt = Math.min(nextAt, dueAt);
    }
    // A timer fires up to 1 ms late; phones due within it go together.
    if (this.#users.size > 0) this.#schedule(nextAt);
  }
}

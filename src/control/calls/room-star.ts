import type { CallId } from "../../kit/ids.ts";

/**
 * Where the calls of one room are: a star of media processes around the one of the first call, each other one linked with
 * that. So there is one way from any process to any other, and no circle. Pure.
 */
export class RoomStar {
  /** The process of each call, in the order they came. */
  readonly #calls = new Map<CallId, number>();
  #home: number | undefined;

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** The process in the middle; undefined: nobody is there. It stays while it has calls. */
  get home(): number | undefined {
    return this.#home;
  }

  /** The processes that are to be linked with the home. */
  get others(): ReadonlySet<number> {
    const others = new Set(this.#calls.values());
    if (this.#home !== undefined) others.delete(this.#home);
    return others;
  }

  enter(callId: CallId, processId: number): void {
    this.#calls.set(callId, processId);
    this.#settle();
  }

  leave(callId: CallId): void {
    this.#calls.delete(callId);
    this.#settle();
  }

  #settle(): void {
    const processes = [...this.#calls.values()];
    if (this.#home === undefined || !processes.includes(this.#home)) this.#home = processes[0];
  }
}

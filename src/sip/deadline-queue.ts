interface Entry {
  readonly at: number;
  readonly key: string;
}

/**
 * Which of many machines wants to be called next: a binary heap over (moment, key). A machine that changed its mind
 * simply enters again; entries it no longer stands by are skipped when they come up.
 */
export class DeadlineQueue {
  readonly #heap: Entry[] = [];
  /** The deadline each key stands by. */
  readonly #current = new Map<string, number>();

  /** Monotonic ms of the earliest deadline, or undefined. */
  get next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** Sets the deadline of a key; undefined: none any more. */
  set(key: string, at: number | undefined): void {
    if (at === undefined) this.#current.delete(key);
    else if (this.#current.get(key) !== at) {
      this.#current.set(key, at);
      this.#push({ at, key });
    }
  }

  /** Takes the next key whose deadline is `now` or before; its deadline is gone until it is set again. */
  takeDue(now: number): string | undefined {
    this.#dropStale();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#current.delete(first.key);
    return first.key;
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#current.get(first.key) === first.at) return;
      this.#pop();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

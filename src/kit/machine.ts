/**
 * A core that decides: an input and the time go in, orders come out. It owns no timer; `deadline` says when it wants
 * to be called with `{ type: "timeout" }` if nothing else comes before.
 */
export interface Machine<Input extends { type: string }, Order extends { type: string }> {
  /** Handles one input at `now` (monotonic ms). The caller performs all orders before the next input. */
  handle(input: Input | { type: "timeout" }, now: number): readonly Order[];
  /** Monotonic ms of the next wanted timeout, or undefined when none is wanted. */
  readonly deadline: number | undefined;
}

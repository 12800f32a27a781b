import type { Machine } from "../../src/kit/machine.ts";

/** Lets a machine's own time pass from its next deadline until `untilMs`; gives every order with when it came. */
export function passTime<I extends { type: string }, O extends { type: string }>(
  machine: Machine<I, O>,
  untilMs: number,
): { at: number; order: O }[] {
  const seen: { at: number; order: O }[] = [];
  for (let steps = 0; machine.deadline !== undefined && machine.deadline <= untilMs; steps++) {
    if (steps > 100_000) throw new Error("the machine's deadline stands still");
    const at = machine.deadline;
    for (const order of machine.handle({ type: "timeout" }, at)) seen.push({ at, order });
  }
  return seen;
}

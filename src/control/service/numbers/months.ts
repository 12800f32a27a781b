/** Months of a number: they begin on the day of the month it was bought, UTC. */

/** The same day and time `months` after (wall ms); the last day of a month that is too short for it. */
export function addMonths(wallMs: number, months: number): number {
  const from = new Date(wallMs);
  const to = new Date(wallMs);
  to.setUTCDate(1);
  to.setUTCMonth(from.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + 1, 0)).getUTCDate();
  to.setUTCDate(Math.min(from.getUTCDate(), daysInMonth));
  return to.getTime();
}

/** The beginning of the month after the one that began at `begunAt`, counted from the day of the purchase: 31st, 28th, 31st. */
export function monthAfter(boughtAt: number, begunAt: number): number {
  const [bought, begun] = [new Date(boughtAt), new Date(begunAt)];
  const months = (begun.getUTCFullYear() - bought.getUTCFullYear()) * 12 + begun.getUTCMonth() - bought.getUTCMonth();
  return addMonths(boughtAt, months + 1);
}

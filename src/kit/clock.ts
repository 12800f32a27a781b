/** The two clocks. `now` never goes back and is for intervals; `wall` is the date and is only for what people read. */
export interface Clock {
  /** Monotonic milliseconds, fractional, from an arbitrary start. */
  now(): number;
  /** Milliseconds since 1970 (UTC). */
  wall(): number;
}

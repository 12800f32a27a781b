import type { Clock } from "../../../kit/clock.ts";
import type { CallControl } from "../../calls/call-control.ts";
import type { House, RateLimits } from "../../http/auth.ts";
import type { EventStreams } from "../../http/event-stream.ts";
import type { Services } from "../../service/services.ts";

/** What the native API stands on. */
export interface NativeDeps {
  readonly services: Services;
  readonly house: House;
  /** Addresses that SIP takes nothing from for a while. */
  readonly sources: Pick<CallControl, "sources">;
  readonly streams: EventStreams;
  readonly clock: Clock;
  readonly rateLimits: RateLimits;
}

import type { Clock } from "../../kit/clock.ts";
import type { RandomBytes } from "../../kit/ids.ts";
import type { ProviderName } from "../../media/protocol.ts";
import type { OpenDatabase } from "../store/database.ts";
import type { Secrets } from "../store/secrets.ts";

/** What every service stands on. */
export interface ServiceDeps {
  readonly database: OpenDatabase;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Provider of agents that name none. */
  readonly defaultProvider: ProviderName;
}

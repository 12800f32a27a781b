import type { Config } from "../config.ts";
import { openServices, type Services } from "../control/service/services.ts";
import { systemRandom } from "../kit/io/random.ts";
import { systemClock } from "../kit/io/system-clock.ts";

/** Does something with the services of the data folder, beside a gateway that may be running on it. */
export async function withServices(config: Config, work: (services: Services) => Promise<void>): Promise<void> {
  const services = await openServices(config, systemClock, systemRandom);
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

import type { Config } from "../config.ts";
import type { Services } from "../control/service/services.ts";
import { systemRandom } from "../kit/io/random.ts";
import { systemClock } from "../kit/io/system-clock.ts";

/** Does something with the services of the data folder, beside a gateway that may be running on it; they are loaded only now. */
export async function withServices(config: Config, work: (services: Services) => Promise<void>): Promise<void> {
  const { openServices } = await import("../control/service/services.ts");
  const services = await openServices(config, systemClock, systemRandom);
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

import { readFileSync } from "node:fs";

/** The JSON of the setting TANDEM_PRICES, which is that itself or the path of a file with it; "" stays "". */
export function readPriceSetting(setting: string): string {
  if (setting === "" || setting.startsWith("{")) return setting;
  try {
    return readFileSync(setting, "utf8");
  } catch (error) {
    throw new Error(`TANDEM_PRICES: ${setting} cannot be read`, { cause: error });
  }
}

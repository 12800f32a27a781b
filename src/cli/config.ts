import { type Env, readConfig, settings } from "../config.ts";

/** Prints the settings table: variable, value (secrets as set or not), where it comes from, what it is. */
export function printConfig(env: Env): void {
  readConfig(env);
  for (const setting of Object.values(settings)) {
    const given = env[setting.env]?.trim();
    const secret = "secret" in setting;
    const value = secret ? (given ? "(set)" : "(not set)") : given || setting.fallback || "(empty)";
    console.log(`${setting.env}=${value}${given ? "" : "  [default]"}\n    ${setting.about}`);
  }
}

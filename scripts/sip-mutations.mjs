// Runs the mutation test of the SIP parser at length: node scripts/sip-mutations.mjs [count] [seed]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [count = "1000000", seed = String(Date.now() % 0x1_0000_0000)] = process.argv.slice(2);
console.log(`${count} mutations, seed ${seed}`);
const { status } = spawnSync("npx", ["vitest", "run", "test/sip/mutations.test.ts"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  env: { ...process.env, SIP_MUTATIONS: count, SIP_MUTATIONS_SEED: seed },
  stdio: "inherit",
});
process.exit(status ?? 1);

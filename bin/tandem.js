#!/usr/bin/env node
import { existsSync } from "node:fs";

const entry = new URL("../dist/src/cli.js", import.meta.url);
if (!existsSync(entry)) {
  console.error("tandem is not built yet: run `npm run build` (or `npm ci`, which builds it).");
  process.exit(1);
}
await import(entry.href);

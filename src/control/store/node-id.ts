import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeId, type RandomBytes } from "../../kit/ids.ts";

/** The name of the gateway of a data folder, made at its first start and kept in it: the next life is the same node. */
export function readNodeId(dataDir: string, random: RandomBytes): string {
  const path = join(dataDir, "node.id");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, `${makeId("node", random)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const id = readFileSync(path, "utf8").trim();
  if (!/^node_[0-9a-z]{26}$/.test(id)) throw new Error(`${path} is damaged: delete it`);
  return id;
}

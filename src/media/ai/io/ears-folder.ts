import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "tandem-ears-";

/** A folder only we may read, for what is being recognised; gone with the process. */
export interface EarsFolder {
  readonly path: string;
  /** Removes it and all that is in it. Twice is fine. */
  remove(): void;
}

/** Makes the folder, and removes those of processes that were killed before they could. */
export async function openEarsFolder(parent: string = tmpdir()): Promise<EarsFolder> {
  await removeOrphans(parent);
  // mkdtemp gives mode 0700.
  const path = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
  const remove = () => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true });
  };
  process.once("exit", remove);
  return { path, remove };
}

async function removeOrphans(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const pid = new RegExp(`^${prefix}([0-9]{1,9})-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Somebody else's, or another process was faster: not ours to worry about.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

import { once } from "node:events";
import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

/** Writes a file of what `work` writes, for its owner's eyes; it is there when it is whole, and not before. */
export async function writeBackupFile(
  path: string,
  work: (write: (piece: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  const part = `${path}.part`;
  const gzip = createGzip();
  const piped = pipeline(gzip, createWriteStream(part, { mode: 0o600, flags: "wx", flush: true }));
  try {
    const write = async (piece: string): Promise<void> => {
      if (!gzip.write(piece)) await Promise.race([once(gzip, "drain"), piped]);
    };
    await Promise.race([work(write), piped]);
    gzip.end();
    await piped;
    renameSync(part, path);
  } catch (error) {
    gzip.destroy();
    await piped.catch(() => undefined);
    if (isTaken(error)) throw new Error(`${part} is there already: another backup is being made, or was cut off`);
    rmSync(part, { force: true });
    throw error;
  }
}

/** The text of a backup file, in pieces. */
export async function* readBackupFile(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  const piped = pipeline(file, gunzip);
  // The reader below meets the same error; here it must only not be unhandled.
  piped.catch(() => undefined);
  try {
    for await (const piece of gunzip.setEncoding("utf8")) yield piece as string;
    await piped;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "Z_BUF_ERROR") throw new Error("the backup is cut short");
    if (code.startsWith("Z_")) throw new Error(`${path} is not a backup of Tandem`);
    throw error;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/** A Redis server of a test's own: Debian's, on a loopback port, keeping nothing, gone with the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const program = "/usr/bin/redis-server";

export interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** Starts one, at `port` or any free one. */
export async function startRedis(port?: number): Promise<RedisServer & { readonly port: number }> {
  if (!existsSync(program)) throw new Error("Redis is not installed: apt-get install redis-server");
  const chosen = port ?? (await freePort());
  const child = spawn(program, ["--port", String(chosen), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
    stdio: ["ignore", "pipe", "ignore"],
    cwd: "/",
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
  };
  onTestFinished(kill);
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve();
    });
  });
  return { url: `redis://127.0.0.1:${chosen}`, port: chosen, process: child, kill };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return bound !== null && typeof bound === "object" ? bound.port : 0;
}

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A gateway started as a user starts it, from the built files, on free ports, in a folder of its own. */
export interface StartedGateway {
  readonly httpUrl: string;
  readonly mediaUrl: string;
  /** Port of its SIP, UDP and TCP. */
  readonly sipPort: number;
  readonly apiKey: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Lines of its log so far. */
  readonly lines: readonly string[];
  /** GET/POST/… on the native API with the key; the parsed JSON. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }>;
  /** Stops it with a signal and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

/** JSON as it was parsed, for tests and benches that look at it from outside. */
export type Json = ReturnType<typeof JSON.parse>;

/** The API key of every started gateway. */
export const testKey = "tk_live_0123456789abcdefghijklmnopqrstuv";

/** Starts a gateway; `dataDir` lets a second life find what the first left. */
export async function startGateway(env: Record<string, string> = {}, dataDir?: string): Promise<StartedGateway> {
  const folder = dataDir ?? mkdtempSync(join(tmpdir(), "tandem-test-"));
  const entry = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "../../dist/src/main.js" : "../../src/main.js", import.meta.url),
  );
  const child = spawn(process.execPath, [entry], {
    env: {
      PATH: process.env.PATH ?? "",
      TANDEM_DATA_DIR: folder,
      TANDEM_HTTP: "127.0.0.1:0",
      TANDEM_MEDIA_WS: "127.0.0.1:0",
      TANDEM_SIP: "127.0.0.1:0",
      TANDEM_BOOTSTRAP_KEY: testKey,
      TANDEM_MEDIA_PROCESSES: "1",
      TANDEM_DRAIN_MS: "500",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const addresses = await readAddresses(child, lines);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    ...addresses,
    apiKey: testKey,
    dataDir: folder,
    pid: child.pid ?? 0,
    lines,
    async api(method, path, body) {
      const answer = await fetch(`${addresses.httpUrl}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${testKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
    },
    stop,
    async close() {
      await stop("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until `probe` gives something; fails with what was awaited. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function readAddresses(
  child: ChildProcess,
  lines: string[],
): Promise<Pick<StartedGateway, "httpUrl" | "mediaUrl" | "sipPort">> {
  let httpUrl: string | undefined;
  let mediaUrl: string | undefined;
  let sipPort: string | undefined;
  return new Promise((resolve, reject) => {
    const read = (line: string) => {
      lines.push(line);
      httpUrl ??= /(http:\/\/\S+)\/api\/v1/.exec(line)?.[1];
      mediaUrl ??= /(ws:\/\/\S+)\/media\/twilio/.exec(line)?.[1];
      sipPort ??= /sip:\+15550100@\S+:(\d+)/.exec(line)?.[1];
      if (httpUrl && mediaUrl && sipPort) resolve({ httpUrl, mediaUrl, sipPort: Number(sipPort) });
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", read);
    }
    child.once("exit", (code) => reject(new Error(`the gateway ended with ${code}:\n${lines.join("\n")}`)));
  });
}

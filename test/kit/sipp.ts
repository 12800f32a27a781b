/** SIPp from Debian's package, with scenario files of our own, as the far end of a call. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { eventually } from "./gateway.ts";

const program = "/usr/bin/sipp";
const scenarios = fileURLToPath(new URL("../interop/scenarios/", import.meta.url));

export interface SippOptions {
  /** `host:port` that a calling scenario calls. */
  readonly target?: string;
  /** The number it calls. */
  readonly number?: string;
  /** What its scenario has in brackets, besides SIPp's own keywords. */
  readonly keys?: Readonly<Record<string, string | number>>;
  /** Length of its pauses. */
  readonly pauseMs?: number;
  readonly transport?: "udp" | "tcp";
}

/** What came in while a scenario ran. */
export interface SippResult {
  /** Messages as text, in order. */
  readonly received: readonly string[];
}

export interface Sipp {
  readonly port: number;
  /** Resolves when its one call is over; rejects when a message did not come as the scenario has it. */
  readonly done: Promise<SippResult>;
}

/** A UDP port of loopback that was free just now. */
export async function freePort(): Promise<number> {
  const probe = createSocket("udp4");
  probe.bind(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  return port;
}

/** Runs a scenario for one call; resolves when it listens, or has begun to call. Ended with the test. */
export async function startSipp(scenario: string, options: SippOptions = {}): Promise<Sipp> {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install sip-tester`);
  const { target, number = "service", keys = {}, pauseMs = 500, transport = "udp" } = options;
  const folder = mkdtempSync(join(tmpdir(), "tandem-sipp-"));
  const port = await freePort();
  const local = ["-i", "127.0.0.1", "-p", String(port), "-mi", "127.0.0.1", "-mp", String(await freePort())];
  const logging = ["-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors"];
  const run = ["-m", "1", "-d", String(pauseMs), "-t", transport === "udp" ? "u1" : "t1", "-nostdin"];
  writeFileSync(join(folder, "scenario.xml"), fill(readFileSync(join(scenarios, `${scenario}.xml`), "utf8"), keys));
  const call = target === undefined ? [] : ["-s", number, target];
  const child = spawn(program, ["-sf", "scenario.xml", ...local, ...logging, ...run, ...call], {
    cwd: folder,
    stdio: "ignore",
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "latin1") : "");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const done = exited.then((code): SippResult => {
    if (code !== 0) throw new Error(`SIPp (${scenario}) ended with ${code}:\n${read("errors")}\n${read("messages")}`);
    return { received: receivedIn(read("messages")) };
  });
  done.catch(() => undefined);
  await eventually(`SIPp (${scenario}) listens`, () => {
    if (child.exitCode !== null && target === undefined) throw new Error(`SIPp ended at once: ${read("errors")}`);
    return listens(transport, port) || child.exitCode !== null ? true : undefined;
  });
  return { port, done };
}

/** The value of a header line in a message. */
export function headerOf(message: string | undefined, name: string): string | undefined {
  const line = message?.split("\r\n").find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

/** Requests of one method among messages. */
export function requestsOf({ received }: SippResult, method: string): readonly string[] {
  return received.filter((message) => message.startsWith(`${method} `));
}

/** SIPp has keywords of its own for text, but not for a status. */
function fill(scenario: string, keys: NonNullable<SippOptions["keys"]>): string {
  return Object.entries(keys).reduce((text, [name, value]) => text.replaceAll(`[${name}]`, String(value)), scenario);
}

/** Messages that SIPp received, out of its log: each stands behind a line that says so, until a line of dashes. */
function receivedIn(log: string): string[] {
  const received: string[] = [];
  for (const block of log.split(/^-{5,}.*\n/m)) {
    const found = /^\w+ message received .*:\r?\n\r?\n([\s\S]*)$/.exec(block);
    if (found) received.push(found[1]!.trimEnd());
  }
  return received;
}

/** Whether a port of this machine is bound, as the kernel tells. */
function listens(transport: "udp" | "tcp", port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return readFileSync(`/proc/net/${transport}`, "latin1").includes(`:${hex} 0`);
}

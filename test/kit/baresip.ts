/** The softphone baresip, started from Debian's package with an account and commands on its standard input. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { eventually } from "./gateway.ts";

const program = "/usr/bin/baresip";
const modulePath = "/usr/lib/baresip/modules";

export interface Baresip {
  /** What it has printed so far. */
  readonly output: () => string;
  /** A line of its menu, such as `/dial sip:101@…`. */
  command(line: string): void;
  /** Leaves as a user does, taking its registration back; resolves when it is gone. */
  quit(): Promise<void>;
}

/** Starts it with a line of its `accounts` file and, where given, of its `contacts`. */
export async function startBaresip(account: string, contacts: readonly string[] = []): Promise<Baresip> {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install baresip`);
  const folder = mkdtempSync(join(tmpdir(), "tandem-baresip-"));
  writeFileSync(join(folder, "accounts"), `${account}\n`);
  writeFileSync(join(folder, "contacts"), contacts.map((line) => `${line}\n`).join(""));
  writeFileSync(
    join(folder, "config"),
    [
      "sip_listen 127.0.0.1:0",
      "sip_trans_def udp",
      `module_path ${modulePath}`,
      "module stdio.so",
      "module g711.so",
      "module_tmp account.so",
      "module_app contact.so",
      "module_app menu.so",
      "",
    ].join("\n"),
  );
  const child: ChildProcessWithoutNullStreams = spawn(program, ["-f", folder], { stdio: ["pipe", "pipe", "pipe"] });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => printed.push(String(chunk)));
  child.stdin.on("error", () => undefined);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  });
  const output = (): string => printed.join("");
  await eventually("baresip is ready", () => (output().includes("baresip is ready") ? true : undefined));
  return {
    output,
    command: (line) => child.stdin.write(`${line}\n`),
    quit: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

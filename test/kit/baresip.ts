/** The softphone baresip, started from Debian's package with an account and commands on its standard input. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { readMonoAt, writeWavHeader } from "../../src/codecs/wav.ts";
import { eventually } from "./gateway.ts";

const program = "/usr/bin/baresip";
/** Silence after what it says. */
const silenceMs = 60_000;
const modulePath = "/usr/lib/baresip/modules";

export interface Baresip {
  /** What it has printed so far. */
  readonly output: () => string;
  /** A line of its menu, such as `/dial sip:101@…`, or keys of the telephone while it talks. */
  command(line: string): void;
  /** What it has heard so far in its calls, one after the other: Int16Array, mono, 8 kHz. Only where it says something. */
  heard(): Int16Array;
  /** Leaves as a user does, taking its registration back; resolves when it is gone. */
  quit(): Promise<void>;
}

/**
 * Starts it with a line of its `accounts` file and, where given, of its `contacts`. `said`: what it says in each call, mono,
 * 8 kHz; without it, it has neither ears nor a mouth.
 */
export async function startBaresip(
  account: string,
  contacts: readonly string[] = [],
  said?: Int16Array,
): Promise<Baresip> {
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
      ...(said ? audioSettings(folder, said) : []),
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
    heard: () => {
      const files = readdirSync(folder).filter((name) => name.startsWith("dump") && name.endsWith("dec.wav"));
      const read = files.sort().map((name) => readMonoAt(readFileSync(join(folder, name)), 8000));
      const parts = read.filter((part) => part instanceof Int16Array);
      const samples = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const part of parts) {
        samples.set(part, at);
        at += part.length;
      }
      return samples;
    },
    quit: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}

/** Speaks from a file, and writes what it hears to files. */
function audioSettings(folder: string, said: Int16Array): string[] {
  // At the end of its file it hangs up.
  const samples = new Int16Array(said.length + silenceMs * 8);
  samples.set(said);
  const data = Buffer.from(samples.buffer);
  const header = writeWavHeader({ channels: 1, sampleRateHz: 8000, dataBytes: data.length });
  writeFileSync(join(folder, "said.wav"), Buffer.concat([header, data]));
  return [
    ...["opus", "g722", "aufile", "sndfile", "srtp"].map((name) => `module ${name}.so`),
    `audio_player aufile,${join(folder, "played.wav")}`,
    `audio_source aufile,${join(folder, "said.wav")}`,
    "audio_alert aufile,/dev/null",
    "ausrc_srate 8000",
    "auplay_srate 8000",
    "ausrc_channels 1",
    "auplay_channels 1",
    `snd_path ${folder}`,
  ];
}

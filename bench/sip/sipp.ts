/** Runs the real SIPp (Debian's sip-tester) and reads what it measured. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const program = "/usr/bin/sipp";

export interface SippRun {
  /** `127.0.0.1:5060` */
  readonly target: string;
  readonly number: string;
  readonly calls: number;
  readonly callsPerSecond: number;
  /** How long a call talks. */
  readonly talkMs: number;
  /** Undefined: SIPp's own caller, whose media nobody sends. */
  readonly scenario?: SippScenario;
}

/** What every call does, and the table with what differs. */
export interface SippScenario {
  readonly xml: string;
  readonly table: string;
}

/** What SIPp counted. */
export interface SippResult {
  readonly successful: number;
  readonly failed: number;
  /** Requests SIPp had to send again. */
  readonly retransmissions: number;
  /** INVITE to 200, in whole ms as SIPp measures them. */
  readonly answeredMs: readonly number[];
}

/** Throws when the program is missing; benches say so before they begin. */
export function needSipp(): void {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install sip-tester`);
}

/** Makes the calls and waits until all of them ended. */
export function runSipp({ target, number, calls, callsPerSecond, talkMs, scenario }: SippRun): Promise<SippResult> {
  const load = ["-m", String(calls), "-l", String(calls), "-r", String(callsPerSecond), "-d", String(talkMs)];
  return run([target, "-s", number, ...load], scenario);
}

/** Takes so many calls at `port`; resolves when all of them ended. */
export function takeCallsWithSipp(port: number, calls: number, scenario: SippScenario): Promise<SippResult> {
  return run(["-m", String(calls), "-p", String(port)], scenario);
}

async function run(settings: readonly string[], scenario: SippScenario | undefined): Promise<SippResult> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-sipp-"));
  try {
    const which = scenario === undefined ? ["-sn", "uac"] : ["-sf", "calls.xml", "-inf", "ports.csv"];
    if (scenario !== undefined) {
      writeFileSync(join(folder, "calls.xml"), scenario.xml);
      writeFileSync(join(folder, "ports.csv"), scenario.table);
    }
    const measuring = ["-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1"];
    const child = spawn(
      program,
      [...settings, ...which, "-i", "127.0.0.1", ...measuring, "-nostdin", "-timer_resol", "1"],
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => {
      complaint = (complaint + text.toString("latin1")).slice(-2000);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    // 1: some call failed, which the result tells; anything else is no measurement.
    if (code !== 0 && code !== 1) throw new Error(`SIPp ended with ${code}: ${complaint}`);
    return readResult(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readResult(folder: string): SippResult {
  const [names = "", ...rows] = readFileSync(join(folder, "stat.csv"), "utf8").trim().split("\n");
  const values = rows.at(-1)?.split(";") ?? [];
  const columns = names.split(";");
  const total = (name: string) => Number(values[columns.indexOf(`${name}(C)`)] ?? Number.NaN);
  const times = readdirSync(folder).find((file) => file.endsWith("_rtt.csv"));
  const lines = times === undefined ? [] : readFileSync(join(folder, times), "utf8").trim().split("\n").slice(1);
  return {
    successful: total("SuccessfulCall"),
    failed: total("FailedCall"),
    retransmissions: total("Retransmissions"),
    answeredMs: lines.map((line) => Number(line.split(";")[1])),
  };
}

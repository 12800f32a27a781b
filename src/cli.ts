import { Command } from "commander";
import type { CallOptions } from "./cli/call.ts";
import { printConfig } from "./cli/config.ts";
import { runDoctor } from "./cli/doctor.ts";
import { createKey, listKeys, revokeKey } from "./cli/keys.ts";
import { type SipTraceOptions, traceSip } from "./cli/sip.ts";
import { readConfig } from "./config.ts";

/** The `tandem` command. */
const program = new Command("tandem").description("Tandem, a realtime voice gateway").showHelpAfterError();

program
  .command("start")
  .description("run the gateway")
  .action(async () => {
    await import("./main.ts");
  });

program
  .command("call")
  .description("call a number of a running gateway from a built-in telephone, hear the answer, print the timeline")
  .argument("<number>", "number to call, for example +15550100")
  .option("--wav <file>", "speak this WAV file after the greeting")
  .option("--say <text>", "speak this text after the greeting (synthetic voice)")
  .option("--script <file>", "follow a script (see docs/bench.md)")
  .option("--from <number>", "number to call from", "+15550199")
  .option("--out <file>", "where to write what the caller heard", "heard.wav")
  .option("--url <url>", "HTTP address of the gateway (default: from TANDEM_HTTP)")
  .option("--key <key>", "API key (default: TANDEM_API_KEY, or one made for this call and revoked after it)")
  .option("--max-seconds <seconds>", "longest call", "120")
  .option("--json", "print the result as JSON")
  .action(async (number: string, options: CallOptions) => {
    const { runCall } = await import("./cli/call.ts");
    process.exitCode = await runCall(readConfig(process.env), number, options);
  });

const keys = program.command("keys").description("API keys");
keys
  .command("create")
  .description("make a key and print it once, alone on stdout")
  .requiredOption("--name <name>", "what the key is for")
  .option("--dialect <dialect>", "API the key speaks", "native")
  .action((options: { name: string; dialect: string }) => createKey(readConfig(process.env), options));
keys
  .command("list")
  .description("list keys (never the keys themselves)")
  .action(() => listKeys(readConfig(process.env)));
keys
  .command("revoke")
  .description("end a key at once")
  .argument("<id>", "id of the key, as listed")
  .action((id: string) => revokeKey(readConfig(process.env), id));

const sip = program.command("sip").description("SIP signalling of a running gateway");
sip
  .command("trace")
  .description("draw the SIP messages of a call as a ladder; without an id: list what was heard of last")
  .argument("[id]", "id of a call (call_…) or a SIP Call-ID")
  .option("--follow", "go on with what comes, until Ctrl-C")
  .option("--raw", "print whole messages too")
  .option("--limit <count>", "longest list", "20")
  .option("--url <url>", "HTTP address of the gateway (default: from TANDEM_HTTP)")
  .option("--key <key>", "API key (default: TANDEM_API_KEY, or one made for this and revoked after it)")
  .option("--json", "print as JSON")
  .action(async (id: string | undefined, options: SipTraceOptions) => {
    process.exitCode = await traceSip(readConfig(process.env), id, options);
  });

program
  .command("config")
  .description("print every setting, its value and where it comes from")
  .action(() => printConfig(process.env));

program
  .command("doctor")
  .description("check what a gateway needs here: ports, disk, clock, public address, provider key")
  .action(async () => {
    process.exitCode = await runDoctor(readConfig(process.env));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`tandem: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

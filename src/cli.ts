import { Command } from "commander";
import type { CallOptions } from "./cli/call.ts";
import { printConfig } from "./cli/config.ts";
import type { RestoreFlags } from "./cli/db.ts";
import type { CreateKeyOptions } from "./cli/keys.ts";
import type { OrgOptions } from "./cli/orgs.ts";
import type { SipTraceOptions } from "./cli/sip.ts";
import { readConfig } from "./config.ts";

// Each command loads its own part when it runs: help and complaints come at once.
const keyCommands = () => import("./cli/keys.ts");
const orgCommands = () => import("./cli/orgs.ts");
const dbCommands = () => import("./cli/db.ts");

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
  .option("--dialect <dialect>", "API the key speaks: native, jagcall, agentcall, agentnumber", "native")
  .option("--org <id>", "organisation it belongs to (default: the gateway's first)")
  .option(
    "--scopes <scopes>",
    "what it may do, with commas: read,write,calls,texts,billing,keys,operator (default: operator for a native key " +
      "of the first organisation, else everything of its own organisation)",
  )
  .action(async (options: CreateKeyOptions) => (await keyCommands()).createKey(readConfig(process.env), options));
keys
  .command("list")
  .description("list keys (never the keys themselves)")
  .option("--org <id>", "only those of an organisation")
  .action(async (options: { org?: string }) => (await keyCommands()).listKeys(readConfig(process.env), options));
keys
  .command("revoke")
  .description("end a key at once")
  .argument("<id>", "id of the key, as listed")
  .action(async (id: string) => (await keyCommands()).revokeKey(readConfig(process.env), id));

const orgs = program.command("orgs").description("organisations: each sees only what is its own");
orgs
  .command("list")
  .description("list them, oldest first")
  .action(async () => (await orgCommands()).listOrgs(readConfig(process.env)));
const orgOptions = (command: Command): Command =>
  command
    .option("--plan <plan>", "free or pro")
    .option("--billing <how>", "prepaid or postpaid")
    .option("--price-book <vendor>", "whose published prices it pays: agentcall, agentnumber, jagcall")
    .option("--payment-method <yes|no>", "whether it can pay what it has not paid in advance")
    .option("--spending-cap <dollars>", "most it may spend in a calendar month (UTC); none: no cap");
orgOptions(
  orgs
    .command("create")
    .description("make one and print its id, alone on stdout")
    .requiredOption("--name <name>", "what it is called"),
).action(async (options: OrgOptions & { name: string }) =>
  (await orgCommands()).createOrg(readConfig(process.env), options),
);
orgOptions(
  orgs
    .command("set")
    .description("change one; what is not said stays")
    .argument("<id>", "its id, as listed")
    .option("--name <name>", "what it is called"),
).action(async (id: string, options: OrgOptions) => (await orgCommands()).setOrg(readConfig(process.env), id, options));

const db = program.command("db").description("the database: SQLite in the data folder, or PostgreSQL (DATABASE_URL)");
db.command("migrate")
  .description("bring it up to date, as a start of the gateway does, and say what that took")
  .action(async () => (await dbCommands()).migrateDatabase(readConfig(process.env)));
db.command("backup")
  .description("write it to a file as it is at one moment, while the gateway runs; without recordings and secret.key")
  .argument("<file>", "gzip of JSON lines, the same for both databases")
  .action(async (file: string) => (await dbCommands()).backupDatabase(readConfig(process.env), file));
db.command("restore")
  .description("bring a backup back, whole or not at all, into an empty database; stop the gateway before")
  .argument("<file>", "what backup wrote, with this version or an older one, from either database")
  .option("--force", "throw away what is in the database")
  .option("--other-key", "restore what was sealed under another secret key; API keys in it do not work")
  .action(async (file: string, flags: RestoreFlags) =>
    (await dbCommands()).restoreDatabase(readConfig(process.env), file, flags),
  );

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
    const { traceSip } = await import("./cli/sip.ts");
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
    const { runDoctor } = await import("./cli/doctor.ts");
    process.exitCode = await runDoctor(readConfig(process.env));
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`tandem: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

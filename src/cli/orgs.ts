import type { Config } from "../config.ts";
import type { Org, OrgSettings } from "../control/service/orgs/orgs.ts";
import { printable } from "../kit/printable.ts";
import { withServices } from "./services.ts";

/** Options of `tandem orgs create` and `set`, as typed. */
export interface OrgOptions {
  readonly name?: string;
  readonly plan?: string;
  readonly billing?: string;
  readonly priceBook?: string;
  readonly paymentMethod?: string;
  readonly spendingCap?: string;
}

/** Makes an organisation; its id stands alone on stdout, so that a script can take it. */
export async function createOrg(config: Config, options: OrgOptions & { readonly name: string }): Promise<void> {
  const settings = readSettings(options);
  await withServices(config, async ({ orgs }) => {
    const org = await orgs.create({ ...settings, name: options.name });
    console.error(describeOrg(org));
    console.log(org.id);
  });
}

/** Changes what is said, and prints what it is then. */
export async function setOrg(config: Config, id: string, options: OrgOptions): Promise<void> {
  const settings = readSettings(options);
  if (Object.keys(settings).length === 0) throw new Error("say what to change; see tandem orgs set --help");
  await withServices(config, async ({ orgs }) => console.log(describeOrg(await orgs.update(id, settings))));
}

/** Lists the organisations, one a line. */
export async function listOrgs(config: Config): Promise<void> {
  await withServices(config, async ({ orgs }) => {
    for (const org of await orgs.list()) console.log(describeOrg(org));
  });
}

function describeOrg(org: Org): string {
  const cap = org.spendingCapMicros;
  const facts = [
    org.plan,
    org.billing,
    `prices of ${org.priceBook}`,
    org.hasPaymentMethod ? "payment method on file" : "no payment method",
    cap === null ? "no spending cap" : `at most $${(cap / 1_000_000).toFixed(2)} a month`,
  ];
  return printable([org.id, ...facts, org.name].join("  "));
}

const yesNo = { yes: true, no: false } as const;

/** What was said, checked; nothing else is in it. */
function readSettings(options: OrgOptions): Partial<OrgSettings> {
  const { name, plan, billing, priceBook, paymentMethod, spendingCap } = options;
  const settings: Partial<OrgSettings> = {
    name,
    plan: oneOf("--plan", plan, ["free", "pro"]),
    billing: oneOf("--billing", billing, ["prepaid", "postpaid"]),
    priceBook: oneOf("--price-book", priceBook, ["agentcall", "agentnumber", "jagcall"]),
    hasPaymentMethod: paymentMethod && yesNo[oneOf("--payment-method", paymentMethod, ["yes", "no"]) ?? "no"],
    spendingCapMicros: spendingCap === undefined ? undefined : readCap(spendingCap),
  } as Partial<OrgSettings>;
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function oneOf<Word extends string>(option: string, given: string | undefined, words: readonly Word[]) {
  if (given === undefined) return undefined;
  const word = words.find((one) => one === given);
  if (!word) throw new Error(`${option} ${given}: expected one of ${words.join(", ")}`);
  return word;
}

/** Dollars as people write them, in micro-dollars; `none` is null. */
function readCap(text: string): number | null {
  if (text === "none") return null;
  const match = /^([0-9]{1,9})(?:\.([0-9]{1,6}))?$/.exec(text);
  if (!match) throw new Error(`--spending-cap ${text}: expected dollars a month, for example 50, or none`);
  return Number(match[1]) * 1_000_000 + Number((match[2] ?? "").padEnd(6, "0"));
}

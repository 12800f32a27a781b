/** Numbers on a database of their own, with money, a carrier that can be made to fail, and organisations that buy. */

import { onTestFinished } from "vitest";
import type { AvailableNumber, Carrier } from "../../../../src/control/carriers/carrier.ts";
import { createLocalCarrier } from "../../../../src/control/carriers/local.ts";
import { type Agents, createAgents } from "../../../../src/control/service/agents/agents.ts";
import { createMoney } from "../../../../src/control/service/money/money.ts";
import { createLocalPayments, createPaymentLinks } from "../../../../src/control/service/money/payment.ts";
import { defaultPriceBooks } from "../../../../src/control/service/money/prices.ts";
import { alone } from "../../../../src/control/service/nodes.ts";
import type { NumberDeps } from "../../../../src/control/service/numbers/deps.ts";
import { createNumbers, type Numbers } from "../../../../src/control/service/numbers/numbers.ts";
import { restMs } from "../../../../src/control/service/numbers/purchase.ts";
import { createOrgs, defaultOrg, type Org, type OrgSettings } from "../../../../src/control/service/orgs/orgs.ts";
import type { Notice } from "../../../../src/control/service/webhooks/notices.ts";
import { openDatabase } from "../../../../src/control/store/database.ts";
import { proveLedger } from "../../../../src/control/store/ledger-proof.ts";
import { takenNumbers } from "../../../../src/control/store/numbers.ts";
import { createSecrets } from "../../../../src/control/store/secrets.ts";
import type { E164 } from "../../../../src/kit/ids.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { databaseOf, HeldClock, seededRandom, temporaryFolder } from "../../gateway.ts";

export const dollar = 1_000_000;

/** The local carrier, which remembers whose its numbers are and fails when it is told to. */
export class TestCarrier implements Carrier {
  readonly name = "local";
  readonly bought = new Set<string>();
  /** What happens at the next purchases, in order; then all is well. */
  readonly trouble: ("down-before" | "down-after" | "gone")[] = [];
  /** The carrier does not answer. */
  isDown = false;
  readonly #local: Carrier;

  constructor(local: Carrier) {
    this.#local = local;
  }

  search: Carrier["search"] = (search) => this.#local.search(search);
  describe = (number: E164): Promise<AvailableNumber | undefined> => this.#local.describe(number);
  configure: Carrier["configure"] = () => Promise.resolve();
  readonly texts = undefined;
  readWebhook: Carrier["readWebhook"] = (request) => this.#local.readWebhook(request);

  buy: Carrier["buy"] = async (number) => {
    const trouble = this.trouble.shift();
    if (trouble === "gone") return { type: "not-available" };
    if (trouble === "down-before") throw new Error("the carrier does not answer");
    const purchase = await this.#local.buy(number);
    if (purchase.type === "bought") this.bought.add(number);
    if (trouble === "down-after") throw new Error("the connection was lost");
    return purchase;
  };

  findBought: Carrier["findBought"] = async (number) => {
    this.#refuseWhenDown();
    return this.bought.has(number) ? number : undefined;
  };

  release: Carrier["release"] = async (carrierNumberId) => {
    this.#refuseWhenDown();
    this.bought.delete(carrierNumberId);
  };

  #refuseWhenDown(): void {
    if (this.isDown) throw new Error("the carrier does not answer");
  }
}

export interface NumberHouse {
  readonly deps: NumberDeps;
  readonly carrier: TestCarrier;
  readonly clock: HeldClock;
  /** What customers were told, once it was committed or not. */
  readonly told: Notice[];
  org(settings?: Partial<OrgSettings>): Promise<Org>;
  change(org: Org, settings: Partial<OrgSettings>): Promise<Org>;
  numbers(org: Org): Numbers;
  agents(org: Org): Agents;
  /** What an organisation has been charged, in micro-dollars, as a positive number. */
  spent(org: Org): Promise<number>;
  /** Gives credit. */
  credit(org: Org, amountMicros: number): Promise<void>;
  /** Rows of the table, whatever their status. */
  rows(): Promise<readonly { id: string; number: string; status: string; org_id: string }[]>;
  /** What does not add up in the ledger. */
  faults(): Promise<unknown[]>;
}

export async function numberHouse(changes: Partial<NumberDeps> = {}): Promise<NumberHouse> {
  const dataDir = temporaryFolder();
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const { db } = database;
  const clock = new HeldClock();
  const random = seededRandom();
  const secrets = createSecrets("a secret key of the tests", random);
  const links = createPaymentLinks({ secrets, wall: clock.wall, random, publicUrl: "https://gw.example.com" });
  const money = createMoney({ clock, random, priceBooks: defaultPriceBooks, payments: createLocalPayments(links) });
  const base = { database, secrets, clock, random, defaultProvider: "local" } as const;
  const orgs = createOrgs(base);
  const told: Notice[] = [];
  const carrier = new TestCarrier(
    createLocalCarrier({
      takenOf: (numbers) => takenNumbers(db, numbers, clock.wall() - restMs),
    }),
  );
  const deps: NumberDeps = {
    nodes: alone,
    ...base,
    allowHttp: false,
    carriers: [carrier],
    money,
    priceBooks: defaultPriceBooks,
    outbox: {
      put: async (_db, _orgId, notices) => {
        told.push(...notices);
      },
    },
    exchange: () => Promise.reject(new Error("nobody is asked here")),
    log: createLogger("silent", "test"),
    ...changes,
  };
  return {
    deps,
    carrier,
    clock,
    told,
    org: (settings = {}) => orgs.create({ ...defaultOrg, hasPaymentMethod: true, name: "Acme", ...settings }),
    change: (org, settings) => orgs.update(org.id, settings),
    numbers: (org) => createNumbers(deps, org.id),
    agents: (org) => createAgents({ ...deps, allowHttp: false }, org.id),
    spent: async (org) => 0 - (await money.balance(db, org.id)).availableMicros,
    credit: (org, amountMicros) =>
      db.transaction().execute((trx) => money.credit(trx, org.id, amountMicros, { kind: "purchase", ref: "card" })),
    rows: () => db.selectFrom("numbers").select(["id", "number", "status", "org_id"]).execute(),
    faults: () => proveLedger(db),
  };
}

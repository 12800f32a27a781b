/** Money on a database of its own, with organisations to spend it. */
import { onTestFinished } from "vitest";
import { type Billing, createBilling } from "../../../../src/control/service/money/billing.ts";
import { createMoney, type Money } from "../../../../src/control/service/money/money.ts";
import {
  createLocalPayments,
  createPaymentLinks,
  type PaymentProvider,
} from "../../../../src/control/service/money/payment.ts";
import { createPaymentPage, type PaymentPage } from "../../../../src/control/service/money/payment-page.ts";
import { defaultPriceBooks } from "../../../../src/control/service/money/prices.ts";
import { createOrgs, defaultOrg, type Org, type OrgSettings } from "../../../../src/control/service/orgs/orgs.ts";
import { type Db, openDatabase } from "../../../../src/control/store/database.ts";
import { proveLedger } from "../../../../src/control/store/ledger-proof.ts";
import { createSecrets } from "../../../../src/control/store/secrets.ts";
import { databaseOf, HeldClock, seededRandom, temporaryFolder } from "../../gateway.ts";

export interface MoneyHouse {
  readonly money: Money;
  readonly db: Db;
  readonly clock: HeldClock;
  readonly page: PaymentPage;
  billing(org: Org, payments?: PaymentProvider): Billing;
  org(settings?: Partial<OrgSettings>): Promise<Org>;
  change(org: Org, settings: Partial<OrgSettings>): Promise<Org>;
  /** In a transaction of its own. */
  run<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** What does not add up in the ledger. */
  faults(): Promise<unknown[]>;
}

/** `dataDir`: of another house whose database is used too; `seed` must differ then. */
export async function moneyHouse({ dataDir = temporaryFolder(), seed = 1 } = {}): Promise<MoneyHouse> {
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const clock = new HeldClock();
  const random = seededRandom(seed);
  const secrets = createSecrets("a secret key of the tests", random);
  const links = createPaymentLinks({ secrets, wall: clock.wall, random, publicUrl: "https://gw.example.com" });
  const local = createLocalPayments(links);
  const priceBooks = defaultPriceBooks;
  const money = createMoney({ clock, random, priceBooks, payments: local });
  const orgs = createOrgs({ database, secrets, clock, random, defaultProvider: "local" });
  const { db } = database;
  return {
    money,
    db,
    clock,
    page: createPaymentPage({ database, clock, money }, links),
    billing: ({ id }, payments = local) => createBilling({ database, clock, random, money, payments, priceBooks }, id),
    org: (settings = {}) => orgs.create({ ...defaultOrg, hasPaymentMethod: true, name: "Acme", ...settings }),
    change: (org, settings) => orgs.update(org.id, settings),
    run: (work) => db.transaction().execute(work),
    faults: () => proveLedger(db),
  };
}

/** A dollar, in micro-dollars. */
export const dollar = 1_000_000;

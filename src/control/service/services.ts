import type { Clock } from "../../kit/clock.ts";
import { firstOrgId, type OrgId, type RandomBytes } from "../../kit/ids.ts";
import { guardedFetch } from "../../kit/io/guarded-http.ts";
import { createLogger, type Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { ProviderName } from "../../media/protocol.ts";
import type { CallRecords } from "../calls/call-control.ts";
import { createLocalCarrier } from "../carriers/local.ts";
import type { PhoneBook } from "../exchange/phone-book.ts";
import { openDatabase } from "../store/database.ts";
import { deleteEventsBefore } from "../store/events.ts";
import { probeDatabase } from "../store/meta.ts";
import { readNodeId } from "../store/node-id.ts";
import { findNumberByE164, takenNumbers } from "../store/numbers.ts";
import { openRecordings, type RecordingFiles } from "../store/recordings.ts";
import { createSecrets, readSecretKey, type Secrets } from "../store/secrets.ts";
import { defaultWriteQueueOptions, WriteQueue } from "../store/write-queue.ts";
import { WebhookWorker } from "../webhooks/io/webhook-worker.ts";
import { createAgents } from "./agents.ts";
import { createCallRecords } from "./call-records.ts";
import { createCalls } from "./calls.ts";
import type { ServiceDeps } from "./deps.ts";
import { EventFeed } from "./event-feed.ts";
import { firstStart } from "./first-start.ts";
import { createKeys, type Keys } from "./keys.ts";
import type { Money } from "./money/money.ts";
import { type MoneySettings, openMoney } from "./money/open.ts";
import type { PaymentPage } from "./money/payment-page.ts";
import { alone, createNodes } from "./nodes.ts";
import type { Voices } from "./notices.ts";
import { chargeMonthly } from "./numbers/charges.ts";
import type { NumberDeps } from "./numbers/deps.ts";
import { restMs, undoCutOffPurchases } from "./numbers/purchase.ts";
import { giveBackReleased } from "./numbers/release.ts";
import { resolveInbound } from "./numbers/resolve.ts";
import { createNumbers } from "./numbers.ts";
import { createOrgs, type Orgs } from "./orgs.ts";
import { createOutbox, createRenderDelivery } from "./outbox.ts";
import { createPhones, openPhoneBook } from "./phones.ts";
import { createRecordingLinks, type RecordingLinks } from "./recording-links.ts";
import { createSipTraces, type SipTraces } from "./sip-traces.ts";
import type { Tenant } from "./tenant.ts";
import type { TextDeps } from "./texts/deps.ts";
import { OtpWaiters } from "./texts/io/otp-waiters.ts";
import { createGatewayTexts, createTexts, type GatewayTexts, type Text } from "./texts.ts";
import { createGatewayTrunks, createTrunks, type GatewayTrunks } from "./trunks.ts";
import { createWebhooks } from "./webhooks.ts";

/** The settings the services need. */
export interface ServicesSettings extends MoneySettings {
  /** Absolute path. */
  readonly dataDir: string;
  /** `postgres://…`; "": SQLite in the data folder. */
  readonly databaseUrl: string;
  /** "": a random one is kept in the data folder. */
  readonly secretKey: string;
  /** Origin of links to recordings. */
  readonly publicUrl: string;
  /** Let tools and webhooks be plain http. */
  readonly allowPrivateTargets: boolean;
  /** Provider of agents that name none. */
  readonly defaultProvider: ProviderName;
}

/** Events live this long, so that a client may catch up after a week away. */
const eventLifetimeMs = 7 * 24 * 3_600_000;

/** A purchase takes seconds; one that is not over by then never will be. */
const purchaseTimeMs = 2 * 60_000;

/** Everything the product can do that needs no call in progress. */
export interface Services {
  readonly keys: Keys;
  readonly orgs: Orgs;
  /** What is one organisation's; the organisation of a key that was recognised is there. */
  tenant(orgId: OrgId): Tenant;
  readonly money: Money;
  /** Undefined: nobody pays by a page of ours. */
  readonly paymentPage: PaymentPage | undefined;
  /** The record of all calls, for call control. */
  readonly callRecords: CallRecords;
  /** The trunks, phones and texts of all organisations, for the exchange. */
  readonly trunks: GatewayTrunks;
  readonly phoneBook: PhoneBook;
  readonly texts: GatewayTexts;
  readonly feed: EventFeed;
  readonly recordings: RecordingFiles;
  readonly recordingLinks: RecordingLinks;
  readonly sipTraces: SipTraces;
  /** Makes the demo agent, its number and a key at the very first start, and gives the key; undefined ever after. */
  firstStart(bootstrapKey: string): Promise<string | undefined>;
  /** Settles the calls that ended with the run before; how many. */
  settleLeftOver(): Promise<number>;
  /** Says that this gateway is alive, and ends what others on its database that are gone left open. Before the first call, then every `beatEveryMs`. */
  beat(): Promise<void>;
  /** This gateway leaves nothing open: nobody needs to look after it. */
  leave(): Promise<void>;
  /** Undoes what a crash cut off of buying and releasing numbers, and charges the months that have begun. */
  lookAfterNumbers(): Promise<void>;
  /** Tells customers' webhooks what happened, until the worker is stopped. */
  startWebhooks(metrics: Metrics): Pick<WebhookWorker, "stop">;
  /** Deletes events that have outlived their time. */
  forgetOldEvents(): Promise<void>;
  /** Rejects when the database does not answer. */
  probe(): Promise<void>;
  /** Writes what waits and closes the database. Twice is fine. */
  close(): Promise<void>;
}

/** What services are given from above. */
export interface ServicesGiven {
  readonly log?: Logger;
  /** How each API tells of events; an API without one tells of none. */
  readonly voices?: Voices;
}

/** Organisations whose services are kept at hand. */
const maxTenants = 1000;

/** Opens the data folder and brings its database up to date. */
export async function openServices(
  settings: ServicesSettings,
  clock: Clock,
  random: RandomBytes,
  given: ServicesGiven = {},
): Promise<Services> {
  const { log = createLogger("silent", "services"), voices = {} } = given;
  const { dataDir, defaultProvider, publicUrl, allowPrivateTargets: allowHttp } = settings;
  const secretKey = readSecretKey(dataDir, settings.secretKey, random);
  const database = await openDatabase(dataDir, settings.databaseUrl);
  const deps: ServiceDeps = { database, clock, random, defaultProvider, secrets: createSecrets(secretKey, random) };
  const isShared = database.kind.skipsLocked;
  const nodes = isShared ? createNodes(database.db, clock, readNodeId(dataDir, random)) : alone;
  const feed = new EventFeed(database.db);
  const queue = new WriteQueue(
    database.db,
    () => clock.wall(),
    (events) => feed.publish(events),
    { ...defaultWriteQueueOptions, isPassing: (error) => database.kind.isPassing(error) },
  );
  const recordings = openRecordings(dataDir);
  const keys = createKeys(deps);
  const orgs = createOrgs(deps);
  const phoneBook = await openPhoneBook(deps);
  const { money, priceBooks, page: paymentPage, billing } = openMoney(deps, settings);
  const outbox = createOutbox({ clock, random, voices, kind: database.kind });
  const carriers = [createLocalCarrier({ takenOf: (some) => takenNumbers(database.db, some, clock.wall() - restMs) })];
  const textDeps: TextDeps = {
    ...deps,
    money,
    outbox,
    carrierOf: async (db, number) => {
      const row = await findNumberByE164(db, undefined, number);
      const company = carriers.find(({ name }) => name === row?.carrier);
      return company?.texts && { name: company.name, texts: company.texts };
    },
    nodes,
    otpWaiters: new OtpWaiters<Text>(),
  };
  const texts = createGatewayTexts(textDeps);
  const trunks = createGatewayTrunks(deps);
  const numberDeps: NumberDeps = {
    ...deps,
    allowHttp,
    carriers,
    money,
    priceBooks,
    outbox,
    exchange: guardedFetch,
    log,
  };
  const recordingLinks = createRecordingLinks(deps, recordings, publicUrl);
  const tenants = new Map<OrgId, Tenant>();
  const makeTenant = (orgId: OrgId): Tenant => ({
    orgId,
    org: () => orgs.get(orgId),
    agents: createAgents({ ...deps, allowHttp }, orgId),
    numbers: createNumbers(numberDeps, orgId),
    phones: createPhones(deps, phoneBook, orgId),
    texts: createTexts(textDeps, texts, orgId),
    calls: createCalls({ ...deps, money }, orgId),
    trunks: createTrunks(deps, trunks, orgId),
    billing: billing(orgId),
    recordingLinks,
    webhooks: (dialect) => createWebhooks({ ...deps, outbox, voices, allowHttp }, orgId, dialect),
  });
  const tenant = (orgId: OrgId): Tenant => {
    const known = tenants.get(orgId);
    if (known) return known;
    if (tenants.size >= maxTenants) tenants.delete(tenants.keys().next().value as OrgId);
    const made = makeTenant(orgId);
    tenants.set(orgId, made);
    return made;
  };
  const callRecords = createCallRecords({
    ...deps,
    queue,
    recordings,
    money,
    outbox,
    nodes,
    resolveInbound: (to, from) => resolveInbound(numberDeps, to, from),
  });
  let isRunning = false;
  let closed: Promise<void> | undefined;
  return {
    keys,
    orgs,
    tenant,
    money,
    paymentPage,
    callRecords,
    trunks,
    phoneBook,
    texts,
    feed,
    recordings,
    recordingLinks,
    sipTraces: createSipTraces(deps),
    firstStart: (bootstrapKey) => firstStart(deps, { keys, tenant: tenant(firstOrgId) }, bootstrapKey),
    settleLeftOver: () => database.db.transaction().execute((trx) => money.settleLeftOver(trx)),
    beat: () =>
      nodes.beat(async (nodeId) => {
        const calls = await callRecords.failCallsLeftOver("gateway-restarted", nodeId);
        await texts.takeOver(nodeId);
        log.warn({ nodeId, calls }, "another gateway is gone; what it left open is ended");
      }),
    leave: () => nodes.leave(),
    lookAfterNumbers: async () => {
      // At the start of a gateway that is alone nobody else can be buying.
      const isAlone = settings.databaseUrl === "" && !isRunning;
      isRunning = true;
      await undoCutOffPurchases(numberDeps, isAlone ? Infinity : clock.wall() - purchaseTimeMs);
      await giveBackReleased(numberDeps);
      await chargeMonthly(numberDeps, clock.wall());
    },
    startWebhooks: (metrics) => {
      const { allowPrivateTargets } = settings;
      const render = createRenderDelivery(voices);
      const openSecret: Secrets["open"] = (sealed, context) => deps.secrets.open(sealed, context);
      const worker = new WebhookWorker({
        database,
        openSecret,
        render,
        clock,
        random,
        log,
        metrics,
        allowPrivateTargets,
        workerId: nodes.id,
      });
      outbox.connect((ids) => worker.wake(ids));
      worker.start();
      return worker;
    },
    forgetOldEvents: () => deleteEventsBefore(database.db, clock.wall() - eventLifetimeMs),
    probe: () => probeDatabase(database.db),
    close: () => {
      closed ??= queue.flush().then(() => database.close());
      return closed;
    },
  };
}

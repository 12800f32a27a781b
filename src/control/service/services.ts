import type { Clock } from "../../kit/clock.ts";
import { firstOrgId, type OrgId, type RandomBytes } from "../../kit/ids.ts";
import { createLogger, type Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallRecords } from "../calls/call-control.ts";
import type { PhoneBook } from "../exchange/phone-book.ts";
import { deleteEventsBefore } from "../store/events.ts";
import { probeDatabase } from "../store/meta.ts";
import type { RecordingFiles } from "../store/recordings.ts";
import { defaultWriteQueueOptions, WriteQueue } from "../store/write-queue.ts";
import { WebhookWorker } from "../webhooks/io/webhook-worker.ts";
import { createCallRecords } from "./calls/call-records.ts";
import { SummaryWorker } from "./calls/io/summary-worker.ts";
import type { RecordingLinks } from "./calls/recording-links.ts";
import { createSummarySender, type Mailer } from "./calls/summary-sender.ts";
import { EventFeed } from "./event-feed.ts";
import { firstStart } from "./first-start.ts";
import type { Money } from "./money/money.ts";
import type { PaymentPage } from "./money/payment-page.ts";
import { chargeMonthly } from "./numbers/charges.ts";
import { undoCutOffPurchases } from "./numbers/purchase.ts";
import { giveBackReleased } from "./numbers/release.ts";
import { resolveInbound } from "./numbers/resolve.ts";
import { createKeys, type Keys } from "./orgs/keys.ts";
import type { Orgs } from "./orgs/orgs.ts";
import { openSharedParts, type ServicesSettings } from "./shared-parts.ts";
import { createSipTraces, type SipTraces } from "./sip-traces.ts";
import type { Tenant } from "./tenant.ts";
import { createTenants } from "./tenants.ts";
import type { GatewayTexts } from "./texts/texts.ts";
import type { GatewayTrunks } from "./trunks.ts";
import type { Voices } from "./webhooks/notices.ts";
import { createRenderDelivery } from "./webhooks/outbox.ts";

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
  /**
   * Mails and texts what calls came to, until the worker is stopped. `mailer`: why there is none, where there is none.
   */
  startSummaries(mailer: Mailer | string): Pick<SummaryWorker, "stop">;
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

/** Opens the data folder and brings its database up to date. */
export async function openServices(
  settings: ServicesSettings,
  clock: Clock,
  random: RandomBytes,
  given: ServicesGiven = {},
): Promise<Services> {
  const { log = createLogger("silent", "services"), voices = {} } = given;
  const parts = await openSharedParts(settings, clock, random, { log, voices });
  const { deps, nodes, orgs, outbox, numberDeps, texts, recordings } = parts;
  const { money, page: paymentPage } = parts.moneyHouse;
  const { database } = deps;
  const feed = new EventFeed(database.db);
  const queue = new WriteQueue(
    database.db,
    () => clock.wall(),
    (events) => feed.publish(events),
    { ...defaultWriteQueueOptions, isPassing: (error) => database.kind.isPassing(error) },
  );
  const callRecords = createCallRecords({
    ...deps,
    queue,
    recordings,
    money,
    outbox,
    nodes,
    resolveInbound: (to, from) => resolveInbound(numberDeps, to, from),
  });
  const keys = createKeys(deps);
  const tenant = createTenants(parts, voices);
  let isRunning = false;
  let closed: Promise<void> | undefined;
  return {
    keys,
    orgs,
    tenant,
    money,
    paymentPage,
    callRecords,
    trunks: parts.trunks,
    phoneBook: parts.phoneBook,
    texts,
    feed,
    recordings,
    recordingLinks: parts.recordingLinks,
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
      // At the start whatever is not another living gateway's is of a former life.
      const others = isRunning ? undefined : await nodes.others();
      const isLeft = ({ node_id: owner }: { readonly node_id: string | null }) =>
        others !== undefined && (owner === null || !others.has(owner));
      isRunning = true;
      await undoCutOffPurchases(numberDeps, clock.wall() - purchaseTimeMs, isLeft);
      await giveBackReleased(numberDeps);
      await chargeMonthly(numberDeps, clock.wall());
    },
    startWebhooks: (metrics) => {
      const { allowPrivateTargets } = settings;
      const render = createRenderDelivery(voices);
      const worker = new WebhookWorker({
        database,
        openSecret: (sealed, context) => deps.secrets.open(sealed, context),
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
    startSummaries: (mailer) => {
      const { db } = database;
      const send = createSummarySender({ db, mailer, texts: (orgId) => tenant(orgId).texts });
      const worker = new SummaryWorker({ db, clock, random, log, send });
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

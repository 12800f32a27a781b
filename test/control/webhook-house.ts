/** An outbox, its webhooks and workers on a database of the test's own. */
import { onTestFinished } from "vitest";
import { type Notice, signatureHeaders, type Voices } from "../../src/control/service/webhooks/notices.ts";
import { createOutbox, createRenderDelivery, type Outbox } from "../../src/control/service/webhooks/outbox.ts";
import { createWebhooks, type Webhooks } from "../../src/control/service/webhooks/webhooks.ts";
import { type OpenDatabase, openDatabase } from "../../src/control/store/database.ts";
import { createSecrets, type Secrets } from "../../src/control/store/secrets.ts";
import { defaultScheduleOptions, type ScheduleOptions } from "../../src/control/webhooks/delivery-schedule.ts";
import {
  defaultWebhookWorkerOptions,
  WebhookWorker,
  type WebhookWorkerOptions,
} from "../../src/control/webhooks/io/webhook-worker.ts";
import { systemRandom } from "../../src/kit/io/random.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics, type Metrics } from "../../src/kit/metrics.ts";
import { databaseOf, temporaryFolder } from "./gateway.ts";

/** Real time, moved on as a test says. */
export class MovableClock {
  aheadMs = 0;
  now = (): number => performance.now() + this.aheadMs;
  wall = (): number => Date.now() + this.aheadMs;
}

/** Two public APIs: one speaks of everything, the other of texts alone and in its own words. */
export const testVoices: Voices = {
  native: {
    events: ["call.ringing", "call.ended", "text.received", "number.released"],
    eventOf: (notice) => notice.type,
    payloadOf: (notice, event) => ({ id: event.id, type: event.name, sequence: event.sequence, of: notice.subject }),
    headers: () => ({}),
  },
  agentcall: {
    events: ["sms.inbound"],
    eventOf: (notice) => (notice.type === "text.received" ? "sms.inbound" : undefined),
    payloadOf: (notice) => ({ textId: notice.subject }),
    headers: (_event, signatures) => signatureHeaders("X-AgentCall-Signature", signatures),
  },
};

/** A notice that holds no more than these tests look at. */
export function notice(type: Notice["type"], subject: string): Notice {
  return { type, subject } as Notice;
}

export interface WebhookHouse {
  readonly database: OpenDatabase;
  readonly secrets: Secrets;
  readonly clock: MovableClock;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  webhooks(orgId?: string, dialect?: "native" | "agentcall"): Webhooks;
  /** Puts notices in a transaction of their own. */
  tell(notices: readonly Notice[], orgId?: string): Promise<void>;
  /** Starts a worker; it stops with the test. */
  work(options?: WorkOptions): WebhookWorker;
}

export interface WorkOptions {
  readonly options?: Partial<WebhookWorkerOptions>;
  readonly schedule?: Partial<ScheduleOptions>;
  readonly allowPrivateTargets?: boolean;
}

export async function webhookHouse(): Promise<WebhookHouse> {
  const dataDir = temporaryFolder();
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  onTestFinished(() => database.close());
  const clock = new MovableClock();
  const random = systemRandom;
  const secrets = createSecrets("k".repeat(32), random);
  const outbox = createOutbox({ clock, random, voices: testVoices, kind: database.kind });
  const metrics = createMetrics();
  return {
    database,
    secrets,
    clock,
    outbox,
    metrics,
    webhooks: (orgId = "org_default", dialect = "native") =>
      createWebhooks({ database, secrets, clock, random, outbox, voices: testVoices, allowHttp: true }, orgId, dialect),
    tell: (notices, orgId = "org_default") =>
      database.db.transaction().execute((trx) => outbox.put(trx, orgId, notices)),
    work: ({ options, schedule, allowPrivateTargets = true } = {}) => {
      const worker = new WebhookWorker({
        database,
        openSecret: secrets.open,
        render: createRenderDelivery(testVoices),
        clock,
        random,
        log: createLogger("silent", "test"),
        metrics,
        allowPrivateTargets,
        options: { ...defaultWebhookWorkerOptions, scanMs: 20, pauseMs: 2, ...options },
        schedule: { ...defaultScheduleOptions, ...schedule },
      });
      outbox.connect((ids) => worker.wake(ids));
      worker.start();
      onTestFinished(() => worker.stop(0));
      return worker;
    },
  };
}

/** Deliveries of a webhook once `isReady` says so. */
export async function deliveriesWhen(
  webhooks: Webhooks,
  id: string,
  isReady: (statuses: readonly string[]) => boolean,
) {
  for (;;) {
    const { data } = await webhooks.deliveries(id, {}, { limit: 100, after: undefined });
    if (isReady(data.map(({ status }) => status))) return data;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

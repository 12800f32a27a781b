import { GatewayError } from "../../../kit/errors.ts";
import { makeId } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import { lockOrg } from "../../store/orgs.ts";
import {
  type DeliveryFilter,
  findDelivery,
  holdWaiting,
  hurryDeliveries,
  pageOfDeliveries,
  reviveDelivery,
} from "../../store/outbox.ts";
import {
  countWebhooks,
  deleteWebhook,
  findWebhook,
  insertWebhook,
  pageOfWebhooks,
  updateWebhook,
  type WebhookOwner,
  type WebhookRow,
} from "../../store/webhooks.ts";
import { retryLifetimeMs } from "../../webhooks/back-off.ts";
import type { ServiceDeps } from "../deps.ts";
import { type Dialect, randomBase62 } from "../orgs/keys.ts";
import type { Page, PageRequest } from "../page.ts";
import { toDelivery, type WebhookDelivery } from "./kept-delivery.ts";
import type { Voices } from "./notices.ts";
import { everyEvent, type Outbox } from "./outbox.ts";

export type { DeliveryFilter, DeliveryStatus } from "../../store/outbox.ts";

/** What a webhook is set to. */
export interface WebhookSettings {
  readonly url: string;
  /** Names in the dialect's words; `*` is all. */
  readonly events: readonly string[];
  /** False: paused. What happens meanwhile it is never told; what waits, waits on. */
  readonly enabled: boolean;
}

/** A customer's address that is told of events. */
export interface Webhook extends WebhookSettings {
  readonly id: string;
  /** Until when the former secret signs too (wall ms); null: there is one secret. */
  readonly formerSecretUntil: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The webhooks of one organisation that were made through one public API. */
export interface Webhooks {
  /** `secret` is shown once. */
  create(settings: Pick<WebhookSettings, "url" | "events">): Promise<{ webhook: Webhook; secret: string }>;
  get(id: string): Promise<Webhook>;
  list(page: PageRequest): Promise<Page<Webhook>>;
  /** Another address, or the end of a pause: what waits is sent at once. */
  update(id: string, change: Partial<WebhookSettings>): Promise<Webhook>;
  /** Also drops what it was to be told. */
  delete(id: string): Promise<void>;
  /** Makes a new secret, shown once; the former one signs beside it for `overlapMs`. */
  rotate(id: string, overlapMs?: number): Promise<{ webhook: Webhook; secret: string }>;
  deliveries(id: string, filter: DeliveryFilter, page: PageRequest): Promise<Page<WebhookDelivery>>;
  /** Sends a dead or delivered event again, as if new; refuses with conflict what still waits. */
  redeliver(id: string, deliveryId: string): Promise<WebhookDelivery>;
}

export interface WebhooksDeps extends Pick<ServiceDeps, "database" | "secrets" | "clock" | "random"> {
  readonly outbox: Pick<Outbox, "wake">;
  readonly voices: Voices;
  /** Addresses may be plain http. */
  readonly allowHttp: boolean;
}

/** Each event of an organisation may become as many rows. */
export const maxWebhooksPerOrg = 50;
export const maxWebhookUrlLength = 2_048;
/** How long the former secret signs after a rotation, unless something else is asked for, and at most. */
export const defaultOverlapMs = 24 * 3_600_000;
export const maxOverlapMs = 7 * 24 * 3_600_000;
const secretLength = 40;

export function createWebhooks(deps: WebhooksDeps, orgId: string, dialect: Dialect): Webhooks {
  const { clock, random, secrets, outbox } = deps;
  const { db } = deps.database;
  const owner: WebhookOwner = { orgId, dialect };
  const find = async (on: Db, id: string): Promise<WebhookRow> => {
    const row = await findWebhook(on, owner, id);
    if (!row) throw new GatewayError("not-found", "there is no such webhook");
    return row;
  };
  /** Begins with a change of nothing, so that two changes at once come one after the other. */
  const lock = async (trx: Db, id: string): Promise<WebhookRow> => {
    await updateWebhook(trx, orgId, (await find(trx, id)).id, { updated_at: clock.wall() });
    return find(trx, id);
  };
  const toWebhook = (row: WebhookRow): Webhook => {
    const until = row.former_secret_until;
    return {
      id: row.id,
      url: row.url,
      events: JSON.parse(row.events),
      enabled: row.enabled === 1,
      formerSecretUntil: until !== null && until > clock.wall() ? until : null,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  };
  const checkEvents = (events: readonly string[]): string => {
    const known = deps.voices[dialect]?.events ?? [];
    if (events.length === 0) throw new GatewayError("invalid-request", "names at least one event", "events");
    const strange = events.findIndex((event) => event !== everyEvent && !known.includes(event));
    if (strange >= 0) {
      throw new GatewayError("invalid-request", `must be one of ${known.join(", ")}`, `events[${strange}]`);
    }
    return JSON.stringify([...new Set(events)]);
  };
  const makeSecret = () => `whsec_${randomBase62(secretLength, random)}`;
  return {
    create: async ({ url, events }) => {
      checkUrl(url, deps.allowHttp);
      const id = makeId("webhook", random);
      const secret = makeSecret();
      const now = clock.wall();
      const row: WebhookRow = {
        id,
        org_id: orgId,
        dialect,
        url,
        events: checkEvents(events),
        enabled: 1,
        secret: secrets.seal(secret, id),
        former_secret: null,
        former_secret_until: null,
        claimed_by: null,
        claimed_until: 0,
        created_at: now,
        updated_at: now,
      };
      await db.transaction().execute(async (trx) => {
        await lockOrg(trx, orgId);
        if ((await countWebhooks(trx, orgId)) >= maxWebhooksPerOrg) {
          throw new GatewayError("conflict", `there are ${maxWebhooksPerOrg} webhooks already; delete one first`);
        }
        await insertWebhook(trx, row);
      });
      return { webhook: toWebhook(row), secret };
    },
    get: async (id) => toWebhook(await find(db, id)),
    list: async (page) => {
      const { data, next } = await pageOfWebhooks(db, owner, page);
      return { data: data.map(toWebhook), next };
    },
    update: async (id, { url, events, enabled }) => {
      if (url !== undefined) checkUrl(url, deps.allowHttp);
      const now = clock.wall();
      const change = {
        ...(url !== undefined && { url }),
        ...(events !== undefined && { events: checkEvents(events) }),
        ...(enabled !== undefined && { enabled: enabled ? 1 : 0 }),
        updated_at: now,
      };
      const row = await db.transaction().execute(async (trx) => {
        const before = await lock(trx, id);
        await updateWebhook(trx, orgId, id, change);
        const after = { ...before, ...change };
        if (after.url !== before.url || after.enabled > before.enabled) {
          await holdWaiting(trx, deps.database.kind, orgId, id);
          await hurryDeliveries(trx, id, now);
        }
        return after;
      });
      outbox.wake([id]);
      return toWebhook(row);
    },
    delete: async (id) => {
      await db.transaction().execute(async (trx) => {
        await find(trx, id);
        await holdWaiting(trx, deps.database.kind, orgId, id);
        if (!(await deleteWebhook(trx, owner, id))) throw new GatewayError("not-found", "there is no such webhook");
      });
      outbox.wake([id]);
    },
    rotate: async (id, overlapMs = defaultOverlapMs) => {
      if (!(overlapMs >= 0 && overlapMs <= maxOverlapMs)) {
        throw new GatewayError("invalid-request", `is 0 to ${maxOverlapMs}`, "overlapMs");
      }
      const secret = makeSecret();
      const now = clock.wall();
      const row = await db.transaction().execute(async (trx) => {
        const before = await lock(trx, id);
        const change = {
          secret: secrets.seal(secret, id),
          former_secret: overlapMs > 0 ? before.secret : null,
          former_secret_until: overlapMs > 0 ? now + overlapMs : null,
          updated_at: now,
        };
        await updateWebhook(trx, orgId, id, change);
        return { ...before, ...change };
      });
      outbox.wake([id]);
      return { webhook: toWebhook(row), secret };
    },
    deliveries: async (id, filter, page) => {
      await find(db, id);
      const { data, next } = await pageOfDeliveries(db, { orgId, webhookId: id }, filter, page);
      return { data: data.map(toDelivery), next };
    },
    redeliver: async (id, deliveryId) => {
      const now = clock.wall();
      const row = await db.transaction().execute(async (trx) => {
        await find(trx, id);
        const place = { orgId, webhookId: id };
        const before = await findDelivery(trx, place, deliveryId);
        if (!before) throw new GatewayError("not-found", "there is no such delivery");
        const times = { nextAt: now, retryUntil: now + retryLifetimeMs };
        if (!(await reviveDelivery(trx, before.position, times))) {
          throw new GatewayError("conflict", "the delivery has not ended yet");
        }
        return { ...before, status: "pending", attempts: 0, next_at: now };
      });
      outbox.wake([id]);
      return toDelivery(row);
    },
  };
}

/** An address of the customer's; whether it is a public one is seen when it is connected to, each time. */
function checkUrl(text: string, allowHttp: boolean): void {
  const fault = (message: string) => new GatewayError("invalid-request", message, "url");
  if (text.length > maxWebhookUrlLength) throw fault(`has at most ${maxWebhookUrlLength} characters`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && !(url?.protocol === "http:" && allowHttp)) {
    throw fault(`must be an ${allowHttp ? "http:// or " : ""}https:// URL`);
  }
  if (url.username !== "" || url.password !== "") throw fault("must not hold a user name or password");
}

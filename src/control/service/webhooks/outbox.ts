import type { Clock } from "../../../kit/clock.ts";
import { makeId, type RandomBytes } from "../../../kit/ids.ts";
import type { Db } from "../../store/database.ts";
import type { DatabaseKind } from "../../store/database-kind.ts";
import { insertDeliveries, type NewDeliveryRow } from "../../store/outbox.ts";
import { heldWebhooks } from "../../store/webhooks.ts";
import { retryLifetimeMs } from "../../webhooks/back-off.ts";
import type { RenderDelivery } from "../../webhooks/rendered-delivery.ts";
import type { Dialect } from "../orgs/keys.ts";
import type { DialectVoice, Notice, NoticeEvent, Voices } from "./notices.ts";

/** An event name that stands for all of them. */
export const everyEvent = "*";

/** What happened, kept until customers' webhooks have been told. */
export interface Outbox {
  /**
   * Writes one row for each webhook of the organisation that wants a notice, inside the caller's transaction: what is
   * rolled back is never told. Called after the subject's own row was written, whose lock then keeps the order.
   */
  put(db: Db, orgId: string, notices: readonly Notice[]): Promise<void>;
  /** Names who sends: told of webhooks that have news, maybe before the news is committed. */
  connect(wake: (webhookIds: readonly string[]) => void): void;
  /** Something about these webhooks has changed. */
  wake(webhookIds: readonly string[]): void;
}

export function createOutbox({
  clock,
  random,
  voices,
  kind,
}: {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly voices: Voices;
  readonly kind: DatabaseKind;
}): Outbox {
  let wake: (webhookIds: readonly string[]) => void = () => {};
  return {
    put: async (db, orgId, notices) => {
      if (notices.length === 0) return;
      const webhooks = await heldWebhooks(db, kind, orgId);
      if (webhooks.length === 0) return;
      const listeners = webhooks.map(({ id, dialect, events }) => ({
        id,
        voice: voiceOf(voices, dialect),
        wanted: new Set<string>(JSON.parse(events)),
      }));
      const now = clock.wall();
      const rows: NewDeliveryRow[] = [];
      for (const notice of notices) {
        const eventId = makeId("event", random);
        const text = JSON.stringify(notice);
        for (const { id, voice, wanted } of listeners) {
          const event = voice?.eventOf(notice);
          if (event === undefined || !(wanted.has(event) || wanted.has(everyEvent))) continue;
          rows.push({
            id: makeId("delivery", random),
            org_id: orgId,
            webhook_id: id,
            event_id: eventId,
            event,
            subject: notice.subject,
            notice: text,
            status: "pending",
            attempts: 0,
            next_at: now,
            retry_until: now + retryLifetimeMs,
            created_at: now,
          });
        }
      }
      await insertDeliveries(db, rows);
      if (rows.length > 0) wake([...new Set(rows.map((row) => row.webhook_id))]);
    },
    connect: (given) => {
      wake = given;
    },
    wake: (webhookIds) => wake(webhookIds),
  };
}

/** How the worker puts a row into the words of its webhook's API. */
export function createRenderDelivery(voices: Voices): RenderDelivery {
  return (row, dialect) => {
    const voice = voiceOf(voices, dialect);
    if (!voice) throw new Error(`no voice for webhooks of ${dialect}`);
    const notice = JSON.parse(row.notice) as Notice;
    const event: NoticeEvent = {
      id: row.event_id,
      name: row.event,
      sequence: row.position,
      createdAt: row.created_at,
    };
    return {
      body: JSON.stringify(voice.payloadOf(notice, event)),
      headers: (signatures) => voice.headers(event, signatures),
    };
  };
}

function voiceOf(voices: Voices, dialect: string): DialectVoice | undefined {
  return Object.hasOwn(voices, dialect) ? voices[dialect as Dialect] : undefined;
}

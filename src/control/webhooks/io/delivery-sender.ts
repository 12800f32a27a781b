import type { Clock } from "../../../kit/clock.ts";
import type { GuardedHttp } from "../../../kit/io/guarded-http.ts";
import type { Logger } from "../../../kit/log.ts";
import type { DueDelivery } from "../../store/outbox.ts";
import type { WebhookRow } from "../../store/webhooks.ts";
import type { RenderDelivery } from "../rendered-delivery.ts";
import { signDelivery } from "../signing.ts";
import { type DeliveryAnswer, type DeliveryRequest, sendDelivery } from "./send-delivery.ts";

export interface DeliverySenderDeps {
  /** Opens a sealed secret of a webhook. */
  readonly openSecret: (sealed: string, webhookId: string) => string;
  readonly render: RenderDelivery;
  readonly clock: Clock;
  readonly log: Logger;
  /** Receivers may be private addresses and plain http. */
  readonly allowPrivateTargets: boolean;
}

/** Opened secrets that are kept. */
const maxSecrets = 5_000;

/** Makes a row into a signed request and sends it. */
export class DeliverySender {
  readonly #deps: DeliverySenderDeps;
  readonly #http: GuardedHttp;
  readonly #limits: Pick<DeliveryRequest, "timeoutMs" | "signal">;
  /** Opened secrets by how they are sealed; thrown away when they are many. */
  readonly #secrets = new Map<string, string>();

  constructor(deps: DeliverySenderDeps, http: GuardedHttp, limits: Pick<DeliveryRequest, "timeoutMs" | "signal">) {
    this.#deps = deps;
    this.#http = http;
    this.#limits = limits;
  }

  /** One attempt; never rejects. */
  async send(row: DueDelivery, webhook: WebhookRow): Promise<DeliveryAnswer> {
    const { clock, log, render, allowPrivateTargets } = this.#deps;
    try {
      const { body, headers } = render(row, webhook.dialect);
      const now = clock.wall();
      const signatures = signDelivery(body, this.#secretsOf(webhook, now), now / 1000);
      return await sendDelivery(this.#http, {
        url: webhook.url,
        body,
        headers: {
          ...headers(signatures.plain),
          "content-type": "application/json",
          "user-agent": "Tandem-Webhooks/1",
          "x-tandem-signature": signatures.header,
          "x-tandem-event": row.event,
          "x-tandem-event-id": row.event_id,
          "x-tandem-sequence": String(row.position),
          "x-tandem-delivery-id": row.id,
          "x-tandem-attempt": String(row.attempts + 1),
        },
        timeoutMs: this.#limits.timeoutMs,
        allowPrivate: allowPrivateTargets,
        signal: this.#limits.signal,
      });
    } catch (error) {
      log.error({ err: error, deliveryId: row.id, webhookId: row.webhook_id }, "a webhook delivery could not be made");
      return { status: null, error: "the gateway could not make the request" };
    }
  }

  #secretsOf(webhook: WebhookRow, now: number): string[] {
    const { secret, former_secret: former, former_secret_until: until } = webhook;
    const sealed = former !== null && until !== null && until > now ? [secret, former] : [secret];
    return sealed.map((text) => this.#openSecret(text, webhook.id));
  }

  #openSecret(sealed: string, webhookId: string): string {
    const known = this.#secrets.get(sealed);
    if (known !== undefined) return known;
    if (this.#secrets.size >= maxSecrets) this.#secrets.clear();
    const secret = this.#deps.openSecret(sealed, webhookId);
    this.#secrets.set(sealed, secret);
    return secret;
  }
}

import { createHmac } from "node:crypto";
import { signRequest } from "../../kit/signature.ts";

/** The signatures of one body. */
export interface DeliverySignatures {
  /** `t=<unix s>,v1=<hex>`, one `v1` for each secret. */
  readonly header: string;
  /** HMAC-SHA256 of the raw body in hex, one for each secret, the newest first. */
  readonly plain: readonly string[];
}

/** Signs a body sent at `nowS` (seconds since 1970) with each secret; two while a webhook's secret is being changed. */
export function signDelivery(body: string, secrets: readonly string[], nowS: number): DeliverySignatures {
  const [first = "", ...others] = secrets.map((secret) => signRequest(body, secret, nowS));
  return {
    header: [first, ...others.map((signed) => signed.slice(signed.indexOf(",") + 1))].join(","),
    plain: secrets.map((secret) => createHmac("sha256", secret).update(body).digest("hex")),
  };
}

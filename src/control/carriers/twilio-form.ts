import type { FastifyRequest } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import type { Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { isSignedByTwilio } from "./twilio.ts";

/** What Twilio's signature is checked with. */
export interface TwilioFormDeps {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly publicUrl: string;
  /** "": nothing can be checked, and everything is refused. */
  readonly authToken: string;
}

/** Largest form that is read. */
export const maxTwilioFormBytes = 65_536;

/** The fields of a webhook's form, which comes as `{ fields }`; refuses what Twilio did not sign. */
export function readTwilioForm(request: FastifyRequest, deps: TwilioFormDeps): URLSearchParams {
  const { metrics, log, publicUrl, authToken } = deps;
  if (authToken === "") {
    throw new GatewayError("unavailable", "set TWILIO_AUTH_TOKEN so that Twilio's signature can be checked");
  }
  const fields = new URLSearchParams((request.body as { fields?: [string, string][] } | null)?.fields ?? []);
  const header = request.headers["x-twilio-signature"];
  const signature = typeof header === "string" ? header : undefined;
  if (!isSignedByTwilio({ url: publicUrl + request.url, signature, fields }, authToken)) {
    metrics.errors.inc({ kind: "twilio-signature" });
    log.warn(
      { url: publicUrl + (request.routeOptions.url ?? "") },
      "Twilio webhook: wrong signature (check TANDEM_PUBLIC_URL)",
    );
    throw new GatewayError("forbidden", "the X-Twilio-Signature does not match");
  }
  return fields;
}

/** A Twilio id (`CallSid`, `MessageSid`) in a form; refuses one that is missing or no id. */
export function readTwilioSid(fields: URLSearchParams, name: string): string {
  const sid = fields.get(name) ?? "";
  if (!/^[A-Za-z0-9]{1,64}$/.test(sid)) throw new GatewayError("invalid-request", `${name} is missing`, name);
  return sid;
}

import type { FastifyInstance } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import { parseE164 } from "../../kit/ids.ts";
import type { Logger } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallControl } from "../calls/call-control.ts";
import { isSignedByTwilio, renderConnectStream, renderReject } from "./twilio.ts";

export interface TwilioWebhookDeps {
  readonly callControl: Pick<CallControl, "openStream">;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly publicUrl: string;
  readonly authToken: string;
}

const maxFormBytes = 65_536;

/** `POST /carriers/twilio/voice`: a call comes in at Twilio; the answer sends its audio to us, or turns it away. The form comes as `{ fields }`. */
export function twilioVoiceWebhook(app: FastifyInstance, deps: TwilioWebhookDeps): void {
  const { callControl, metrics, log, publicUrl, authToken } = deps;
  app.post("/carriers/twilio/voice", { bodyLimit: maxFormBytes }, async (request, reply) => {
    if (authToken === "") {
      throw new GatewayError("unavailable", "set TWILIO_AUTH_TOKEN so that Twilio's signature can be checked");
    }
    const fields = new URLSearchParams((request.body as { fields?: [string, string][] } | null)?.fields ?? []);
    const signature = request.headers["x-twilio-signature"];
    const url = publicUrl + request.url;
    if (
      !isSignedByTwilio({ url, signature: typeof signature === "string" ? signature : undefined, fields }, authToken)
    ) {
      metrics.errors.inc({ kind: "twilio-signature" });
      log.warn(
        { url: publicUrl + (request.routeOptions.url ?? "") },
        "Twilio webhook: wrong signature (check TANDEM_PUBLIC_URL)",
      );
      throw new GatewayError("forbidden", "the X-Twilio-Signature does not match");
    }
    const carrierCallId = fields.get("CallSid") ?? "";
    if (!/^[A-Za-z0-9]{1,64}$/.test(carrierCallId)) {
      throw new GatewayError("invalid-request", "CallSid is missing", "CallSid");
    }
    reply.type("text/xml; charset=utf-8");
    const to = parseE164(fields.get("To") ?? "");
    if (!to) return renderReject("rejected");
    try {
      const from = (fields.get("From") ?? "").slice(0, 128);
      const ticket = await callControl.openStream({ carrier: "twilio", to, from, metadata: {}, carrierCallId });
      return renderConnectStream(ticket.url, ticket.token);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code === "internal") throw error;
      log.warn({ carrierCallId, reason: error.code }, "Twilio call turned away");
      return renderReject(error.code === "unavailable" || error.code === "rate-limited" ? "busy" : "rejected");
    }
  });
}

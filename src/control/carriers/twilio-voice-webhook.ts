import type { FastifyInstance } from "fastify";
import { GatewayError } from "../../kit/errors.ts";
import { parseE164 } from "../../kit/ids.ts";
import type { CallControl } from "../calls/call-control.ts";
import { renderConnectStream, renderReject } from "./twilio.ts";
import { maxTwilioFormBytes, readTwilioForm, readTwilioSid, type TwilioFormDeps } from "./twilio-form.ts";

export interface TwilioWebhookDeps extends TwilioFormDeps {
  readonly callControl: Pick<CallControl, "openStream">;
}

/** `POST /carriers/twilio/voice`: a call comes in at Twilio; the answer sends its audio to us, or turns it away. */
export function twilioVoiceWebhook(app: FastifyInstance, deps: TwilioWebhookDeps): void {
  const { callControl, log } = deps;
  app.post("/carriers/twilio/voice", { bodyLimit: maxTwilioFormBytes }, async (request, reply) => {
    const fields = readTwilioForm(request, deps);
    const carrierCallId = readTwilioSid(fields, "CallSid");
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

import type { FastifyInstance } from "fastify";
import { type E164, parseE164 } from "../../kit/ids.ts";
import { maxTwilioFormBytes, readTwilioForm, readTwilioSid, type TwilioFormDeps } from "./twilio-form.ts";

export interface TwilioTextWebhookDeps extends TwilioFormDeps {
  /** Keeps a text, once however often it is brought; tells what became of it. */
  readonly receiveText: (text: {
    readonly from: string;
    readonly to: E164;
    readonly body: string;
    readonly carrier: { readonly name: string; readonly textId: string };
  }) => Promise<{ readonly type: "kept" | "duplicate" | "unknown-number" }>;
}

/** Longest sender: a number, a short code or a name of 11 letters. */
const maxSenderLength = 64;
/** Twilio joins the parts of a long text: at most 1600 characters. */
const maxBodyLength = 4096;

/** TwiML that says nothing: answers are sent as texts of their own. */
const noAnswer = '<?xml version="1.0" encoding="UTF-8"?><Response/>';

/** `POST /carriers/twilio/sms`: a text comes in at Twilio. Brought again (Twilio repeats what was not answered), it is kept once. */
export function twilioTextWebhook(app: FastifyInstance, deps: TwilioTextWebhookDeps): void {
  const { receiveText, metrics, log } = deps;
  app.post("/carriers/twilio/sms", { bodyLimit: maxTwilioFormBytes }, async (request, reply) => {
    const fields = readTwilioForm(request, deps);
    const textId = readTwilioSid(fields, "MessageSid");
    const to = parseE164(fields.get("To") ?? "");
    const from = (fields.get("From") ?? "").slice(0, maxSenderLength);
    const body = (fields.get("Body") ?? "").replaceAll("\0", "").slice(0, maxBodyLength);
    const arrival = to
      ? await receiveText({ from, to, body, carrier: { name: "twilio", textId } })
      : { type: "unknown-number" as const };
    metrics.texts.inc({ direction: "inbound", status: arrival.type });
    log.info({ carrierTextId: textId, status: arrival.type }, "text");
    reply.type("text/xml; charset=utf-8");
    return noAnswer;
  });
}

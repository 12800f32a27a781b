/** Sends a call's summary on its channel, and says what came of it. */

import { GatewayError, type GatewayErrorCode } from "../../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import { countryOf } from "../../carriers/local-inventory.ts";
import type { Db } from "../../store/database.ts";
import { findNumberByE164 } from "../../store/numbers.ts";
import type { SummaryRow } from "../../store/summaries.ts";
import type { Texts } from "../texts/texts.ts";
import type { SummaryChannel } from "./call-summaries.ts";
import { mailWords, type SummaryContent, textWords } from "./summary-words.ts";

/** An e-mail of plain text. */
export interface Mail {
  /** One address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for every attempt, so that a mailbox that gets it twice can tell. */
  readonly key: string;
}

/** What came of an attempt: `again` when a later one may go better. `detail` is for the customer and names no secret. */
export type SendOutcome = { readonly type: "sent" } | { readonly type: "again" | "failed"; readonly detail: string };

/** The way to a mail server. */
export interface Mailer {
  /** Never rejects. */
  send(mail: Mail): Promise<SendOutcome>;
}

export interface SummarySenderDeps {
  readonly db: Db;
  /** A text: why there is none; else the way. */
  readonly mailer: Mailer | string;
  readonly texts: (orgId: OrgId) => Pick<Texts, "send">;
}

/** Refusals that pass by themselves, or with money. */
const passing: ReadonlySet<GatewayErrorCode> = new Set(["payment-required", "rate-limited", "unavailable", "internal"]);

/** Makes one attempt; rejects only when the database does not answer. */
export function createSummarySender({
  db,
  mailer,
  texts,
}: SummarySenderDeps): (row: SummaryRow) => Promise<SendOutcome> {
  const mail = async (row: SummaryRow, content: SummaryContent): Promise<SendOutcome> =>
    typeof mailer === "string"
      ? { type: "failed", detail: mailer }
      : mailer.send({ ...mailWords(content), to: row.recipient, key: `${row.call_id}.summary` });

  const text = async (row: SummaryRow, content: SummaryContent): Promise<SendOutcome> => {
    const from = await findNumberByE164(db, row.org_id, content.number);
    if (!from) return { type: "failed", detail: "the number was given back meanwhile" };
    if (from.type !== "local" || countryOf(from.number as E164) !== "US") {
      return { type: "failed", detail: "summaries are texted from local numbers of the United States alone" };
    }
    if (!parseE164(row.recipient)) return { type: "failed", detail: "notify.smsTo is no E.164 number" };
    try {
      await texts(row.org_id as OrgId).send({
        from: content.number,
        to: row.recipient,
        body: textWords(content),
        // After a crash between the text and the note that it was sent, the same text is found again.
        idempotencyKey: `summary of ${row.call_id}`,
      });
      return { type: "sent" };
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { type: passing.has(error.code) ? "again" : "failed", detail: error.message };
    }
  };

  const channels = { email: mail, text } as const satisfies Record<SummaryChannel, typeof mail>;
  return (row) => channels[row.channel as SummaryChannel](row, JSON.parse(row.content) as SummaryContent);
}

/** Who is mailed or texted what a call came to: decided as it ends, sent by a worker, told by the API. */
import type { E164 } from "../../../kit/ids.ts";
import { utterancesOf } from "../../store/call-details.ts";
import type { CallRow } from "../../store/calls.ts";
import type { Db } from "../../store/database.ts";
import { findNumberByE164 } from "../../store/numbers.ts";
import { insertSummaries, type SummaryRow, type SummaryStatus } from "../../store/summaries.ts";
import { retryLifetimeMs } from "../../webhooks/back-off.ts";
import { readInboundExtra } from "../numbers/extras.ts";
import type { Summarise } from "./summary.ts";
import type { SummaryContent } from "./summary-words.ts";
import { toUtterance } from "./timeline.ts";

/** Ways by which a summary goes out. */
export type SummaryChannel = "email" | "text";

/** What became, or is to become, of a summary on one channel. Instants are wall ms. */
export interface SummaryDelivery {
  readonly channel: SummaryChannel;
  /** E-mail address or E.164. */
  readonly to: string;
  readonly status: SummaryStatus;
  /** Why the last attempt failed, or why nothing is sent. */
  readonly detail: string | null;
  readonly attempts: number;
  /** Null: there is none. */
  readonly nextAttemptAt: number | null;
  readonly createdAt: number;
  readonly settledAt: number | null;
}

/**
 * Writes down who is to be told of a call that has just ended, in the transaction of its ending. Only calls that came in
 * to an agent and have a transcript are told; of spam it is only kept that nobody was.
 */
export async function putSummaries(db: Db, call: CallRow, summarise: Summarise, now: number): Promise<void> {
  if (call.direction !== "inbound" || call.agent_id === null || call.started_at === null) return;
  const number = await findNumberByE164(db, call.org_id, call.to_number);
  const notify = number && readInboundExtra(number).notify;
  if (!notify) return;
  const wanted: readonly (readonly [SummaryChannel, string | null])[] = [
    ["email", notify.emailTo],
    ["text", notify.smsTo],
  ];
  const recipients = wanted.flatMap(([channel, to]) => (to ? [{ channel, to }] : []));
  if (recipients.length === 0) return;
  const transcript = (await utterancesOf(db, call.id)).map(toUtterance);
  if (transcript.length === 0) return;
  const summary = summarise(transcript);
  const content: SummaryContent = {
    summary,
    from: call.from_number,
    number: call.to_number as E164,
    calledAt: call.created_at,
    businessName: notify.businessName,
    agencyName: notify.agencyName,
  };
  const rows = recipients.map(({ channel, to }) => ({
    call_id: call.id,
    channel,
    org_id: call.org_id,
    recipient: to,
    content: JSON.stringify(content),
    status: summary.spam ? "suppressed" : "pending",
    detail: summary.spam ? "the call was spam" : null,
    attempts: 0,
    next_at: now,
    retry_until: now + retryLifetimeMs,
    created_at: now,
    settled_at: summary.spam ? now : null,
  }));
  await insertSummaries(db, rows);
}

/** The delivery of a row. */
export function toSummaryDelivery(row: SummaryRow): SummaryDelivery {
  return {
    channel: row.channel as SummaryChannel,
    to: row.recipient,
    status: row.status as SummaryStatus,
    detail: row.detail,
    attempts: row.attempts,
    nextAttemptAt: row.status === "pending" ? row.next_at : null,
    createdAt: row.created_at,
    settledAt: row.settled_at,
  };
}

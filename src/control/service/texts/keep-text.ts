import { GatewayError } from "../../../kit/errors.ts";
import { makeId, type OrgId } from "../../../kit/ids.ts";
import type { NewText, TextDirection, TextStatus } from "../../exchange/text.ts";
import { findOptOut, joinConversation, type TextPair } from "../../store/conversations.ts";
import type { Db } from "../../store/database.ts";
import { ownerOfNumber } from "../../store/phones.ts";
import { insertText, type TextRow } from "../../store/texts.ts";
import type { TextDeps, TextNotice } from "./deps.ts";
import { segmentText } from "./segments.ts";
import { type TextMetadata, toText } from "./text.ts";

/** Name under which texts between our own numbers are kept. */
export const ownCarrier = "local";

/** A text to be kept as going out. */
export interface OutgoingText {
  readonly orgId: OrgId;
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly direction: TextDirection;
  /** One of our numbers is on it: which, and who is on the other side; undefined: between phones. */
  readonly pair: { readonly number: string; readonly contact: string } | undefined;
  readonly metadata: TextMetadata;
  readonly idempotencyKey: string | null;
  /** An answer to a keyword: costs nothing, and goes to who has said STOP too. */
  readonly isAnswer: boolean;
}

const noticeOf = {
  sent: "text.sent",
  delivered: "text.delivered",
  failed: "text.failed",
  received: "text.received",
} as const satisfies Partial<Record<TextStatus, TextNotice["type"]>>;

/** A row with what every text has. */
export function newRow(
  { clock, random, nodes }: Pick<TextDeps, "clock" | "random" | "nodes">,
  text: NewText,
  direction: TextDirection,
  status: TextStatus,
): TextRow {
  const now = clock.wall();
  return {
    id: makeId("text", random),
    org_id: text.orgId,
    conversation_id: null,
    direction,
    from_number: text.from,
    to_number: text.to,
    body: text.body,
    status,
    detail: null,
    segments: segmentText(text.body).segments.length,
    carrier: null,
    carrier_text_id: null,
    otp: null,
    otp_taken_at: null,
    metadata: "{}",
    idempotency_key: null,
    node_id: nodes.id ?? null,
    created_at: now,
    updated_at: now,
  };
}

/**
 * Keeps and charges a text that goes out, in the caller's transaction; nothing has left yet. Refuses with forbidden who
 * has asked for no texts.
 */
export async function keepOutgoing(deps: TextDeps, db: Db, text: OutgoingText): Promise<TextRow> {
  const { orgId, from, to, body, pair, direction } = text;
  const isOurs = direction === "outbound" && (await ownerOfNumber(db, to)) !== undefined;
  const row: TextRow = {
    ...newRow(deps, { orgId, from, to, body }, direction, isOurs ? "sent" : "queued"),
    // The other end of a text among ourselves is kept by us: from here on it cannot be lost.
    carrier: isOurs ? ownCarrier : null,
    metadata: JSON.stringify(text.metadata),
    idempotency_key: text.idempotencyKey,
  };
  if (pair) row.conversation_id = await join(deps, db, { orgId, ...pair }, body);
  if (text.isAnswer) {
    // After the text it answers, though it is kept in the same millisecond.
    row.created_at += 1;
  } else {
    if (pair && (await findOptOut(db, { orgId, ...pair }))?.opted_out === 1) {
      const reason = { reason: "opted-out" } as const;
      throw new GatewayError("forbidden", "this contact has asked for no more texts (STOP)", "to", reason);
    }
    // What stays between our own phones and numbers costs nothing.
    if (direction === "outbound")
      await deps.money.charge(db, orgId, { item: "text.outbound", quantity: 1, ref: row.id });
  }
  await insertText(db, row);
  if (isOurs) await tell(deps, db, row);
  return row;
}

/** Adds a text to the conversation of a pair; gives the conversation's id. */
export function join(
  { clock, random }: Pick<TextDeps, "clock" | "random">,
  db: Db,
  pair: TextPair,
  body: string,
): Promise<string> {
  return joinConversation(db, pair, { newId: makeId("conversation", random), body, now: clock.wall() });
}

/** Tells the customer where a text now stands. Texts between phones are nobody's business. */
export async function tell({ outbox }: TextDeps, db: Db, row: TextRow): Promise<void> {
  const status = row.status as TextStatus;
  if (row.conversation_id === null || status === "queued") return;
  const text = toText(row);
  const about = { subject: text.id, text };
  const notices: TextNotice[] = [{ ...about, type: noticeOf[status] }];
  if (status === "received" && row.otp !== null) notices.push({ ...about, type: "text.otp", otp: row.otp });
  await outbox.put(db, text.orgId, notices);
}

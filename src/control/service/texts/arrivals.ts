import { GatewayError } from "../../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { TextDirection } from "../../exchange/text.ts";
import { findOptOut, saveOptOut } from "../../store/conversations.ts";
import type { Db } from "../../store/database.ts";
import { insertText, type TextRow } from "../../store/texts.ts";
import type { TextDeps } from "./deps.ts";
import { join, keepOutgoing, newRow, tell } from "./keep-text.ts";
import { applyKeyword, readKeyword } from "./keywords.ts";
import { extractOtp } from "./otp.ts";

/** A text that comes to one of our numbers. */
export interface ArrivingText {
  readonly from: string;
  readonly to: E164;
  readonly body: string;
  /** The company that brings it; undefined: a trunk or a phone of ours. */
  readonly carrier?: { readonly name: string; readonly textId: string };
}

/** A text that was kept, and the answer to its keyword, kept too and to be sent. */
export interface KeptArrival {
  readonly row: TextRow;
  readonly reply: TextRow | undefined;
}

/** Keeps a text at one of our numbers, in the caller's transaction. */
export async function keepArriving(
  deps: TextDeps,
  trx: Db,
  arriving: ArrivingText,
  { orgId, direction }: { readonly orgId: OrgId; readonly direction: TextDirection },
): Promise<KeptArrival> {
  const { from, to, body, carrier } = arriving;
  const row: TextRow = {
    ...newRow(deps, { orgId, from, to, body }, direction, "received"),
    carrier: carrier?.name ?? null,
    carrier_text_id: carrier?.textId ?? null,
  };
  const pair = { number: to, contact: from };
  row.conversation_id = await join(deps, trx, { orgId, ...pair }, body);
  const answer = await heedKeyword(deps, trx, orgId, arriving);
  if (direction === "inbound") {
    const order = { item: "text.inbound", quantity: 1, ref: row.id, alreadyDone: true } as const;
    await deps.money.charge(trx, orgId, order);
  }
  row.otp = await readOtp(deps, trx, row);
  await insertText(trx, row);
  await tell(deps, trx, row);
  // Who has no number that can be written to (a short code, a hidden number) gets no answer.
  const canAnswer = direction === "internal" || parseE164(from) !== undefined;
  const reply =
    answer === undefined || !canAnswer
      ? undefined
      : await keepOutgoing(deps, trx, {
          orgId,
          from: to,
          to: from,
          body: answer,
          direction: parseE164(from) ? "outbound" : "internal",
          pair,
          metadata: {},
          idempotencyKey: null,
          isAnswer: true,
        });
  return { row, reply };
}

/** Heeds STOP, START and HELP before anything else is done with a text; gives the answer to be sent. */
async function heedKeyword(
  { clock }: TextDeps,
  db: Db,
  orgId: OrgId,
  { from, to, body }: ArrivingText,
): Promise<string | undefined> {
  const keyword = readKeyword(body);
  if (keyword === undefined) return undefined;
  const known = await findOptOut(db, { orgId, number: to, contact: from });
  const consent = { isOptedOut: known?.opted_out === 1, helpedAt: known?.helped_at ?? null };
  const now = clock.wall();
  const outcome = applyKeyword(keyword, consent, now);
  if (!outcome) return undefined;
  const { isOptedOut, helpedAt } = outcome.consent;
  await saveOptOut(db, {
    org_id: orgId,
    number: to,
    contact: from,
    opted_out: isOptedOut ? 1 : 0,
    helped_at: helpedAt,
    updated_at: now,
  });
  return outcome.reply;
}

/** The code in a text, counted for the plan; null: none, or the plan's codes are used up. */
async function readOtp({ money }: TextDeps, db: Db, { id, org_id: orgId, body }: TextRow): Promise<string | null> {
  const otp = extractOtp(body);
  if (otp === undefined) return null;
  try {
    await money.charge(db, orgId as OrgId, { item: "otp", quantity: 1, ref: id });
    return otp;
  } catch (error) {
    if (error instanceof GatewayError && (error.code === "forbidden" || error.code === "payment-required")) return null;
    throw error;
  }
}

import { GatewayError } from "../../../kit/errors.ts";
import { type E164, makeId, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { NewText, TextCarrier, TextDirection, TextOutcome, TextRecords, TextStatus } from "../../exchange/text.ts";
import { findOptOut, joinConversation, saveOptOut } from "../../store/conversations.ts";
import type { Db } from "../../store/database.ts";
import { ownerOfNumber } from "../../store/phones.ts";
import { findCarrierText, insertText, moveText, type TextRow, textsInStatus } from "../../store/texts.ts";
import type { TextDeps, TextNotice } from "./deps.ts";
import { applyKeyword, readKeyword } from "./keywords.ts";
import { extractOtp } from "./otp.ts";
import { segmentText } from "./segments.ts";
import { type TextMetadata, toText } from "./text.ts";

/** Name under which texts between our own numbers are kept. */
export const ownCarrier = "local";

/** Why a text between our own numbers failed. */
const noOwner = "the number was given back meanwhile";

/** A text that comes to one of our numbers. */
export interface ArrivingText {
  readonly from: string;
  readonly to: E164;
  readonly body: string;
  /** The company that brings it; undefined: a trunk or a phone of ours. */
  readonly carrier?: { readonly name: string; readonly textId: string };
}

/** What became of a text that came: kept now, kept before, or for nobody here. */
export type Arrival =
  | { readonly type: "kept" | "duplicate"; readonly textId: string; readonly orgId: OrgId }
  | { readonly type: "unknown-number" };

/** The texts of all organisations, for who brings and carries them. */
export interface GatewayTexts {
  /** For our own exchange. */
  readonly records: TextRecords;
  /**
   * Gives the texts to our own exchange. Texts of a former life of the gateway between our own numbers are delivered;
   * the others, whose fate nobody knows, have failed.
   */
  connect(carrier: TextCarrier): Promise<void>;
  /** True when texts can be sent over our own exchange. */
  readonly isConnected: boolean;
  /** Keeps a text from outside, once however often it is brought. */
  receive(text: ArrivingText): Promise<Arrival>;
  /** Notes what a carrier says became of a text of ours. */
  noteReceipt(textId: string, outcome: TextOutcome): Promise<void>;
  /** Sends what was kept by `keepOutgoing`; resolves when a text for a number of ours is there, else at once. */
  dispatch(row: TextRow): Promise<void>;
  /** Lets all go who wait for codes, because the gateway stops. Twice is fine. */
  stopWaiting(): void;
}

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

/** Statuses a text may leave for another. */
const before = {
  sent: ["queued"],
  delivered: ["queued", "sent"],
  failed: ["queued", "sent"],
} as const satisfies Record<TextOutcome["status"], readonly TextStatus[]>;

const noticeOf = {
  sent: "text.sent",
  delivered: "text.delivered",
  failed: "text.failed",
  received: "text.received",
} as const satisfies Partial<Record<TextStatus, TextNotice["type"]>>;

/** A row with what every text has. */
export function newRow(
  { clock, random }: Pick<TextDeps, "clock" | "random">,
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
      await deps.money?.charge(db, orgId, { item: "text.outbound", quantity: 1, ref: row.id });
  }
  await insertText(db, row);
  if (isOurs) await tell(deps, db, row);
  return row;
}

export function createGatewayTexts(deps: TextDeps): GatewayTexts {
  const { clock, otpWaiters } = deps;
  const { db, kind } = deps.database;
  let exchange: TextCarrier | undefined;

  const settle = (id: string, { status, detail }: TextOutcome) =>
    db.transaction().execute(async (trx) => {
      const change = { status, detail, updated_at: clock.wall() };
      const was =
        status === "delivered" ? await moveText(trx, id, ["queued"], { ...change, status: "sent" }) : undefined;
      if (was) await tell(deps, trx, was);
      const row = await moveText(trx, id, before[status], change);
      if (!row) return;
      if (status === "failed") await deps.money?.refund(trx, row.org_id as OrgId, row.id);
      await tell(deps, trx, row);
    });

  /** Keeps a text at one of our numbers, or finds it kept; gives also the answer to a keyword, to be sent. */
  const keepArriving = async (trx: Db, orgId: OrgId, arriving: ArrivingText, direction: TextDirection) => {
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
      await deps.money?.charge(trx, orgId, order);
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
  };

  const receiveFor = async (orgId: OrgId, arriving: ArrivingText, direction: TextDirection): Promise<Arrival> => {
    const { carrier } = arriving;
    const find = async () => {
      const known = carrier && (await findCarrierText(db, carrier.name, carrier.textId));
      return known && ({ type: "duplicate", textId: known.id, orgId: known.org_id as OrgId } as const);
    };
    const known = await find();
    if (known) return known;
    let kept: Awaited<ReturnType<typeof keepArriving>>;
    try {
      kept = await db.transaction().execute((trx) => keepArriving(trx, orgId, arriving, direction));
    } catch (error) {
      // Brought twice at the same time: the other one has it.
      const other = kind.isDuplicate(error) ? await find() : undefined;
      if (other) return other;
      throw error;
    }
    const { row, reply } = kept;
    if (row.otp !== null) otpWaiters.publish({ orgId, number: row.to_number }, toText(row));
    if (reply) await dispatch(reply);
    return { type: "kept", textId: row.id, orgId };
  };

  const receive = async (arriving: ArrivingText): Promise<Arrival> => {
    const owner = await ownerOfNumber(db, arriving.to);
    return owner === undefined ? { type: "unknown-number" } : receiveFor(owner as OrgId, arriving, "inbound");
  };

  const dispatch = async (row: TextRow): Promise<void> => {
    const { id, from_number: from, to_number: to, body } = row;
    const [sender, receiver] = [parseE164(from), parseE164(to)];
    if (row.carrier === ownCarrier && receiver) {
      const { type } = await receive({ from, to: receiver, body, carrier: { name: ownCarrier, textId: id } });
      const isThere = type !== "unknown-number";
      await settle(id, isThere ? { status: "delivered", detail: null } : { status: "failed", detail: noOwner });
      return;
    }
    const company = row.direction === "outbound" && sender ? await deps.carrierOf?.(db, sender) : undefined;
    if (company && sender && receiver) {
      company
        .sendText({ textId: id, from: sender, to: receiver, body })
        .then(
          ({ status, detail }) => settle(id, { status, detail: detail || null }),
          () => settle(id, { status: "failed", detail: "the carrier cannot be reached" }),
        )
        // It stays queued; the gateway's next start notes it as failed.
        .catch(() => undefined);
      return;
    }
    if (exchange) exchange.carry(id, { orgId: row.org_id as OrgId, from, to, body }, row.direction as TextDirection);
    else await settle(id, { status: "failed", detail: "texts cannot be sent now" });
  };

  return {
    records: {
      ownerOf: async (number) => (await ownerOfNumber(db, number)) as OrgId | undefined,
      add: async (text, direction, status) => {
        const to = parseE164(text.to);
        if (status === "received" && to) {
          const arrival = await receiveFor(text.orgId, { from: text.from, to, body: text.body }, direction);
          if (arrival.type !== "unknown-number") return arrival.textId;
        }
        const row = newRow(deps, text, direction, status);
        await insertText(db, row);
        return row.id;
      },
      post: async (text) => {
        const order = { ...text, direction: "outbound", pair: undefined, metadata: {}, idempotencyKey: null } as const;
        const row = await db.transaction().execute((trx) => keepOutgoing(deps, trx, { ...order, isAnswer: false }));
        await dispatch(row);
        return row.id;
      },
      settle,
    },
    connect: async (given) => {
      for (const { id } of await textsInStatus(db, "queued")) {
        await settle(id, { status: "failed", detail: "the gateway stopped before it was known to be sent" });
      }
      exchange = given;
      for (const row of await textsInStatus(db, "sent", ownCarrier)) await dispatch(row);
    },
    get isConnected() {
      return exchange !== undefined;
    },
    receive,
    noteReceipt: settle,
    dispatch,
    stopWaiting: () => otpWaiters.close(),
  };
}

function join(
  { clock, random }: Pick<TextDeps, "clock" | "random">,
  db: Db,
  pair: { readonly orgId: OrgId; readonly number: string; readonly contact: string },
  body: string,
): Promise<string> {
  return joinConversation(db, pair, { newId: makeId("conversation", random), body, now: clock.wall() });
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
    await money?.charge(db, orgId as OrgId, { item: "otp", quantity: 1, ref: id });
    return otp;
  } catch (error) {
    if (error instanceof GatewayError && (error.code === "forbidden" || error.code === "payment-required")) return null;
    throw error;
  }
}

/** Tells the customer where a text now stands. Texts between phones are nobody's business. */
async function tell({ outbox }: TextDeps, db: Db, row: TextRow): Promise<void> {
  const status = row.status as TextStatus;
  if (!outbox || row.conversation_id === null || status === "queued") return;
  const text = toText(row);
  const about = { subject: text.id, text };
  const notices: TextNotice[] = [{ ...about, type: noticeOf[status] }];
  if (status === "received" && row.otp !== null) notices.push({ ...about, type: "text.otp", otp: row.otp });
  await outbox.put(db, text.orgId, notices);
}

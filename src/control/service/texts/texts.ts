import { GatewayError } from "../../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { TextDirection } from "../../exchange/text.ts";
import { maxTextBytes } from "../../exchange/text-body.ts";
import type { Page, PageRequest } from "../../store/page.ts";
import { findPhoneNamed, ownerOfNumber } from "../../store/phones.ts";
import {
  findText,
  findTextByKey,
  freeTextKey,
  numberOfId,
  pageOfTexts,
  type TextFilter,
  type TextRow,
} from "../../store/texts.ts";
import { type Conversations, createConversations } from "./conversations.ts";
import type { TextDeps } from "./deps.ts";
import type { GatewayTexts } from "./gateway-texts.ts";
import { keepOutgoing, type OutgoingText } from "./keep-text.ts";
import { type OtpArrival, type OtpWait, waitForOtp } from "./otp-poll.ts";
import { type Text, type TextMetadata, toText } from "./text.ts";

export type { NewText, TextDirection, TextStatus } from "../../exchange/text.ts";
export type { TextFilter } from "../../store/texts.ts";
export type { ArrivingText } from "./arrivals.ts";
export type { Conversation, Conversations } from "./conversations.ts";
export { createGatewayTexts, type GatewayTexts } from "./gateway-texts.ts";
export { maxOtpWaitMs, type OtpArrival, type OtpWait } from "./otp-poll.ts";
export { sideOf, type Text, type TextMetadata } from "./text.ts";

/** A text to be sent. */
export interface TextOrder {
  /** Id or E.164 of a number of the organisation, or a phone's number or user name. */
  readonly from: string;
  /** E.164, or a phone's number or user name. */
  readonly to: string;
  readonly body: string;
  readonly metadata?: TextMetadata;
  /** Given again within 24 hours it is the same text. */
  readonly idempotencyKey?: string;
}

/** A text as it was when it was taken; `isReplay`: it had been sent before under the same key. */
export type SentText = Text & { readonly isReplay: boolean };

/** The text messages of an organisation. */
export interface Texts {
  /**
   * Keeps a text, charges it and sends it; what becomes of it is found by `get`. One for a number of ours is there when
   * this resolves.
   */
  send(order: TextOrder): Promise<SentText>;
  get(id: string): Promise<Text>;
  list(filter: TextFilter, page: PageRequest): Promise<Page<Text>>;
  /** What came to a number (id or E164), newest first. */
  inbox(number: string, filter: { readonly otpOnly?: boolean }, page: PageRequest): Promise<Page<Text>>;
  /** The next one-time code that comes to a number (id or E.164), as soon as it is there; undefined: none came in time. */
  waitForOtp(number: string, wait: OtpWait): Promise<OtpArrival | undefined>;
  readonly conversations: Conversations;
}

/** How long an idempotency key names the same text. */
const keyLifetimeMs = 24 * 3_600_000;
const maxKeyLength = 255;
const maxMetadataBytes = 2048;

/** The texts of one organisation. */
export function createTexts(deps: TextDeps, gateway: GatewayTexts, orgId: OrgId): Texts {
  const { clock } = deps;
  const { db, kind } = deps.database;

  /** A number of the organisation by its id or digits; undefined when it has none such. */
  const findOwn = async (idOrNumber: string): Promise<E164 | undefined> => {
    const number = parseE164(idOrNumber) ?? parseE164((await numberOfId(db, orgId, idOrNumber)) ?? "");
    return number && (await ownerOfNumber(db, number)) === orgId ? number : undefined;
  };
  const own = async (idOrNumber: string): Promise<E164> => {
    const number = await findOwn(idOrNumber);
    if (!number) throw new GatewayError("not-found", "there is no such number");
    return number;
  };

  /** What is known by now of a text sent under a key. */
  const findReplay = async (key: string, { from, to, body }: OutgoingText): Promise<SentText | undefined> => {
    const row = await findTextByKey(db, orgId, key, clock.wall() - keyLifetimeMs);
    if (!row) return undefined;
    if (row.from_number !== from || row.to_number !== to || row.body !== body) {
      throw new GatewayError("conflict", "this key was used for another text", "idempotencyKey");
    }
    return { ...toText(row), isReplay: true };
  };

  const sendOnce = async (text: OutgoingText): Promise<SentText> => {
    const { idempotencyKey: key } = text;
    const replay = key === null ? undefined : await findReplay(key, text);
    if (replay) return replay;
    let row: TextRow;
    try {
      row = await db.transaction().execute(async (trx) => {
        if (key !== null) await freeTextKey(trx, orgId, key, clock.wall() - keyLifetimeMs);
        return keepOutgoing(deps, trx, text);
      });
    } catch (error) {
      // Two requests with one key at the same time: the other one has sent it.
      const other = key !== null && kind.isDuplicate(error) ? await findReplay(key, text) : undefined;
      if (other) return other;
      throw error;
    }
    await gateway.dispatch(row);
    return { ...toText(row), isReplay: false };
  };

  const send = async (order: TextOrder): Promise<SentText> => {
    checkOrder(order);
    const { to, body, metadata = {}, idempotencyKey: key = null } = order;
    const number = await findOwn(order.from);
    const phone = number ? undefined : await findPhoneNamed(db, orgId, order.from);
    if (!number && phone?.org_id !== orgId) {
      throw new GatewayError("invalid-request", "is no number of ours", "from");
    }
    const direction = await directionTo(to);
    if (!number && direction === "outbound" && (await ownerOfNumber(db, to)) === orgId) {
      // From a phone to a number of the same house: one text, and it has come.
      const id = await gateway.records.add({ orgId, from: order.from, to, body }, "internal", "received");
      return { ...(await get(id)), isReplay: false };
    }
    const from = number ?? (direction === "internal" ? order.from : parseE164(phone?.number ?? ""));
    if (!from) throw new GatewayError("invalid-request", "has no number that could be answered", "from");
    if (to === from) throw new GatewayError("invalid-request", "is the number it is sent from", "to");
    const pair = number ? { number, contact: to } : undefined;
    const text = { orgId, from, to, body, direction, pair, metadata, idempotencyKey: key, isAnswer: false };
    return sendOnce(text);
  };

  /** Refuses who cannot be reached at all. */
  const directionTo = async (to: string): Promise<TextDirection> => {
    const number = parseE164(to);
    if (number && (await ownerOfNumber(db, number))) return "outbound";
    const phone = await findPhoneNamed(db, orgId, to);
    const isPhone = phone !== undefined && (phone.org_id === orgId || phone.number === to);
    if (!isPhone && !number) {
      throw new GatewayError("invalid-request", "is neither E.164 nor a telephone of ours", "to");
    }
    if (!gateway.isConnected) throw new GatewayError("unavailable", "texts cannot be sent now");
    return isPhone ? "internal" : "outbound";
  };

  const get = async (id: string): Promise<Text> => {
    const row = await findText(db, orgId, id);
    if (!row) throw new GatewayError("not-found", "there is no such text");
    return toText(row);
  };
  const list = async (filter: TextFilter, page: PageRequest): Promise<Page<Text>> => {
    const { data, next } = await pageOfTexts(db, orgId, filter, page);
    return { data: data.map(toText), next };
  };
  return {
    send,
    get,
    list,
    inbox: async (number, { otpOnly = false }, page) =>
      list({ to: await own(number), status: "received", otpOnly }, page),
    waitForOtp: async (number, wait) => waitForOtp(deps, { orgId, number: await own(number) }, wait),
    conversations: createConversations(db, orgId, {
      texts: (conversationId, page) => list({ conversationId }, page),
      send: (conversation, { body, idempotencyKey }) =>
        send({
          from: conversation.number,
          to: conversation.contact,
          body,
          ...(idempotencyKey !== undefined && { idempotencyKey: `${conversation.id} ${idempotencyKey}` }),
        }),
    }),
  };
}

function checkOrder({ body, metadata = {}, idempotencyKey = "-" }: TextOrder): void {
  if (body === "" || body.includes("\0")) throw new GatewayError("invalid-request", "is empty or not text", "body");
  if (Buffer.byteLength(body) > maxTextBytes) {
    throw new GatewayError("invalid-request", `has at most ${maxTextBytes} bytes`, "body");
  }
  if (Buffer.byteLength(JSON.stringify(metadata)) > maxMetadataBytes) {
    throw new GatewayError("invalid-request", `has at most ${maxMetadataBytes} bytes of JSON`, "metadata");
  }
  if (idempotencyKey === "" || idempotencyKey.length > maxKeyLength) {
    throw new GatewayError("invalid-request", `has 1–${maxKeyLength} characters`, "idempotencyKey");
  }
}

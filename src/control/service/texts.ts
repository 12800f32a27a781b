import { GatewayError } from "../../kit/errors.ts";
import { makeId, parseE164 } from "../../kit/ids.ts";
import type { NewText, TextCarrier, TextDirection, TextOutcome, TextRecords, TextStatus } from "../exchange/text.ts";
import { maxTextBytes } from "../exchange/text-body.ts";
import type { Page, PageRequest } from "../store/page.ts";
import { findPhoneNamed, isAgentNumber } from "../store/phones.ts";
import { findText, insertText, pageOfTexts, settleTexts, type TextFilter, type TextRow } from "../store/texts.ts";
import type { ServiceDeps } from "./deps.ts";

export type { NewText, TextDirection, TextStatus } from "../exchange/text.ts";
export type { TextFilter } from "../store/texts.ts";

/** A text message as kept. */
export interface Text extends NewText {
  readonly id: string;
  readonly direction: TextDirection;
  readonly status: TextStatus;
  /** Why it failed, for people. */
  readonly detail: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Text messages: sent, found. */
export interface Texts {
  /** Keeps a text and sends it; what becomes of it is found by `get`. */
  send(text: NewText): Promise<Text>;
  get(id: string): Promise<Text>;
  list(filter: TextFilter, page: PageRequest): Promise<Page<Text>>;
  /** For who brings texts in from outside. */
  readonly records: TextRecords;
  /** Gives the texts to who carries them. Texts of a former life of the gateway, whose fate nobody knows, have failed. */
  connect(carrier: TextCarrier): Promise<void>;
}

export function createTexts(deps: ServiceDeps): Texts {
  const { clock, random } = deps;
  const { db } = deps.database;
  let carrier: TextCarrier | undefined;
  const settle = (id: string | undefined, { status, detail }: TextOutcome) =>
    settleTexts(db, { status, detail, updated_at: clock.wall() }, id);
  const add = async ({ from, to, body }: NewText, direction: TextDirection, status: TextStatus): Promise<TextRow> => {
    const now = clock.wall();
    const row: TextRow = {
      id: makeId("text", random),
      direction,
      from_number: from,
      to_number: to,
      body,
      status,
      detail: null,
      created_at: now,
      updated_at: now,
    };
    await insertText(db, row);
    return row;
  };
  const isPhone = async (name: string) => (await findPhoneNamed(db, [name])) !== undefined;
  return {
    send: async (text) => {
      if (!carrier) throw new GatewayError("unavailable", "texts cannot be sent now");
      if (Buffer.byteLength(text.body) > maxTextBytes) {
        throw new GatewayError("invalid-request", `has at most ${maxTextBytes} bytes`, "text");
      }
      if (!(await isAgentNumber(db, text.from)) && !(await isPhone(text.from))) {
        throw new GatewayError("invalid-request", "is no number of ours", "from");
      }
      if (await isAgentNumber(db, text.to)) return toText(await add(text, "internal", "received"));
      const direction = (await isPhone(text.to)) ? "internal" : "outbound";
      if (direction === "outbound" && !parseE164(text.to)) {
        throw new GatewayError("invalid-request", "is neither E.164 nor a telephone of ours", "to");
      }
      const row = await add(text, direction, "queued");
      carrier.carry(row.id, text, direction);
      return toText(row);
    },
    get: async (id) => {
      const row = await findText(db, id);
      if (!row) throw new GatewayError("not-found", "there is no such text");
      return toText(row);
    },
    list: async (filter, page) => {
      const { data, next } = await pageOfTexts(db, filter, page);
      return { data: data.map(toText), next };
    },
    records: {
      isAgentNumber: (number) => isAgentNumber(db, number),
      add: async (text, direction, status) => (await add(text, direction, status)).id,
      settle,
    },
    connect: async (given) => {
      await settle(undefined, { status: "failed", detail: "the gateway stopped before it was known to be sent" });
      carrier = given;
    },
  };
}

function toText(row: TextRow): Text {
  return {
    id: row.id,
    direction: row.direction as TextDirection,
    from: row.from_number,
    to: row.to_number,
    body: row.body,
    status: row.status as TextStatus,
    detail: row.detail,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

import { GatewayError } from "../../kit/errors.ts";
import { makeId, type OrgId, parseE164 } from "../../kit/ids.ts";
import type { NewText, TextCarrier, TextDirection, TextOutcome, TextRecords, TextStatus } from "../exchange/text.ts";
import { maxTextBytes } from "../exchange/text-body.ts";
import type { Page, PageRequest } from "../store/page.ts";
import { findPhoneNamed, ownerOfNumber } from "../store/phones.ts";
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
  send(text: Omit<NewText, "orgId">): Promise<Text>;
  get(id: string): Promise<Text>;
  list(filter: TextFilter, page: PageRequest): Promise<Page<Text>>;
}

/** The texts of all organisations, for who carries them. */
export interface GatewayTexts {
  /** For who brings texts in from outside. */
  readonly records: TextRecords;
  /** Gives the texts to who carries them. Texts of a former life of the gateway, whose fate nobody knows, have failed. */
  connect(carrier: TextCarrier): Promise<void>;
  /** Undefined: nobody carries texts yet. */
  readonly carrier: TextCarrier | undefined;
}

/** Keeps texts that come, and what became of those that went. */
export function createGatewayTexts(deps: ServiceDeps): GatewayTexts {
  const { db } = deps.database;
  let carrier: TextCarrier | undefined;
  const settle = (id: string | undefined, { status, detail }: TextOutcome) =>
    settleTexts(db, { status, detail, updated_at: deps.clock.wall() }, id);
  return {
    records: {
      ownerOf: async (number) => (await ownerOfNumber(db, number)) as OrgId | undefined,
      add: async (text, direction, status) => (await add(deps, text, direction, status)).id,
      settle,
    },
    connect: async (given) => {
      await settle(undefined, { status: "failed", detail: "the gateway stopped before it was known to be sent" });
      carrier = given;
    },
    get carrier() {
      return carrier;
    },
  };
}

/** The texts of one organisation. */
export function createTexts(deps: ServiceDeps, gateway: Pick<GatewayTexts, "carrier">, orgId: OrgId): Texts {
  const { db } = deps.database;
  const isPhone = async (name: string) => (await findPhoneNamed(db, orgId, name)) !== undefined;
  return {
    send: async (wanted) => {
      const { carrier } = gateway;
      const text: NewText = { ...wanted, orgId };
      if (!carrier) throw new GatewayError("unavailable", "texts cannot be sent now");
      if (Buffer.byteLength(text.body) > maxTextBytes) {
        throw new GatewayError("invalid-request", `has at most ${maxTextBytes} bytes`, "text");
      }
      if ((await ownerOfNumber(db, text.from)) !== orgId && !(await isPhone(text.from))) {
        throw new GatewayError("invalid-request", "is no number of ours", "from");
      }
      if (await ownerOfNumber(db, text.to)) return toText(await add(deps, text, "internal", "received"));
      const direction = (await isPhone(text.to)) ? "internal" : "outbound";
      if (direction === "outbound" && !parseE164(text.to)) {
        throw new GatewayError("invalid-request", "is neither E.164 nor a telephone of ours", "to");
      }
      const row = await add(deps, text, direction, "queued");
      carrier.carry(row.id, text, direction);
      return toText(row);
    },
    get: async (id) => {
      const row = await findText(db, orgId, id);
      if (!row) throw new GatewayError("not-found", "there is no such text");
      return toText(row);
    },
    list: async (filter, page) => {
      const { data, next } = await pageOfTexts(db, orgId, filter, page);
      return { data: data.map(toText), next };
    },
  };
}

async function add(
  { database, clock, random }: ServiceDeps,
  { orgId, from, to, body }: NewText,
  direction: TextDirection,
  status: TextStatus,
): Promise<TextRow> {
  const now = clock.wall();
  const row: TextRow = {
    id: makeId("text", random),
    org_id: orgId,
    direction,
    from_number: from,
    to_number: to,
    body,
    status,
    detail: null,
    created_at: now,
    updated_at: now,
  };
  await insertText(database.db, row);
  return row;
}

function toText(row: TextRow): Text {
  return {
    id: row.id,
    orgId: row.org_id as OrgId,
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

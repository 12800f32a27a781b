import { type OrgId, parseE164 } from "../../../kit/ids.ts";
import type { TextReceipt } from "../../carriers/carrier.ts";
import type { TextCarrier, TextDirection, TextOutcome, TextRecords, TextStatus } from "../../exchange/text.ts";
import { ownerOfNumber } from "../../store/phones.ts";
import { findCarrierText, insertText, moveText, noteCarrier, type TextRow, textsInStatus } from "../../store/texts.ts";
import { type ArrivingText, type KeptArrival, keepArriving } from "./arrivals.ts";
import type { TextDeps } from "./deps.ts";
import { keepOutgoing, newRow, ownCarrier, tell } from "./keep-text.ts";
import { toText } from "./text.ts";

/** Why a text between our own numbers failed. */
const noOwner = "the number was given back meanwhile";

/** Attempts to bring a text to its other end among ourselves. */
const maxTries = 3;

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
  /** Does the same for the texts of one gateway of several that is gone. */
  takeOver(nodeId: string): Promise<void>;
  /** True when texts can be sent over our own exchange. */
  readonly isConnected: boolean;
  /** Keeps a text from outside, once however often it is brought. */
  receive(text: ArrivingText): Promise<Arrival>;
  /** Notes what a carrier says, later, became of a text of ours; false: it has carried no such text. */
  noteReceipt(carrier: string, receipt: TextReceipt): Promise<boolean>;
  /** Sends what was kept by `keepOutgoing`; resolves when a text for a number of ours is there, else at once. */
  dispatch(row: TextRow): Promise<void>;
  /** Lets all go who wait for codes, because the gateway stops. Twice is fine. */
  stopWaiting(): void;
}

/** Statuses a text may leave for another. */
const before = {
  sent: ["queued"],
  delivered: ["queued", "sent"],
  failed: ["queued", "sent"],
} as const satisfies Record<TextOutcome["status"], readonly TextStatus[]>;

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
      if (status === "failed") await deps.money.refund(trx, row.org_id as OrgId, row.id);
      await tell(deps, trx, row);
    });

  const receiveFor = async (orgId: OrgId, arriving: ArrivingText, direction: TextDirection): Promise<Arrival> => {
    const { carrier } = arriving;
    const find = async () => {
      const known = carrier && (await findCarrierText(db, carrier.name, carrier.textId));
      return known && ({ type: "duplicate", textId: known.id, orgId: known.org_id as OrgId } as const);
    };
    const known = await find();
    if (known) return known;
    let kept: KeptArrival;
    try {
      kept = await db.transaction().execute((trx) => keepArriving(deps, trx, arriving, { orgId, direction }));
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

  /** The text is kept and paid already: what stood in its other end's way for a moment must not make its sender send it again. */
  const insisting = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (tries === maxTries || !kind.isPassing(error)) throw error;
      }
    }
  };

  const dispatch = async (row: TextRow): Promise<void> => {
    const { id, from_number: from, to_number: to, body } = row;
    const [sender, receiver] = [parseE164(from), parseE164(to)];
    if (row.carrier === ownCarrier && receiver) {
      const arriving = { from, to: receiver, body, carrier: { name: ownCarrier, textId: id } };
      const { type } = await insisting(() => receive(arriving));
      const isThere = type !== "unknown-number";
      const outcome = isThere
        ? ({ status: "delivered", detail: null } as const)
        : ({ status: "failed", detail: noOwner } as const);
      await insisting(() => settle(id, outcome));
      return;
    }
    const company = row.direction === "outbound" && sender ? await deps.carrierOf(db, sender) : undefined;
    if (company && sender && receiver) {
      const away: TextOutcome = { status: "failed", detail: "the carrier cannot be reached" };
      company.texts
        .sendText({ textId: id, from: sender, to: receiver, body })
        .then(
          async ({ carrierTextId, status, detail }) => {
            await noteCarrier(db, id, company.name, carrierTextId);
            await settle(id, { status, detail: detail || null });
          },
          () => settle(id, away),
        )
        // It stays queued; the gateway's next start notes it as failed.
        .catch(() => undefined);
      return;
    }
    if (exchange) exchange.carry(id, { orgId: row.org_id as OrgId, from, to, body }, row.direction as TextDirection);
    else await settle(id, { status: "failed", detail: "texts cannot be sent now" });
  };

  /** Nobody knows whether they were sent. */
  const failQueued = async (isLeft: (row: TextRow) => boolean) => {
    for (const { id } of (await textsInStatus(db, "queued")).filter(isLeft)) {
      await settle(id, { status: "failed", detail: "the gateway stopped before it was known to be sent" });
    }
  };
  const deliverSent = async (isLeft: (row: TextRow) => boolean) => {
    for (const row of (await textsInStatus(db, "sent", ownCarrier)).filter(isLeft)) await dispatch(row);
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
      const others = await deps.nodes.others();
      const isLeft = ({ node_id: owner }: TextRow) => owner === null || !others.has(owner);
      await failQueued(isLeft);
      exchange = given;
      await deliverSent(isLeft);
    },
    takeOver: async (nodeId) => {
      const isLeft = ({ node_id: owner }: TextRow) => owner === nodeId;
      await failQueued(isLeft);
      await deliverSent(isLeft);
    },
    get isConnected() {
      return exchange !== undefined;
    },
    receive,
    noteReceipt: async (carrier, { carrierTextId, status, detail }) => {
      const row = carrierTextId === null ? undefined : await findCarrierText(db, carrier, carrierTextId);
      if (!row || row.status === "received") return false;
      await settle(row.id, { status, detail: detail || null });
      return true;
    },
    dispatch,
    stopWaiting: () => otpWaiters.close(),
  };
}

import type { E164, OrgId } from "../../../kit/ids.ts";
import type { CarrierText, TextReceipt } from "../../carriers/carrier.ts";
import type { Db } from "../../store/database.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Money } from "../money/money.ts";
import type { Nodes } from "../nodes.ts";
import type { Notice } from "../webhooks/notices.ts";
import type { OtpWaiters } from "./io/otp-waiters.ts";
import type { Text } from "./text.ts";

/** What customers are told of texts; put into the outbox in the transaction that makes it true. */
export type TextNotice = Extract<Notice, { readonly text: Text }>;

/** The telephone company of a number, that sends its texts. */
export interface TextCompany {
  readonly name: string;
  readonly texts: { sendText(text: CarrierText): Promise<TextReceipt> };
}

/** What texts stand on. */
export interface TextDeps extends Pick<ServiceDeps, "database" | "clock" | "random"> {
  readonly money: Pick<Money, "charge" | "refund" | "checkPlan">;
  readonly outbox: { put(db: Db, orgId: OrgId, notices: readonly TextNotice[]): Promise<void> };
  /** The company that sends a number's texts; undefined: it goes over our own exchange. */
  readonly carrierOf: (db: Db, number: E164) => Promise<TextCompany | undefined>;
  /** The gateways on this database. */
  readonly nodes: Pick<Nodes, "id" | "others">;
  /** Told of each one-time code as it is committed. */
  readonly otpWaiters: OtpWaiters<Text>;
}

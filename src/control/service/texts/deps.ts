import type { E164, OrgId } from "../../../kit/ids.ts";
import type { CarrierText, TextReceipt } from "../../carriers/carrier.ts";
import type { Db } from "../../store/database.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Nodes } from "../nodes.ts";
import type { OtpWaiters } from "./io/otp-waiters.ts";
import type { Text } from "./text.ts";

/** What customers are told of texts; put into the outbox in the transaction that makes it true. */
export type TextNotice = { readonly subject: string } & (
  | { readonly type: "text.sent" | "text.delivered" | "text.failed" | "text.received"; readonly text: Text }
  | { readonly type: "text.otp"; readonly text: Text; readonly otp: string }
);

/** What texts need of money; all of it runs in the caller's transaction. */
export interface TextMoney {
  charge(
    db: Db,
    orgId: OrgId,
    order: {
      readonly item: "text.outbound" | "text.inbound" | "otp";
      readonly quantity: number;
      readonly ref: string;
      readonly alreadyDone?: boolean;
    },
  ): Promise<number>;
  refund(db: Db, orgId: OrgId, ref: string): Promise<void>;
  checkPlan(db: Db, orgId: OrgId, what: "otp"): Promise<void>;
}

/** Where notices are put. */
export interface TextOutbox {
  put(db: Db, orgId: OrgId, notices: readonly TextNotice[]): Promise<void>;
}

/** The telephone company of a number, that sends its texts. */
export interface TextCompany {
  readonly name: string;
  readonly texts: { sendText(text: CarrierText): Promise<TextReceipt> };
}

/** What texts stand on. */
export interface TextDeps extends Pick<ServiceDeps, "database" | "clock" | "random"> {
  /** Undefined: texts cost nothing. */
  readonly money?: TextMoney | undefined;
  /** Undefined: nobody is told. */
  readonly outbox?: TextOutbox | undefined;
  /** The company that sends a number's texts; undefined: it goes over our own exchange. */
  readonly carrierOf?: ((db: Db, number: E164) => Promise<TextCompany | undefined>) | undefined;
  /** Undefined: no other gateway is on this database. */
  readonly nodes?: Pick<Nodes, "id" | "others"> | undefined;
  /** Told of each one-time code as it is committed. */
  readonly otpWaiters: OtpWaiters<Text>;
}

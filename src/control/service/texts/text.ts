import type { OrgId } from "../../../kit/ids.ts";
import type { TextDirection, TextStatus } from "../../exchange/text.ts";
import type { TextRow } from "../../store/texts.ts";

/** What a customer keeps with a text. */
export type TextMetadata = Readonly<Record<string, unknown>>;

/** A text message as kept. */
export interface Text {
  readonly id: string;
  readonly orgId: OrgId;
  /** Null: between two phones. */
  readonly conversationId: string | null;
  readonly direction: TextDirection;
  /** E.164, an extension, or the user name of a phone without a number. */
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly status: TextStatus;
  /** Why it failed, for people. */
  readonly detail: string | null;
  /** Short messages it takes on the air. */
  readonly segments: number;
  /** The one-time code in it; null: none was found, or the plan's are used up. */
  readonly otp: string | null;
  readonly metadata: TextMetadata;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Which way a text went as its organisation sees it: in at one of its numbers, or out. */
export function sideOf({ status }: Pick<Text, "status">): "inbound" | "outbound" {
  return status === "received" ? "inbound" : "outbound";
}

export function toText(row: TextRow): Text {
  return {
    id: row.id,
    orgId: row.org_id as OrgId,
    conversationId: row.conversation_id,
    direction: row.direction as TextDirection,
    from: row.from_number,
    to: row.to_number,
    body: row.body,
    status: row.status as TextStatus,
    detail: row.detail,
    segments: row.segments,
    otp: row.otp,
    metadata: JSON.parse(row.metadata) as TextMetadata,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

import { sideOf, type Text } from "../../service/texts/texts.ts";
import { instant } from "../shapes.ts";
import type { MessageBody } from "./text-schemas.ts";
import { textStatuses } from "./words.ts";

/** A text in AgentCall's words. */
export function renderMessage(text: Text): MessageBody {
  return {
    id: text.id,
    conversationId: text.conversationId,
    direction: sideOf(text),
    from: text.from,
    to: text.to,
    body: text.body,
    status: textStatuses[text.status],
    error: text.detail,
    segments: text.segments,
    otp: text.otp,
    createdAt: instant(text.createdAt),
    updatedAt: instant(text.updatedAt),
  };
}

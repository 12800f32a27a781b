import { toField } from "../../sip/headers/fields.ts";
import type { SipResponse } from "../../sip/message.ts";

/** The response with a tag on its To, which every final response has (RFC 3261 §8.2.6.2). */
export function withToTag(response: SipResponse, toTag: string): SipResponse {
  const { headers } = response;
  const to = headers.first(toField);
  if (to === undefined || to.params.has("tag")) return response;
  const tagged = headers.clone();
  tagged.set("To", `${headers.get("To")};tag=${toTag}`);
  return { ...response, headers: tagged };
}

import { replacesField } from "./headers/fields.ts";
import type { InviteSession } from "./invite-session/session.ts";
import type { SipRequest } from "./message.ts";
import type { SessionId } from "./user-agent-types.ts";

/** The session an INVITE is to take the place of, or the status to refuse it with; undefined: none (RFC 3891 §3). */
export function findReplaced(
  request: SipRequest,
  sessionOf: (localTag: string) => InviteSession | undefined,
): SessionId | number | undefined {
  if (!request.headers.has("Replaces")) return undefined;
  const replaces = request.headers.first(replacesField);
  if (replaces === undefined || request.headers.count("Replaces") > 1) return 400;
  const { callId, toTag: localTag, fromTag: remoteTag, earlyOnly } = replaces;
  const session = sessionOf(localTag);
  const dialog = session?.dialog;
  if (session === undefined || dialog === undefined || session.sipCallId !== callId) return 481;
  if (dialog.id.remoteTag !== remoteTag) return 481;
  if (session.hasEnded) return 603;
  if (dialog.state === "confirmed") return earlyOnly ? 486 : localTag;
  // An early call may be taken over only at the end that made it (RFC 3891 §3).
  return session.isCaller ? localTag : 481;
}

/** How a call stands, as the vendors' APIs tell it: one word for the ending too. */
import type { EndCause } from "../../media/protocol.ts";
import type { CallFilter } from "../service/calls/calls.ts";
import type { Call, CallStatus } from "../service/calls/kept-call.ts";

/** An answered call is `completed`, whatever ended it; how one ended that was not is told by its cause. */
export type CallState = Exclude<CallStatus, "ended"> | "completed" | Unanswered;
type Unanswered = "busy" | "no-answer" | "failed" | "canceled";

const unanswered: Readonly<Record<EndCause, Unanswered>> = {
  "caller-hung-up": "no-answer",
  "agent-hung-up": "canceled",
  "api-hung-up": "canceled",
  "max-duration": "no-answer",
  "out-of-credit": "failed",
  "setup-timeout": "failed",
  "caller-silent": "failed",
  "connection-lost": "failed",
  "peer-not-reading": "failed",
  "protocol-error": "failed",
  "provider-failed": "failed",
  "media-process-died": "failed",
  "gateway-restarted": "failed",
  "gateway-stopped": "failed",
  rejected: "failed",
  "callee-hung-up": "no-answer",
  busy: "busy",
  "no-answer": "no-answer",
  "call-refused": "failed",
  "call-unreachable": "failed",
  cancelled: "canceled",
  transferred: "canceled",
  "machine-answered": "no-answer",
  "internal-error": "failed",
};

export function stateOf({ status, cause, startedAt }: Pick<Call, "status" | "cause" | "startedAt">): CallState {
  if (status !== "ended") return status;
  return startedAt === null ? unanswered[cause ?? "internal-error"] : "completed";
}

/** What finds the calls in a state, and no others. */
export function callsIn(state: CallState): CallFilter {
  switch (state) {
    case "queued":
    case "ringing":
    case "in-progress":
      return { status: state };
    case "completed":
      return { status: "ended", wasAnswered: true };
    default:
      return { status: "ended", wasAnswered: false, causes: causesOf(state) };
  }
}

function causesOf(state: Unanswered): EndCause[] {
  return (Object.keys(unanswered) as EndCause[]).filter((cause) => unanswered[cause] === state);
}

import type { CallId } from "../../../kit/ids.ts";
import type { PlaceCallRequest, TransferControl } from "../call-control.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { OutgoingEvents } from "./outgoing-calls.ts";

/** What is done as a bridge call goes on: once its callee has answered, the other side is rung and the two are joined. */
export function bridgeEvents(
  { bridgeTo, ringTimeoutMs }: Pick<PlaceCallRequest, "bridgeTo" | "ringTimeoutMs">,
  { live, transfers }: { readonly live: Pick<LiveCalls, "hangUp">; readonly transfers: Pick<TransferControl, "start"> },
): OutgoingEvents {
  if (bridgeTo === undefined) return {};
  let called: CallId | undefined;
  return {
    made: (callId) => {
      called = callId;
    },
    started: () => {
      if (!called) return;
      try {
        // To the callee it is a transfer without an agent: ringback, then the other side or the end.
        transfers.start(called, { to: bridgeTo, mode: "blind", ringTimeoutMs });
      } catch {
        live.hangUp(called, "internal-error", "the other side of the bridge could not be called");
      }
    },
  };
}

import { type CallId, makeId, type RandomBytes } from "../../../kit/ids.ts";
import type { PlaceCallRequest, TransferControl } from "../call-control.ts";
import type { LiveCalls } from "./live-calls.ts";
import type { OutgoingEvents } from "./outgoing-calls.ts";

/** What bridge calls are carried on with. */
export interface BridgeParts {
  readonly live: Pick<LiveCalls, "get" | "send" | "hangUp">;
  readonly transfers: Pick<TransferControl, "start">;
  readonly randomBytes: RandomBytes;
}

/** A callee waits so long for somebody to be put to it, in ms. */
const patienceMs = 60_000;

/**
 * What is done as a call between people goes on: once its callee has answered, the other side is rung and the two are
 * joined. Where none is named the callee hears music until somebody is put to it, but not for ever.
 */
export function bridgeEvents(
  { agent, bridgeTo, ringTimeoutMs }: Pick<PlaceCallRequest, "agent" | "bridgeTo" | "ringTimeoutMs">,
  { live, transfers, randomBytes }: BridgeParts,
  waitMs = patienceMs,
): OutgoingEvents {
  if (agent !== undefined) return {};
  let called: CallId | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ring = (callId: CallId, to: string) => {
    try {
      // To the callee it is a transfer without an agent: ringback, then the other side or the end.
      transfers.start(callId, { to, mode: "blind", ringTimeoutMs });
    } catch {
      live.hangUp(callId, "internal-error", "the other side of the bridge could not be called");
    }
  };
  const wait = (callId: CallId) => {
    const roomId = makeId("room", randomBytes);
    live.send(callId, { type: "join-room", callId, roomId, hears: "music", agent: "none" });
    timer = setTimeout(() => {
      if (live.get(callId)?.bond === undefined)
        live.hangUp(callId, "no-answer", "nobody was put to the callee in time");
    }, waitMs);
    timer.unref();
  };
  return {
    made: (callId) => {
      called = callId;
    },
    started: () => {
      if (!called) return;
      if (bridgeTo === undefined) wait(called);
      else ring(called, bridgeTo);
    },
    ended: () => clearTimeout(timer),
  };
}

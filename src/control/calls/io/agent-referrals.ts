import type { CallId } from "../../../kit/ids.ts";
import type { EndCause } from "../../../media/protocol.ts";
import type { SessionId } from "../../../sip/user-agent-types.ts";
import { statusForCaller } from "../../exchange/dial-plan.ts";
import type { ResolvedAgent } from "../call-control.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall } from "./live-call.ts";
import type { OutgoingCalls } from "./outgoing-calls.ts";
import type { TelephoneCall } from "./telephone-call.ts";

/** A telephone wants whom it talks with to talk with an agent. */
export interface AgentReferral {
  /** Its dialog, told how it goes. */
  readonly session: SessionId;
  readonly refer: string;
  /** Dialled; `agent` answers it. */
  readonly number: string;
  readonly agent: ResolvedAgent;
  /** Who the agent talks with then. */
  readonly caller: string;
}

type Parts = Pick<ExchangeParts, "sessions" | "live" | "bridges" | "records" | "log">;

/**
 * Passes telephones on to agents (RFC 3515): the agent's number is called inside, and that call takes the place of the call
 * of the telephone that asked, which ends.
 */
export class AgentReferrals {
  readonly #parts: Parts;
  readonly #outgoing: () => Pick<OutgoingCalls, "place">;

  constructor(parts: Parts, outgoing: () => Pick<OutgoingCalls, "place">) {
    this.#parts = parts;
    this.#outgoing = outgoing;
  }

  /** Calls the agent for a call that talks with another one. */
  passOn(call: TelephoneCall, { session, refer, number, agent, caller }: AgentReferral): void {
    const { sessions, live, bridges, log } = this.#parts;
    const asked = call.callId && live.get(call.callId);
    const near = asked && bridges.of(asked.callId)?.partner.callId;
    if (!asked || !near) {
      sessions.command(session, { type: "refuse-refer", refer, status: 603 });
      return;
    }
    sessions.command(session, { type: "accept-refer", refer });
    const tell = (status: number) => sessions.command(session, { type: "refer-progress", refer, status });
    const settled = call.awaitSuccessor();
    let inside: CallId | undefined;
    let isOver = false;
    const finish = (status: number, last: () => void = () => undefined) => {
      if (isOver) return;
      isOver = true;
      forget();
      tell(status);
      last();
      settled();
    };
    const giveUp = () => {
      finish(487);
      if (inside) live.hangUp(inside, "cancelled");
    };
    const forget = call.whenOver(giveUp);
    const { orgId, plan } = asked;
    const request = {
      orgId,
      from: caller,
      to: number,
      agent: undefined,
      answering: agent,
      metadata: plan.metadata,
    } as const;
    const events = {
      made: (callId: CallId) => {
        inside = callId;
        if (isOver) live.hangUp(callId, "cancelled");
      },
      started: () => {
        if (isOver || !inside) return;
        // Somebody else may have taken the two apart meanwhile.
        if (this.#takePlace(asked, near, inside)) {
          finish(200, () => live.hangUp(asked.callId, "transferred", "whom it talked with talks with an agent"));
        } else giveUp();
      },
      // An agent that may not be called is told of as when it is dialled.
      ended: (cause: EndCause) => finish(cause === "call-refused" ? 480 : statusForCaller(cause, undefined)),
    };
    this.#outgoing()
      .place({ ...request, record: false, near, peerCallId: near }, events)
      .catch((error: unknown) => {
        log.warn({ err: error, callId: asked.callId }, "a telephone could not be passed on to an agent");
        finish(503);
      });
  }

  /** The call to the agent talks with `near` in place of the telephone's; false: those two are not a pair any more. */
  #takePlace(asked: LiveCall, near: CallId, inside: CallId): boolean {
    const { live, bridges, records, log } = this.#parts;
    const { callId } = asked;
    const successor = live.get(inside);
    if (!successor || bridges.of(callId)?.partner.callId !== near) return false;
    const bridge = bridges.part(asked);
    if (!bridge) return false;
    const { partner, roomId } = bridge;
    bridges.add(partner, successor, roomId);
    for (const one of [near, inside]) {
      live.send(one, { type: "join-room", callId: one, roomId, hears: "room", agent: "none" });
    }
    live.write(() => records.noteSignalling(near, { peerCallId: inside }), near);
    log.info({ callId, calleeId: inside }, "a telephone passed on whom it talked with to an agent");
    return true;
  }
}

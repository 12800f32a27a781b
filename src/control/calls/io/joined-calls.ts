import { type CallId, makeId } from "../../../kit/ids.ts";
import type { IncomingCall } from "../../../sip/io/sip-endpoint.ts";
import { statusForCaller } from "../../exchange/dial-plan.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall, NewLiveCall } from "./live-calls.ts";
import type { OutgoingCalls } from "./outgoing-calls.ts";
import type { TelephoneCall } from "./telephone-call.ts";

/** Calls between people: what comes in is answered when the one it is for answers, and both are in one room. */
export class JoinedCalls {
  readonly #parts: ExchangeParts;
  readonly #outgoing: OutgoingCalls;

  constructor(parts: ExchangeParts, outgoing: OutgoingCalls) {
    this.#parts = parts;
    this.#outgoing = outgoing;
  }

  /** Calls on behalf of a caller who rings here. `answer`: takes the caller's call. Rejects with a GatewayError. */
  async join(
    caller: TelephoneCall,
    { session }: IncomingCall,
    newCall: Omit<NewLiveCall, "access">,
    answer: () => void,
  ): Promise<void> {
    const { live, records, network, sessions } = this.#parts;
    const line = caller.line((port) => {
      if (!caller.callId) return;
      caller.leg?.attach({ callId: caller.callId, port, hasBegun: false });
      void dial(caller.callId);
    });
    const access = { type: "rtp", line, bindAddress: network.bindAddress } as const;
    const made = await live.make({ ...newCall, access, acceptTimeoutMs: answerTimeoutMs });
    let isAnswered = false;
    const dial = async (near: CallId): Promise<void> => {
      try {
        const { callId, telephone } = await this.#outgoing.place(
          {
            from: newCall.from,
            to: newCall.to,
            agent: undefined,
            record: false,
            metadata: newCall.metadata,
            near,
            peerCallId: near,
          },
          {
            ringing: () => {
              if (!isAnswered) sessions.command(session, { type: "progress", status: 180 });
            },
            started: () => {
              isAnswered = true;
              answer();
            },
            ended: (cause, sipStatus) => {
              if (!isAnswered) {
                sessions.command(session, { type: "reject", status: statusForCaller(cause, sipStatus) });
              }
              live.hangUp(near, isAnswered ? "callee-hung-up" : cause);
            },
          },
        );
        await records.noteSignalling(near, { peerCallId: callId });
        if (telephone) this.#parts.calls.join(caller, telephone);
        this.#join(made, callId);
      } catch (error) {
        this.#parts.log.warn({ err: error, callId: near }, "a call could not be passed on");
        sessions.command(session, { type: "reject", status: 503 });
        live.hangUp(near, "call-unreachable", "the call could not be passed on");
      }
    };
    caller.named(made.callId);
    if (!caller.isOver) live.place(made);
  }

  /** Both in one room once both have media; when one goes the other does. */
  #join(caller: LiveCall, calleeId: CallId): void {
    const { live, randomBytes } = this.#parts;
    const callee = live.get(calleeId);
    if (!callee || !live.get(caller.callId)) {
      live.hangUp(calleeId, "cancelled");
      return;
    }
    const roomId = makeId("room", randomBytes);
    const join = () => {
      if (caller.machine.state !== "in-progress" || callee.machine.state !== "in-progress") return;
      for (const { callId } of [caller, callee]) {
        live.send(callId, { type: "join-room", callId, roomId, hears: "room", agent: "none" });
      }
    };
    caller.watchers.add({
      started: join,
      ended: (cause) => live.hangUp(calleeId, cause === "caller-hung-up" ? "caller-hung-up" : "cancelled"),
    });
    callee.watchers.add({ started: join, ended: () => undefined });
    join();
  }
}

/** A caller waits at most so long for the one it called. */
const answerTimeoutMs = 200_000;

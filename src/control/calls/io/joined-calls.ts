import { type CallId, makeId } from "../../../kit/ids.ts";
import type { EndCause } from "../../../media/protocol.ts";
import type { IncomingCall } from "../../../sip/io/sip-endpoint.ts";
import { statusForCaller } from "../../exchange/dial-plan.ts";
import { partnerCause } from "../partner-cause.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { LiveCall, NewLiveCall } from "./live-call.ts";
import type { OutgoingCalls } from "./outgoing-calls.ts";
import type { MayCall, TelephoneCall } from "./telephone-call.ts";

/** What may become of a caller's call. */
export interface CallerAnswers {
  /** Takes the call. */
  answer(): void;
  /** Lets the caller hear whom it calls, though that one has not answered; false: it cannot. */
  answerEarly(): boolean;
}

/** Calls between people: what comes in is answered when the one it is for answers, and both are in one room. */
export class JoinedCalls {
  readonly #parts: ExchangeParts;
  readonly #outgoing: OutgoingCalls;

  constructor(parts: ExchangeParts, outgoing: OutgoingCalls) {
    this.#parts = parts;
    this.#outgoing = outgoing;
  }

  /** Calls on behalf of a caller who rings here. Rejects with a GatewayError. */
  async join(
    caller: TelephoneCall,
    { session }: IncomingCall,
    newCall: Omit<NewLiveCall, "access">,
    answers: CallerAnswers,
    mayCall: MayCall,
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
    let isEarly = false;
    let joinNow: () => void = () => undefined;
    const refuse = (cause: EndCause, status: number, detail?: string): void => {
      // In this order: what the refusal does to the dialog is not to be the call's ending.
      live.hangUp(made.callId, cause, detail);
      sessions.command(session, { type: "reject", status });
    };
    const dial = async (near: CallId): Promise<void> => {
      try {
        const { callId, telephone } = await this.#outgoing.place(
          {
            orgId: newCall.orgId,
            from: newCall.from,
            to: newCall.to,
            agent: undefined,
            record: false,
            metadata: newCall.metadata,
            near,
            peerCallId: near,
            stayInside: mayCall !== "any",
          },
          {
            // The caller may have gone while the callee's record was written: then nobody is called.
            made: (callId) => {
              joinNow = this.#join(made, callId);
            },
            early: () => {
              if (isEarly || isAnswered || !answers.answerEarly()) return;
              isEarly = true;
              joinNow();
            },
            ringing: () => {
              if (!isAnswered && !isEarly) sessions.command(session, { type: "progress", status: 180 });
            },
            started: () => {
              isAnswered = true;
              answers.answer();
            },
            ended: (cause, sipStatus) => {
              if (!isAnswered) refuse(cause, statusForCaller(cause, sipStatus));
              // Once both talk, their bridge sees to it.
              else if (made.machine.state !== "in-progress") live.hangUp(near, partnerCause(cause, "inbound"));
            },
          },
        );
        if (telephone && !telephone.isOver && !caller.isOver) this.#parts.calls.join(caller, telephone);
        live.write(() => records.noteSignalling(near, { peerCallId: callId }), near);
      } catch (error) {
        this.#parts.log.warn({ err: error, callId: near }, "a call could not be passed on");
        refuse("call-unreachable", 503, "the call could not be passed on");
      }
    };
    caller.named(made.callId);
    if (!caller.isOver) live.place(made);
  }

  /** Both in one room once both talk, or when what comes back is called; when one goes the other does. */
  #join(caller: LiveCall, calleeId: CallId): () => void {
    const { live, randomBytes } = this.#parts;
    const callee = live.get(calleeId);
    if (!callee) return () => undefined;
    const { state } = caller.machine;
    if (state === "ending" || state === "ended") {
      live.hangUp(calleeId, "cancelled");
      return () => undefined;
    }
    caller.bond = "bridge";
    callee.bond = "bridge";
    const roomId = makeId("room", randomBytes);
    let isJoined = false;
    const join = () => {
      if (isJoined) return;
      isJoined = true;
      this.#parts.bridges.add(caller, callee, roomId);
      for (const { callId } of [caller, callee]) {
        live.send(callId, { type: "join-room", callId, roomId, hears: "room", agent: "none" });
      }
    };
    const started = () => {
      if (caller.machine.state === "in-progress" && callee.machine.state === "in-progress") join();
    };
    caller.watchers.add({
      started,
      ended: (cause) => {
        if (callee.machine.state !== "in-progress") live.hangUp(calleeId, "cancelled");
        else if (!isJoined) live.hangUp(calleeId, partnerCause(cause, "outbound"));
      },
    });
    callee.watchers.add({ started, ended: () => undefined });
    return join;
  }
}

/** A caller waits at most so long for the one it called. */
const answerTimeoutMs = 200_000;

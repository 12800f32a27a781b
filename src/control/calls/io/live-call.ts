import type { CallId, OrgId } from "../../../kit/ids.ts";
import type { AnsweringMachinePlan, CallPlan, EndCause, MediaCommand } from "../../../media/protocol.ts";
import type { CallBond } from "../call-bond.ts";
import type { NewCall } from "../call-control.ts";
import type { CallMachine } from "../call-machine.ts";

/** What the signalling side of a call is told. */
export interface TelephoneLine {
  /** Its RTP port is there. */
  opened(port: number): void;
  /** Keys its media cannot send: they go by the signalling (SIP INFO). */
  sendKeys(digits: string): void;
  /** Nothing has come for so long; told again each time as long has gone by. */
  silent(silentMs: number): void;
  /** The call is over, whoever ended it. */
  ended(cause: EndCause): void;
}

/** How a call's media are reached. */
export type MediaAccess =
  /** A carrier's stream brings them, with a token. */
  | { readonly type: "stream" }
  /** Our own RTP. `bindAddress`: local IP. */
  | { readonly type: "rtp"; readonly line: TelephoneLine; readonly bindAddress: string }
  /** Another call of ours is the far end. The second of both names the first and opens the two. */
  | { readonly type: "pair"; readonly first?: LiveCall };

/** A call to be held from now on. */
export interface NewLiveCall extends Omit<NewCall, "callId"> {
  readonly access: MediaAccess;
  /** How long it may take from its first media process to its media: ringing counts. */
  readonly acceptTimeoutMs?: number;
  readonly answeringMachine?: AnsweringMachinePlan;
}

/** A call that rings or talks. */
export interface LiveCall {
  readonly callId: CallId;
  readonly orgId: OrgId;
  readonly machine: CallMachine;
  /** Complete once the call has its record. */
  plan: CallPlan;
  readonly access: MediaAccess;
  readonly watchers: Set<CallWatcher>;
  /** Who decides where its media are; undefined: nobody but itself. */
  bond: CallBond | undefined;
  /** An agent is on it, and has not left it for good. */
  hasAgent: boolean;
  /** Said by the signalling; the record's detail when the media process has none. */
  detail: string;
}

/** Told of a call's fate by those who made it. */
export interface CallWatcher {
  started?(): void;
  /** Its agent, or the agent it is in a room with, has said something to its end. */
  agentSpoke?(): void;
  pressed?(key: string): void;
  ended(cause: EndCause): void;
}

/** How a media process takes a call; undefined: the call's partner brings it along. */
export function acceptance({ plan, access }: LiveCall, connectionId: string): MediaCommand | undefined {
  switch (access.type) {
    case "stream":
      return { type: "accept-stream", connectionId, plan };
    case "rtp":
      return { type: "open-rtp", plan, address: access.bindAddress };
    case "pair":
      return access.first && { type: "open-pair", plans: [access.first.plan, plan] };
  }
}

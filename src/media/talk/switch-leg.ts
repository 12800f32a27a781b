import type { AudioFormat } from "../../codecs/format.ts";
import type { CallLeg, LegCapabilities } from "../leg.ts";
import type { AgentSeat } from "./agent-seat.ts";

/**
 * The leg an agent is given: the call's own, whose bytes pass untouched, or the agent's seat while it is in a room. Keys
 * always go to the telephone.
 */
export class SwitchLeg implements CallLeg {
  /** Where the agent's audio goes in place of the telephone. */
  seat: AgentSeat | undefined;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly capabilities: LegCapabilities;
  readonly #leg: CallLeg;

  constructor(leg: CallLeg) {
    this.#leg = leg;
    this.inbound = leg.inbound;
    this.outbound = leg.outbound;
    this.capabilities = leg.capabilities;
  }

  sendAudio(payload: Uint8Array): boolean {
    return this.seat ? this.seat.sendAudio(payload) : this.#leg.sendAudio(payload);
  }

  sendMark(name: string): void {
    if (this.seat) this.seat.sendMark(name);
    else this.#leg.sendMark(name);
  }

  clear(): void {
    if (this.seat) this.seat.clear();
    else this.#leg.clear();
  }

  sendDtmf(digits: string): boolean {
    return this.#leg.sendDtmf(digits);
  }

  close(): void {
    this.#leg.close();
  }
}

import { SrtpReceiver, SrtpSender } from "./srtp.ts";
import type { SrtpKeys } from "./srtp-keys.ts";

/** The keys of both directions as the SDP has them; undefined: plain RTP. */
export type SrtpPlan = { readonly send: SrtpKeys; readonly receive: SrtpKeys } | undefined;

/** SRTP of one leg, or nothing at all: all calls work in place and give the new size, −1 for a packet that is refused. */
export class SrtpLeg {
  #plan: SrtpPlan;
  #sender: SrtpSender | undefined;
  #receiver: SrtpReceiver | undefined;

  constructor(plan: SrtpPlan) {
    this.replan(plan);
  }

  /** A re-INVITE's keys; those that are the same go on counting where they are. */
  replan(plan: SrtpPlan): void {
    const before = this.#plan;
    this.#plan = plan;
    if (plan === undefined) {
      this.#sender = undefined;
      this.#receiver = undefined;
      return;
    }
    if (!before || !sameKeys(before.send, plan.send)) this.#sender = new SrtpSender(plan.send);
    if (!before || !sameKeys(before.receive, plan.receive)) this.#receiver = new SrtpReceiver(plan.receive);
  }

  /** Packets that failed authentication under the present keys. */
  get authenticationFailures(): number {
    return this.#receiver?.counters.authenticationFailures ?? 0;
  }

  open(bytes: Uint8Array, sizeBytes: number): number {
    return this.#receiver ? sizeOf(this.#receiver.unprotect(bytes, sizeBytes)) : sizeBytes;
  }

  openRtcp(bytes: Uint8Array, sizeBytes: number): number {
    return this.#receiver ? sizeOf(this.#receiver.unprotectRtcp(bytes, sizeBytes)) : sizeBytes;
  }

  seal(bytes: Uint8Array, sizeBytes: number): number {
    return this.#sender ? sizeOf(this.#sender.protect(bytes, sizeBytes)) : sizeBytes;
  }

  sealRtcp(bytes: Uint8Array, sizeBytes: number): number {
    return this.#sender ? sizeOf(this.#sender.protectRtcp(bytes, sizeBytes)) : sizeBytes;
  }
}

function sizeOf(result: number | string): number {
  return typeof result === "number" ? result : -1;
}

function sameKeys(a: SrtpKeys, b: SrtpKeys): boolean {
  const same = (x: Uint8Array, y: Uint8Array) => x.length === y.length && x.every((byte, i) => byte === y[i]);
  return a.suite === b.suite && same(a.masterKey, b.masterKey) && same(a.masterSalt, b.masterSalt);
}

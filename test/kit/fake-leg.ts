import { type AudioFormat, pcmu8k } from "../../src/codecs/format.ts";
import type { CallLeg } from "../../src/media/leg.ts";

/** A leg that remembers what it was asked to do, and can be made to break. */
export class FakeLeg implements CallLeg {
  inbound: AudioFormat;
  outbound: AudioFormat;
  readonly capabilities;
  readonly setRate: CallLeg["setRate"];
  readonly did: string[] = [];
  /** What it was sent since it was last looked at. */
  sent: Uint8Array[] = [];
  breaks = false;

  /** `marks`: as a carrier's stream, which buffers; else as RTP. `rates`: it works at any rate it is asked for. */
  constructor({ format = pcmu8k as AudioFormat, marks = true, dtmfOut = false, rates = false } = {}) {
    this.inbound = format;
    this.outbound = format;
    this.capabilities = { clear: true, marks, dtmfOut };
    if (!rates) return;
    this.setRate = (sampleRateHz) => {
      this.inbound = { ...format, sampleRateHz };
      this.outbound = this.inbound;
    };
  }

  sendAudio(payload: Uint8Array): boolean {
    if (this.breaks) throw new Error("broken leg");
    this.did.push(`audio ${payload.length}`);
    this.sent.push(payload.slice());
    return true;
  }

  sendMark(name: string): void {
    this.did.push(`mark ${name}`);
  }

  clear(): void {
    if (this.breaks) throw new Error("broken leg");
    this.did.push("clear");
  }

  sendDtmf(digits: string): boolean {
    this.did.push(`keys ${digits}`);
    return this.capabilities.dtmfOut;
  }

  close(): void {
    this.did.push("close");
  }
}

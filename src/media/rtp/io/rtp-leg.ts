import type { AudioFormat, SampleRateHz } from "../../../codecs/format.ts";
import { l16at16k, l16at24k, pcma8k, pcmu8k } from "../../../codecs/format.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { RandomBytes } from "../../../kit/ids.ts";
import type { CallLeg, LegCapabilities, LegEvents } from "../../leg.ts";
import type { MediaPlan, RtpCodec } from "../media-plan.ts";
import { defaultWatchOptions, type RtpNews } from "../media-watch.ts";
import type { PortPool } from "../port-pool.ts";
import { RtpStream } from "../rtp-stream.ts";
import type { ScaleBudget } from "../scale-budget.ts";
import { openRtpSockets, type RtpSocketPair } from "./rtp-sockets.ts";

export interface RtpLegOptions {
  /** Local IP to bind. */
  readonly address: string;
  readonly ports: PortPool;
  readonly rtcpMux: boolean;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Shared by the legs of a process. */
  readonly scaleBudget?: ScaleBudget;
  /** No packets for this long is news; 0: never. */
  readonly noRtpMs: number;
  /** News of the media other than audio and keys. */
  readonly news: (news: RtpNews) => void;
  /** Keys that the far end takes by the signalling alone (SIP INFO). */
  readonly keysWanted: (digits: string) => void;
}

/** What the inside speaks with a leg of this codec: its own bytes for G.711, linear PCM at the codec's rate for the rest. */
export function innerFormat({ format }: RtpCodec): AudioFormat {
  if (format.encoding === "pcmu") return pcmu8k;
  if (format.encoding === "pcma") return pcma8k;
  return format.encoding === "g722" ? l16at16k : l16at24k;
}

/** The plan with Opus at the rate of the inside, where that is linear. */
function opusAt(plan: MediaPlan, { encoding, sampleRateHz }: AudioFormat): MediaPlan {
  if (encoding !== "l16") return plan;
  const codecs = plan.codecs.map((codec) =>
    codec.format.encoding === "opus" ? { ...codec, format: { ...codec.format, sampleRateHz } } : codec,
  );
  return { ...plan, codecs };
}

const capabilities: LegCapabilities = { clear: true, marks: false, dtmfOut: true };

/**
 * A call's RTP leg: its two sockets from the moment a port is needed for the SDP, its stream from the moment offer and
 * answer agree. Packets that come before `begin` are dropped by the network's own rules: nobody asked for them yet.
 */
export class RtpLeg implements CallLeg {
  readonly capabilities = capabilities;
  readonly #options: RtpLegOptions;
  #sockets: RtpSocketPair | undefined;
  #stream: RtpStream | undefined;
  #format: AudioFormat = pcmu8k;
  #plan: MediaPlan | undefined;
  #keysBySignalling = false;
  #events: LegEvents | undefined;
  #closed = false;

  private constructor(options: RtpLegOptions) {
    this.#options = options;
  }

  /** Takes a port pair; rejects when none is to be had. */
  static async open(options: RtpLegOptions): Promise<RtpLeg> {
    const leg = new RtpLeg(options);
    const now = (): number => options.clock.now();
    leg.#sockets = await openRtpSockets(
      { address: options.address, ports: options.ports, now, rtcpMux: options.rtcpMux },
      {
        rtp: (bytes, address, port) => leg.#stream?.datagram(bytes, bytes.length, address, port, now()),
        rtcp: (bytes, address) => leg.#stream?.rtcpDatagram(bytes, bytes.length, address, now()),
        unreachable: () => leg.#stream?.unreachable(),
      },
    );
    return leg;
  }

  /** The even port of the SDP. */
  get port(): number {
    return this.#sockets?.port ?? 0;
  }

  get inbound(): AudioFormat {
    return this.#format;
  }

  get outbound(): AudioFormat {
    return this.#format;
  }

  /** Offer and answer agree: media flow from here on. Once the call is answered, they are expected of the far end, too. */
  begin(plan: MediaPlan, events: LegEvents): void {
    const { clock, randomBytes, news } = this.#options;
    const codec = plan.codecs[0];
    if (!codec || !this.#sockets || this.#closed) throw new Error("RTP leg: begun without a codec or after its end");
    this.#format = innerFormat(codec);
    this.#plan = plan;
    this.#keysBySignalling = plan.dtmfSend === "info";
    this.#events = events;
    const numbers = new DataView(Uint8Array.from(randomBytes(16)).buffer);
    const now = clock.now();
    const sockets = this.#sockets;
    this.#stream = new RtpStream(
      {
        inner: this.#format,
        plan,
        watch: { ...defaultWatchOptions, noRtpMs: this.#options.noRtpMs },
        scaleBudget: this.#options.scaleBudget,
        ssrc: numbers.getUint32(0),
        firstSeq: numbers.getUint16(4),
        firstTimestamp: numbers.getUint32(6),
        cname: Buffer.from(randomBytes(9)).toString("base64url"),
        wallOffsetMs: clock.wall() - now,
        random: () => randomBytes(4).reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 32,
      },
      {
        rtp: (bytes, sizeBytes, to) => sockets.sendRtp(bytes, sizeBytes, to),
        rtcp: (bytes, sizeBytes, to) => sockets.sendRtcp(bytes, sizeBytes, to),
        audio: (frame) => events.audio(frame),
        key: (key) => events.dtmf(key),
        news,
      },
      now,
    );
  }

  /** The call is answered: audio is due. Twice is fine. */
  answered(): void {
    this.#stream?.answered(this.#options.clock.now());
  }

  /** A re-INVITE was agreed on. */
  replan(plan: MediaPlan): void {
    this.#keysBySignalling = plan.dtmfSend === "info";
    const fitting = opusAt(plan, this.#format);
    this.#plan = fitting;
    this.#stream?.replan(fitting, this.#options.clock.now());
  }

  /** A key that came by SIP INFO. */
  infoKey(key: string): void {
    this.#stream?.infoKey(key, this.#options.clock.now());
  }

  /** Opus is worked on at the new rate, too (RFC 7587 §4.1), and spares all resampling. */
  setRate(rateHz: SampleRateHz): void {
    const { encoding, sampleRateHz } = this.#format;
    if (!this.#stream || !this.#plan || encoding !== "l16" || rateHz === sampleRateHz) return;
    this.#format = { encoding: "l16", sampleRateHz: rateHz };
    this.#plan = opusAt(this.#plan, this.#format);
    this.#stream.setInner(this.#format, this.#plan);
  }

  /** Once every 20 ms, before the conversation's own tick. */
  tick(now: number): void {
    this.#stream?.tick(now);
  }

  sendAudio(payload: Uint8Array): boolean {
    return this.#stream?.send(payload) ?? false;
  }

  sendMark(): void {}

  bringAll(wanted: boolean): void {
    if (this.#stream) this.#stream.bringsAll = wanted;
  }

  clear(): void {
    this.#stream?.outbound.clear();
  }

  sendDtmf(digits: string): boolean {
    if (this.#keysBySignalling && this.#stream && !this.#closed) {
      this.#options.keysWanted(digits);
      return true;
    }
    return this.#stream?.press(digits) ?? false;
  }

  /** The far end hung up by signalling, or its media are gone for good. */
  ended(reason: "hung-up" | "connection-lost"): void {
    const events = this.#events;
    this.close();
    events?.ended(reason);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events = undefined;
    this.#stream?.close(this.#options.clock.now());
    this.#sockets?.close();
  }
}

import type { RtpPacket } from "./packet.ts";
import { Reception } from "./reception.ts";
import {
  parseRtcp,
  type ReportBlock,
  type RtcpFault,
  type SenderInfo,
  writeBye,
  writeCname,
  writeReport,
} from "./rtcp.ts";
import { type RtpTimestamp, rtpTimestamp } from "./wrap.ts";

/** Seconds from 1900 (NTP) to 1970. */
const ntpEpochOffsetS = 2_208_988_800;
/** Makes up for the mean of the randomised interval being e − 3/2 of the wanted one (RFC 3550 §6.3.1). */
const compensation = Math.E - 1.5;

/** How a leg reports. */
export interface RtcpOptions {
  readonly ssrc: number;
  /** Names us across SSRC changes; random, never an address (RFC 7022). */
  readonly cname: string;
  readonly clockRateHz: number;
  /** Mean time between reports (RFC 3550 §6.2). */
  readonly intervalMs: number;
  /** Wall clock less monotonic clock, in ms. */
  readonly wallOffsetMs: number;
  /** 0 … below 1. */
  readonly random: () => number;
}

/** What only the caller knows has no default. */
export const defaultRtcpOptions = { intervalMs: 5000 } as const satisfies Partial<RtcpOptions>;

/** How the two directions of a leg are doing. Undefined: not known yet. */
export interface RtcpStatistics {
  readonly packetsSent: number;
  readonly octetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | undefined;
  /** What the far end reports of what we send. */
  readonly farFractionLost: number | undefined;
  readonly farPacketsLost: number | undefined;
  readonly farJitterMs: number | undefined;
}

/** What a received compound meant for the leg. */
export type RtcpNews = "report" | "bye" | "nothing";

/** RTCP of one leg with one source each way (RFC 3550 §6). Times in monotonic ms. */
export class RtcpSession {
  readonly #options: RtcpOptions;
  #clockRateHz: number;
  #reception: Reception | undefined;
  #packetsSent = 0;
  #octetsSent = 0;
  #packetsSentAtReport = 0;
  #lastTimestamp: RtpTimestamp = rtpTimestamp(0);
  #lastSentAt = 0;
  #lastSr = 0;
  #lastSrAt = 0;
  #roundTripMs: number | undefined;
  #far: ReportBlock | undefined;
  #deadline: number;

  constructor(options: RtcpOptions, now: number) {
    this.#options = options;
    this.#clockRateHz = options.clockRateHz;
    // The first report comes after half the interval (RFC 3550 §6.2).
    this.#deadline = now + this.#interval() / 2;
  }

  /** When `report` wants to be called. */
  get deadline(): number {
    return this.#deadline;
  }

  /** The codec changed; reports count in the new clock from here on. */
  setClockRate(clockRateHz: number): void {
    if (clockRateHz === this.#clockRateHz) return;
    this.#clockRateHz = clockRateHz;
    this.#reception = undefined;
  }

  /** Counts a packet we sent. */
  sent(payloadBytes: number, timestamp: RtpTimestamp, now: number): void {
    this.#packetsSent++;
    this.#octetsSent += payloadBytes;
    this.#lastTimestamp = timestamp;
    this.#lastSentAt = now;
  }

  /** Counts a packet that came; `timed` as in `Reception.packet`. */
  received(packet: RtpPacket, now: number, timed: boolean): void {
    if (this.#reception === undefined || this.#reception.ssrc !== packet.ssrc) {
      this.#reception = new Reception(packet.ssrc, this.#clockRateHz);
      this.#lastSr = 0;
    }
    this.#reception.packet(packet.seq, packet.timestamp, now, timed);
  }

  /** Takes a compound in. */
  handle(bytes: Uint8Array, now: number): RtcpNews | RtcpFault {
    const packets = parseRtcp(bytes);
    if (typeof packets === "string") return packets;
    let news: RtcpNews = "nothing";
    for (const packet of packets) {
      if (packet.type === "sender-report" || packet.type === "receiver-report") {
        if (packet.type === "sender-report" && packet.ssrc === this.#reception?.ssrc) {
          this.#lastSr = middleOfNtp(packet.sender.ntpSeconds, packet.sender.ntpFraction);
          this.#lastSrAt = now;
        }
        for (const block of packet.blocks) if (block.ssrc === this.#options.ssrc) this.#heardOfUs(block, now);
        if (news === "nothing") news = "report";
      } else if (packet.type === "bye" && packet.ssrcs.some((ssrc) => ssrc === this.#reception?.ssrc)) {
        news = "bye";
      }
    }
    return news;
  }

  #heardOfUs(block: ReportBlock, now: number): void {
    this.#far = block;
    if (block.lastSr === 0) return;
    const seconds = (now + this.#options.wallOffsetMs) / 1000 + ntpEpochOffsetS;
    const arrival = middleOfNtp(Math.floor(seconds) % 0x100000000, Math.floor((seconds % 1) * 0x100000000));
    const roundTrip = (arrival - block.lastSr - block.delaySinceLastSr) | 0;
    // A skewed or invented DLSR gives nonsense; a minute is no round trip.
    if (roundTrip >= 0 && roundTrip < 60 * 65536) this.#roundTripMs = (roundTrip * 1000) / 65536;
  }

  /** Writes the report that is due, SR or RR with SDES, to the front of `out`; returns its size. Sets the next deadline. */
  report(now: number, out: Uint8Array): number {
    this.#deadline = now + this.#interval();
    const { ssrc, cname } = this.#options;
    return writeCname(out, this.#writeReport(now, out), ssrc, cname);
  }

  /** Writes the last compound, a report with SDES and BYE; returns its size. */
  bye(now: number, out: Uint8Array): number {
    return writeBye(out, this.report(now, out), this.#options.ssrc);
  }

  #writeReport(now: number, out: Uint8Array): number {
    // Who has sent nothing since the last report but one is no sender (RFC 3550 §6.4); one interval is close enough here.
    const sends = this.#packetsSent > this.#packetsSentAtReport;
    this.#packetsSentAtReport = this.#packetsSent;
    const delay = this.#lastSr === 0 ? 0 : Math.round(((now - this.#lastSrAt) * 65536) / 1000);
    const block = this.#reception?.takeBlock(this.#lastSr, delay);
    return writeReport(out, 0, this.#options.ssrc, sends ? this.#senderInfo(now) : undefined, block);
  }

  #senderInfo(now: number): SenderInfo {
    const seconds = (now + this.#options.wallOffsetMs) / 1000 + ntpEpochOffsetS;
    const elapsed = Math.round(((now - this.#lastSentAt) * this.#clockRateHz) / 1000);
    return {
      ntpSeconds: Math.floor(seconds) % 0x100000000,
      ntpFraction: Math.floor((seconds % 1) * 0x100000000),
      rtpTimestamp: rtpTimestamp(this.#lastTimestamp + elapsed),
      packets: this.#packetsSent,
      octets: this.#octetsSent,
    };
  }

  #interval(): number {
    return (this.#options.intervalMs * (0.5 + this.#options.random())) / compensation;
  }

  statistics(): RtcpStatistics {
    const far = this.#far;
    return {
      packetsSent: this.#packetsSent,
      octetsSent: this.#octetsSent,
      packetsReceived: this.#reception?.received ?? 0,
      packetsLost: this.#reception?.lost ?? 0,
      jitterMs: this.#reception?.jitterMs ?? 0,
      roundTripMs: this.#roundTripMs,
      farFractionLost: far && far.fractionLost / 256,
      farPacketsLost: far?.cumulativeLost,
      farJitterMs: far && (far.jitter * 1000) / this.#clockRateHz,
    };
  }
}

function middleOfNtp(seconds: number, fraction: number): number {
  return ((seconds << 16) | (fraction >>> 16)) >>> 0;
}

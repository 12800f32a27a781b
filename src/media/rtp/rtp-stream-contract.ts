import type { AudioFormat } from "../../codecs/format.ts";
import type { DtmfMode } from "./dtmf-dedup.ts";
import type { RtpAddress } from "./latching.ts";
import type { MediaPlan } from "./media-plan.ts";
import type { RtpNews, WatchOptions } from "./media-watch.ts";
import type { ScaleBudget } from "./scale-budget.ts";

/** What a leg needs from outside. */
export interface RtpStreamOptions {
  /** Constant-rate format spoken with the inside, the same for the whole call. */
  readonly inner: AudioFormat;
  readonly plan: MediaPlan;
  /** Random, as `firstSeq` and `firstTimestamp` (RFC 3550 §5.1, §8). */
  readonly ssrc: number;
  readonly firstSeq: number;
  readonly firstTimestamp: number;
  readonly cname: string;
  /** Wall clock less monotonic clock, in ms. */
  readonly wallOffsetMs: number;
  /** 0 … below 1. */
  readonly random: () => number;
  readonly watch?: WatchOptions;
  /** Shared by the streams of a process; undefined: unbounded. */
  readonly scaleBudget?: ScaleBudget;
}

/** Where a leg's orders go. Views are valid only during the call, those of packets until three more were sent. */
export interface RtpStreamSink {
  rtp(bytes: Uint8Array, sizeBytes: number, to: RtpAddress): void;
  rtcp(bytes: Uint8Array, sizeBytes: number, to: RtpAddress): void;
  /** One frame of 20 ms in the inner format. */
  audio(frame: Uint8Array): void;
  /** One key, once. */
  key(key: string, mode: DtmfMode): void;
  news(news: RtpNews): void;
}

/** Totals of what came and was not taken. */
export interface RtpStreamCounters {
  packets: number;
  unparsable: number;
  wrongPayloadType: number;
  foreign: number;
  unreadable: number;
  rtcpFaults: number;
}

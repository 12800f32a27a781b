import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import type { CallLeg } from "../../leg.ts";
import { LegPcm } from "../leg-pcm.ts";
import { type RecordingSummary, WavRecorder } from "./wav-recorder.ts";

export interface CallRecordingOptions {
  readonly path: string;
  /** Monotonic ms of the start of the call's media. */
  readonly startedAt: number;
  /** Longest the call may last. */
  readonly maxDurationMs: number;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What the caller heard is known by then; the timeline holds this much of the call in memory. */
const windowMs = 10_000;
/** The goodbye may outlast the longest duration by so much; the recording has room for it. */
const slackMs = 60_000;

/** A call's recording: what came from its telephone left, what was heard there right. All times in monotonic ms. */
export class CallRecording {
  readonly #options: CallRecordingOptions;
  readonly #recorder: WavRecorder;
  readonly #leg: CallLeg;
  readonly #fromLeg: LegPcm;
  readonly #toLeg: LegPcm;

  constructor(leg: CallLeg, options: CallRecordingOptions) {
    this.#options = options;
    this.#leg = leg;
    const { path, maxDurationMs, metrics, log } = options;
    this.#recorder = WavRecorder.open(path, {
      windowMs,
      maxDurationMs: maxDurationMs + slackMs,
      onError: (error) => {
        metrics.errors.inc({ kind: "recording" });
        log.error({ err: error }, "recording stopped; the call goes on");
      },
    });
    this.#fromLeg = new LegPcm(leg.inbound, (pcm, at) => this.callerPcm(pcm, at));
    this.#toLeg = new LegPcm(leg.outbound, (pcm, at) => this.#recorder.writeAgent(pcm, at - this.#options.startedAt));
  }

  /** The caller, as 8 kHz PCM. */
  callerPcm(pcm: Int16Array, at: number): void {
    this.#recorder.writeCaller(pcm, at - this.#options.startedAt);
  }

  /** The caller, in the leg's own bytes, of its present format. */
  fromLeg(payload: Uint8Array, at: number): void {
    this.#fromLeg.follow(this.#leg.inbound);
    this.#fromLeg.push(payload, at);
  }

  /** What the caller hears, in the leg's own bytes, of its present format. */
  toLeg(payload: Uint8Array, at: number): void {
    this.#toLeg.follow(this.#leg.outbound);
    this.#toLeg.push(payload, at);
  }

  /** To be called on every tick. */
  tick(now: number): void {
    this.#recorder.tick(now - this.#options.startedAt);
  }

  /** Ends it; undefined when that was not possible within `patienceMs`. Never rejects. */
  async close(endedAt: number, patienceMs: number): Promise<RecordingSummary | undefined> {
    const { metrics, log, startedAt } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, patienceMs, undefined);
    });
    try {
      const recording = await Promise.race([this.#recorder.close(endedAt - startedAt), late]);
      if (recording) return recording;
      log.error("the recording could not be finished in time; it stays as far as it was written");
    } catch (error) {
      log.error({ err: error }, "the recording could not be finished");
    } finally {
      clearTimeout(timer);
    }
    metrics.errors.inc({ kind: "recording" });
    return undefined;
  }
}

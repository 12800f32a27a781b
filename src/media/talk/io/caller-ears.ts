import type { Logger } from "../../../kit/log.ts";
import type { Metrics } from "../../../kit/metrics.ts";
import { CallVad } from "../vad-call.ts";
import type { Fvad } from "../vad-cheap.ts";
import { loadFvad } from "./fvad.ts";
import { SileroBatcher } from "./silero.ts";

/** The ears of a media process: both tiers of voice activity detection, the neural one batched over all calls in one thread. */
export class CallerEars {
  readonly #fvad: Fvad;
  readonly #silero: SileroBatcher | undefined;

  private constructor(fvad: Fvad, silero: SileroBatcher | undefined) {
    this.#fvad = fvad;
    this.#silero = silero;
  }

  /** Loads both tiers; without the neural one calls go on with the cheap one, and the log says so once. */
  static async open(log: Logger, metrics: Metrics): Promise<CallerEars> {
    const fvad = await loadFvad();
    try {
      const silero = await SileroBatcher.load({
        fault: (error) => {
          metrics.errors.inc({ kind: "vad" });
          log.error({ err: error }, "the neural voice activity detector failed; calls go on with the cheap one");
        },
        restarted: () => {
          metrics.vadRestarts.inc();
          log.info("the neural voice activity detector is there again");
        },
      });
      return new CallerEars(fvad, silero);
    } catch (error) {
      log.warn({ err: error }, "no neural voice activity detector: noise may pass for speech");
      return new CallerEars(fvad, undefined);
    }
  }

  /** Ears for one call's caller. */
  forCall(): CallVad {
    const silero = this.#silero;
    return new CallVad(this.#fvad.open(), silero && ((onProbability) => silero.open(onProbability)));
  }

  /** The neural tier is judging; what it finds comes in a moment. */
  get busy(): boolean {
    return this.#silero?.busy ?? false;
  }

  /** Once every 20 ms, after all calls' frames. */
  tick(): void {
    this.#silero?.tick();
  }

  /** Resolves when the neural tier's thread has ended: before that the process must not. */
  async close(): Promise<void> {
    await this.#silero?.close();
  }
}

import type { RespondReason } from "../ai/session.ts";
import type { TurnTiming } from "../protocol.ts";

interface OpenTurn {
  readonly turnId: string;
  readonly reason: RespondReason;
  readonly callerLastVoicedAt: number | undefined;
  readonly decidedAt: number;
  providerFirstByteAt: number | undefined;
}

/**
 * Measures one turn at a time: the caller's last voiced frame, the decision to answer, the provider's first audio, the
 * first frame on the wire. Times come in as monotonic ms and leave as ms since the call's media began.
 */
export class TurnTimer {
  readonly #startedAt: number;
  readonly #makeId: () => string;
  #open: OpenTurn | undefined;

  constructor(startedAt: number, makeId: () => string) {
    this.#startedAt = startedAt;
    this.#makeId = makeId;
  }

  /** A reply was asked for. A turn still open is reported as one that was never heard. */
  decided(reason: RespondReason, callerLastVoicedAt: number | undefined, now: number): TurnTiming | undefined {
    const unheard = this.abandon();
    this.#open = { turnId: this.#makeId(), reason, callerLastVoicedAt, decidedAt: now, providerFirstByteAt: undefined };
    return unheard;
  }

  /** Audio of a reply arrived from the provider. */
  providerAudio(now: number): void {
    if (this.#open && this.#open.providerFirstByteAt === undefined) this.#open.providerFirstByteAt = now;
  }

  /** The first frame of a reply went out: the turn is measured. */
  firstFrameOnWire(at: number): TurnTiming | undefined {
    // A frame of the reply before this one says nothing of this turn.
    if (this.#open?.providerFirstByteAt === undefined) return undefined;
    return this.#close(at);
  }

  /** The reply will not be heard (cancelled, failed, call ended). */
  abandon(): TurnTiming | undefined {
    return this.#close(undefined);
  }

  #close(firstFrameOnWireAt: number | undefined): TurnTiming | undefined {
    const turn = this.#open;
    this.#open = undefined;
    if (!turn) return undefined;
    return {
      turnId: turn.turnId,
      reason: turn.reason,
      callerLastVoicedAtMs: this.#since(turn.callerLastVoicedAt),
      decidedAtMs: this.#since(turn.decidedAt) ?? 0,
      providerFirstByteAtMs: this.#since(turn.providerFirstByteAt),
      firstFrameOnWireAtMs: this.#since(firstFrameOnWireAt),
    };
  }

  #since(at: number | undefined): number | undefined {
    return at === undefined ? undefined : Math.round((at - this.#startedAt) * 10) / 10;
  }
}

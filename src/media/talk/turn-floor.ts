import { backchannelWordsFor } from "./backchannel.ts";
import type { InterruptionOutcome, TurnOrder, TurnState } from "./turn-events.ts";
import type { TurnOptions } from "./turn-options.ts";

/** Speech over the agent, from its onset until it is known what it was. */
interface Overlap {
  readonly onsetAtMs: number;
  readonly pausedAtMs: number;
  /** When the agent yielded. */
  yieldedAtMs: number;
  /** The provider's ears opened a turn during it. */
  confirmed: boolean;
  /** Turns committed since, whose words have not come. */
  wordless: number;
}

/** Speech over the agent that did not stop him: words that come now may still make it a turn. */
interface PassedOverlap {
  readonly onsetAtMs: number;
  readonly endedAtMs: number;
}

/** Replies asked for that have not made a sound. */
interface AwaitedReply {
  /** May be interrupted once it is heard. */
  readonly interruptible: boolean;
  /** May be called off before it is heard. */
  readonly cancellable: boolean;
}

/**
 * The moves of turn-taking: what is known about the floor, and the steps by which it changes hands. Rows are in
 * `turn-taking.ts`; what each input does is there and in `turn-caller.ts`, `turn-words.ts` and `turn-agent.ts`.
 */
export class TurnFloor {
  readonly options: TurnOptions;
  /** Words that are no turn, in the conversation's language. */
  readonly backchannels: readonly string[];
  state: TurnState = "listening";
  /** Monotonic ms; undefined only while listening. */
  deadline: number | undefined;
  orders: TurnOrder[] = [];
  /** Our VAD hears the caller. */
  speaking = false;
  /** The provider's ears have a turn open (only where they end turns). */
  providerOpen = false;
  /** The provider ended a turn that could not be committed yet. */
  providerEnded = false;
  lastVoicedAtMs = 0;
  /** What the caller did while he could not have the floor; it is his turn once the agent is done. */
  owed: "nothing" | "speech" | "keys" = "nothing";
  awaited: AwaitedReply | undefined;
  /** The reply being heard may be interrupted. */
  interruptible = true;
  overlap: Overlap | undefined;
  passed: PassedOverlap | undefined;
  /** After a yield: all there was had been heard. */
  nothingLeft = false;

  constructor(options: TurnOptions) {
    this.options = options;
    this.backchannels = backchannelWordsFor(options.language);
  }

  order(...types: Exclude<TurnOrder["type"], "interruption">[]): void {
    for (const type of types) this.orders.push({ type });
  }

  /** The caller's turn is over: a reply to it is asked for. */
  commit(now: number): void {
    this.order("commit-turn", "respond");
    if (this.overlap) this.overlap.wordless += 1;
    this.owed = "nothing";
    this.providerOpen = false;
    this.providerEnded = false;
    this.awaitReply(this.options.interruptible, true);
    this.enterThinking(now);
  }

  /** Notes a reply asked for; of several the stricter rule holds. */
  awaitReply(interruptible: boolean, cancellable: boolean): void {
    this.awaited = {
      interruptible: interruptible && (this.awaited?.interruptible ?? true),
      cancellable: cancellable && (this.awaited?.cancellable ?? true),
    };
  }

  /** Calls off the replies asked for; false when one of them is protected. */
  cancelReply(): boolean {
    if (this.awaited?.cancellable === false) return false;
    this.order("cancel-response");
    this.awaited = undefined;
    return true;
  }

  /** The caller speaks and cannot have the floor now. */
  oweSpeech(): void {
    if (this.owed === "nothing") this.owed = "speech";
    this.providerEnded = false;
  }

  beginReply(interruptible: boolean, now: number): void {
    this.forgetHeld();
    this.interruptible = interruptible;
    this.awaited = undefined;
    this.passed = undefined;
    this.enterAgentSpeaking(now);
  }

  /** What was said over the agent was nothing: he goes on from the sample where he was paused. */
  goOnSpeaking(outcome: InterruptionOutcome, now: number): void {
    this.order("resume-playout");
    this.reportOverlap(outcome, now);
    this.enterAgentSpeaking(now);
  }

  /** The agent loses the floor; to whom is settled after. */
  yield(now: number): void {
    this.order("yield");
    this.awaited = undefined;
    if (this.overlap) this.overlap.yieldedAtMs = now;
    else
      this.overlap = {
        onsetAtMs: this.passed?.onsetAtMs ?? now,
        pausedAtMs: now,
        yieldedAtMs: now,
        confirmed: true,
        wordless: 0,
      };
  }

  /** After a yield: it was a turn of the caller. */
  takeFloor(now: number): void {
    this.order("discard-interrupted");
    this.reportOverlap("yielded", this.overlap?.yieldedAtMs ?? now);
    if (this.speaking || this.providerOpen) this.enterCallerSpeaking(now);
    else if (this.providerEnded) this.commit(now);
    else this.enterEndpointing(now);
  }

  /** The caller has the floor, and what was cut off for him is kept until the words of his turn come. */
  get holding(): boolean {
    return this.overlap !== undefined && this.state !== "overlapping" && this.state !== "yielded";
  }

  /** After a yield that words will judge when they come, after the turn: the floor is the caller's until then. */
  holdRest(now: number): void {
    this.nothingLeft = false;
    if (this.speaking) this.enterCallerSpeaking(now);
    else this.enterEndpointing(now);
  }

  /** What was held is forgotten: it was a turn of the caller. */
  forgetHeld(): void {
    if (!this.holding || !this.overlap) return;
    this.order("discard-interrupted");
    this.reportOverlap("yielded", this.overlap.yieldedAtMs);
  }

  /** A turn of the caller was noise. When no other one waits for its words, the agent goes on in place of a reply. */
  noiseWhileHolding(now: number): void {
    if (!this.overlap || this.overlap.wordless === 0) return;
    this.overlap.wordless -= 1;
    if (this.overlap.wordless > 0 || this.state !== "thinking" || this.speaking) return;
    this.cancelReply();
    this.resumeInterrupted("false-alarm", now);
  }

  /** After a yield: it was no turn of the caller; the agent says what was not heard. */
  resumeInterrupted(outcome: InterruptionOutcome, now: number): void {
    this.order(this.nothingLeft ? "discard-interrupted" : "resume-interrupted");
    this.reportOverlap(outcome, this.overlap?.yieldedAtMs ?? now);
    if (this.nothingLeft) {
      this.order("turn-done");
      this.freeFloor(now);
    } else this.enterAgentSpeaking(now);
  }

  /** Nobody is heard any more: what the caller was doing is over. */
  forgetCaller(): void {
    this.speaking = false;
    this.providerOpen = false;
    this.providerEnded = false;
    this.owed = "nothing";
  }

  /** Keys take the floor at once; false when the reply is uninterruptible. */
  yieldToKeys(now: number): boolean {
    if (this.state === "agent-speaking") {
      if (!this.interruptible) return false;
      this.passed = undefined;
    }
    if (this.state !== "yielded") this.yield(now);
    this.order("discard-interrupted");
    this.reportOverlap("yielded", this.overlap?.yieldedAtMs ?? now);
    return true;
  }

  reportOverlap(outcome: InterruptionOutcome, decidedAtMs: number): void {
    const overlap = this.overlap;
    this.overlap = undefined;
    if (!overlap) return;
    const { onsetAtMs, pausedAtMs } = overlap;
    this.orders.push({ type: "interruption", outcome, onsetAtMs, pausedAtMs, decidedAtMs });
    this.passed = outcome === "yielded" ? undefined : { onsetAtMs, endedAtMs: decidedAtMs };
  }

  /** Nobody holds the floor any more: it goes to whoever waits for it. */
  freeFloor(now: number): void {
    this.forgetHeld();
    if (this.speaking || (this.providerOpen && this.owed === "speech")) this.enterCallerSpeaking(now);
    else if (this.owed === "keys" || (this.owed === "speech" && this.providerEnded)) this.commit(now);
    else if (this.owed === "speech") this.enterEndpointing(now);
    else if (this.awaited) this.enterThinking(now);
    else {
      this.state = "listening";
      this.deadline = undefined;
    }
  }

  enterCallerSpeaking(now: number): void {
    this.state = "caller-speaking";
    this.deadline = now + this.options.maxSpeechMs;
    this.owed = "nothing";
    this.providerEnded = false;
  }

  enterEndpointing(now: number): void {
    const { detection, endpointingMs, maxEndpointingMs } = this.options;
    const pauseMs = detection === "provider" ? maxEndpointingMs : endpointingMs;
    this.state = "endpointing";
    this.deadline = Math.max(now, this.lastVoicedAtMs + pauseMs);
    this.owed = "nothing";
  }

  enterThinking(now: number): void {
    this.state = "thinking";
    this.deadline = now + this.options.replyTimeoutMs;
  }

  enterAgentSpeaking(now: number): void {
    this.state = "agent-speaking";
    this.deadline = now + this.options.maxReplyMs;
  }

  enterOverlapping(onsetAtMs: number, now: number): void {
    this.order("pause-playout");
    this.overlap = { onsetAtMs, pausedAtMs: now, yieldedAtMs: now, confirmed: this.providerOpen, wordless: 0 };
    this.providerEnded = false;
    this.state = "overlapping";
    this.deadline = Math.max(now, this.confirmBy(this.options.bargeInConfirmMs));
  }

  enterYielded(now: number): void {
    this.state = "yielded";
    this.nothingLeft = false;
    this.deadline = this.wordlessBy(now);
  }

  /** When speech over the agent has lasted this long; the VAD had its time to report the end of it. */
  confirmBy(speechMs: number): number {
    return (this.overlap?.onsetAtMs ?? 0) + speechMs + this.options.speechStopLagMs;
  }

  /** The latest moment to wait for words after a yield, while there is still sound. */
  wordlessBy(now: number): number {
    return Math.max(now, (this.overlap?.yieldedAtMs ?? now) + this.options.maxWordlessMs);
  }

  /** True while news of the last overlap that did not stop the agent is not older than `withinMs`. */
  passedWithin(withinMs: number, now: number): boolean {
    return this.passed !== undefined && now - this.passed.endedAtMs <= withinMs;
  }
}

import type { RespondReason } from "../ai/session.ts";
import type { DurationCause, EndCause } from "../protocol.ts";
import { Announcements } from "./announcements.ts";
import { defaultFarewellOptions, Farewell } from "./farewell.ts";
import { SilencePolicy } from "./silence-policy.ts";
import type { TurnOptions } from "./turn-options.ts";

/** What is to be said unasked, or that the call is to end now. Texts are private, as words are. */
export type InitiativeOrder =
  | { readonly type: "say"; readonly text: string; readonly reason: RespondReason; readonly interruptible: boolean }
  | { readonly type: "end"; readonly cause: EndCause };

/** Who has the floor, as far as it matters here. */
export interface FloorView {
  /** Nothing unheard waits in the playout, and no reply or tool is under way. */
  readonly quiet: boolean;
  /** Nobody has the floor. */
  readonly free: boolean;
  /** The caller has it, without a doubt. */
  readonly callers: boolean;
}

/** A goodbye that did not begin to sound by then never will. */
const goodbyeBeginsMs = 4_000;
const goodbyeText = "I have not heard anything, so I will hang up now. Goodbye.";
const durationWarningText = "We are almost out of time, so this call will end in a moment.";
const creditWarningText = "I am sorry, our time on this line is used up, so this call will end in a moment. Goodbye.";
/** Of a call that ends for want of money, the last of so many equal parts is left for the sentence that says so. */
const creditWarningParts = 2;
const nothing: readonly InitiativeOrder[] = [];
const quietInput = { type: "quiet" } as const;
const busyInput = { type: "busy" } as const;
const timeoutInput = { type: "timeout" } as const;

/** How long the call may last, and why it ends then. */
export interface CallDuration {
  readonly maxDurationMs: number;
  readonly durationCause?: DurationCause;
}

/**
 * What the agent does without being asked: nudges a silent caller, says what the operator wants said, warns of the end,
 * and ends the call when its last word was played.
 */
export class Initiative {
  readonly announcements = new Announcements();
  readonly #options: TurnOptions;
  readonly #silence: SilencePolicy;
  readonly #farewell: Farewell;
  readonly #warningText: string;

  constructor(options: TurnOptions, duration: CallDuration, now: number) {
    this.#options = options;
    this.#silence = new SilencePolicy(options);
    const { maxDurationMs, durationCause = "max-duration" } = duration;
    const isShortOfCredit = durationCause === "out-of-credit";
    this.#warningText = isShortOfCredit ? creditWarningText : durationWarningText;
    const { warningMs: usualMs } = defaultFarewellOptions;
    // Nobody has chosen this end: it is said also when the call is shorter than the usual warning.
    const warningMs = isShortOfCredit ? Math.min(usualMs, maxDurationMs / creditWarningParts) : usualMs;
    this.#farewell = new Farewell({ ...defaultFarewellOptions, maxDurationMs, durationCause, warningMs }, now);
  }

  /** The call is on its way out. */
  get leaving(): boolean {
    return this.#farewell.leaving;
  }

  /** The call shall end once what is being said was played. */
  leave(cause: EndCause, now: number): void {
    this.#farewell.leave(cause, now);
  }

  /** The caller can be heard, if only as a cough: he is there. */
  callerActive(now: number): void {
    this.#silence.handle({ type: "caller-active" }, now);
  }

  /** The caller takes the floor: a goodbye that was meant for one who is done, or gone, is off. */
  callerTookFloor(): void {
    this.#farewell.callerActive();
  }

  /** The agent falls silent: nothing that was to be said is, and its own goodbye is off. */
  hushed(): void {
    this.announcements.forget();
    this.#farewell.callerActive();
  }

  /** A reply began to be heard. */
  replyHeard(responseId: string): void {
    this.announcements.replyHeard(responseId);
    this.#farewell.speechBegan();
  }

  /** Once a tick, and when an announcement came. */
  handle(floor: FloorView, now: number): readonly InitiativeOrder[] {
    if (floor.callers) this.callerTookFloor();
    const due = this.#announcement(floor, now);
    if (due) return [due];
    this.#silence.handle(floor.quiet && floor.free && !this.leaving ? quietInput : busyInput, now);
    for (const order of this.#silence.handle(timeoutInput, now)) {
      const { interruptible, nudgeText } = this.#options;
      if (order.type === "nudge") return [{ type: "say", text: nudgeText, reason: "nudge", interruptible }];
      this.#farewell.leave("caller-silent", now);
      this.#farewell.expectSpeech(goodbyeBeginsMs, now);
      return [{ type: "say", text: goodbyeText, reason: "goodbye", interruptible }];
    }
    const order = this.#farewell.tick(floor.quiet && !this.announcements.pending, now);
    if (order.type === "end") return [order];
    if (order.type === "none") return nothing;
    this.announcements.add(this.#warningText, "duration-warning", now);
    const warning = this.#announcement(floor, now);
    return warning ? [warning] : nothing;
  }

  #announcement(floor: FloorView, now: number): InitiativeOrder | undefined {
    const due = this.announcements.take(floor.free, now);
    if (!due) return undefined;
    const { text, reason, pressing } = due;
    return { type: "say", text, reason, interruptible: this.#options.interruptible && !pressing };
  }
}

import type { RespondReason } from "../ai/session.ts";

/** Who has the floor. */
export type TurnState =
  /** Nobody speaks and nothing is owed. */
  | "listening"
  | "caller-speaking"
  /** The caller paused; the pause is not long enough yet to be the end of his turn. */
  | "endpointing"
  /** A reply was asked for and no sound of it has come. */
  | "thinking"
  | "agent-speaking"
  /** The caller speaks over the agent, whose playout is paused until we know what it is. */
  | "overlapping"
  /** The agent was cut off; whether by words or by noise is still open. */
  | "yielded";

/** What can happen to the floor. All times are monotonic ms. */
export type TurnInput =
  /** Our VAD: the caller began to speak at `onsetAtMs`, a little before now. */
  | { readonly type: "caller-speech-started"; readonly onsetAtMs: number }
  /** Our VAD: the caller fell silent; `lastVoicedAtMs` is when his voice was last heard. */
  | { readonly type: "caller-speech-stopped"; readonly lastVoicedAtMs: number }
  /** The provider's ears opened a turn of the caller. */
  | { readonly type: "provider-turn-started" }
  /** The provider's ears judged the caller's turn complete. */
  | { readonly type: "provider-turn-ended" }
  /**
   * Words of the caller, the whole text so far. A final without text: it was noise. `late`: they belong to a turn that is
   * committed already, so all they can tell is whether what was cut off for it may be forgotten. `spokenAtMs`: when that
   * speech began, where it is known.
   */
  | {
      readonly type: "words";
      readonly text: string;
      readonly final: boolean;
      readonly late?: boolean;
      readonly spokenAtMs?: number | undefined;
    }
  /** The first audio of a reply was put into the playout. */
  | { readonly type: "agent-audio" }
  /** Nothing unheard is left, kept rests included, and the response is done. Again and again does no harm. */
  | { readonly type: "playout-done" }
  /** The reply that was asked for brings no sound. Not for the terminal event of a cancelled one. */
  | { readonly type: "response-failed" }
  /** A key was pressed. */
  | { readonly type: "dtmf-barge-in" }
  /** The keys pressed are complete: a turn of the caller. */
  | { readonly type: "dtmf-turn" }
  /**
   * A reply without a turn of the caller was asked for (by him who brings this input). While the caller has the floor
   * an interruptible one will be called off as soon as it makes a sound: better ask when nobody has it.
   */
  | { readonly type: "reply-requested"; readonly reason: RespondReason; readonly interruptible: boolean }
  /** The agent is to say nothing more, whatever is asked for or heard of it. `deaf`: and hears nobody any more. */
  | { readonly type: "agent-hushed"; readonly deaf: boolean }
  /** The call is over: an interruption still open stays one. */
  | { readonly type: "call-ended" }
  /** The deadline has passed. Earlier, it is ignored. */
  | { readonly type: "timeout" };

/** How speech over the agent turned out. */
export type InterruptionOutcome = "backchannel" | "yielded" | "false-alarm";

/** What is to be done, in this order, before the next input. */
export type TurnOrder =
  /** What the caller said since the last commit is one turn. */
  | { readonly type: "commit-turn" }
  /** Ask for a reply to it. */
  | { readonly type: "respond" }
  /** Call off the replies asked for; none of them was heard, so nothing is truncated. */
  | { readonly type: "cancel-response" }
  /** Silence at once; the rest stays. */
  | { readonly type: "pause-playout" }
  /** Go on from the exact sample of the pause. */
  | { readonly type: "resume-playout" }
  /**
   * The floor is the caller's: clear the playout and the carrier's buffer, call off the replies, truncate at what was
   * heard, as one step. Ends a pause. What was not heard is kept.
   */
  | { readonly type: "yield" }
  /** It was nothing: what was kept is sent after all. */
  | { readonly type: "resume-interrupted" }
  /** It was a turn: what was kept is forgotten. */
  | { readonly type: "discard-interrupted" }
  /** The agent said all he had to say and was heard to the end. */
  | { readonly type: "turn-done" }
  /** A reply did not begin, or did not end, in time: call it off. */
  | { readonly type: "reply-timeout" }
  /**
   * News: the caller spoke over the agent. `pausedAtMs`: when the agent's voice was stopped; `decidedAtMs`: when it was
   * decided to go on or to yield (for a false alarm too: when he yielded).
   */
  | {
      readonly type: "interruption";
      readonly outcome: InterruptionOutcome;
      readonly onsetAtMs: number;
      readonly pausedAtMs: number;
      readonly decidedAtMs: number;
    };

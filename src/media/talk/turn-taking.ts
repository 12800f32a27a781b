import type { Machine } from "../../kit/machine.ts";
import { agentAudio, agentHushed, playoutDone } from "./turn-agent.ts";
import {
  callerSpeechStarted,
  callerSpeechStopped,
  keyPressed,
  keysComplete,
  providerTurnEnded,
  providerTurnStarted,
} from "./turn-caller.ts";
import type { TurnInput, TurnOrder, TurnState } from "./turn-events.ts";
import { TurnFloor } from "./turn-floor.ts";
import type { TurnOptions } from "./turn-options.ts";
import { callerWords, wordsWhileHolding } from "./turn-words.ts";

export type { InterruptionOutcome, TurnInput, TurnOrder, TurnState } from "./turn-events.ts";

/**
 * Who has the floor (design.md, "Turn-taking"). What is not in the table changes nothing.
 *
 * | in state | input | goes to | orders |
 * |---|---|---|---|
 * | listening | caller speech starts; provider opens a turn [p] | caller-speaking | – |
 * | | keys complete | thinking | commit-turn, respond |
 * | | reply requested | thinking | – |
 * | | agent audio | agent-speaking | – |
 * | caller-speaking | speech stops | endpointing | – |
 * | | speech stops, provider had ended the turn | thinking | commit-turn, respond |
 * | | provider ends the turn [p], keys complete, timeout | thinking | commit-turn, respond |
 * | | agent audio | caller-speaking | yield, discard-interrupted |
 * | | agent audio, uninterruptible | agent-speaking, turn owed | – |
 * | endpointing | caller speaks again | caller-speaking | – |
 * | | timeout, provider ends the turn, keys complete | thinking | commit-turn, respond |
 * | | a key; words or provider opens a turn [p] | endpointing, later deadline | – |
 * | | agent audio | as in caller-speaking | |
 * | thinking | agent audio | agent-speaking | – |
 * | | caller speaks, provider opens a turn [p] | caller-speaking | cancel-response |
 * | | a key | listening | cancel-response |
 * | | keys complete | thinking | cancel-response, commit-turn, respond |
 * | | these four, reply protected | thinking, turn owed | – |
 * | | response failed | *free* | – |
 * | | timeout | *free* | reply-timeout |
 * | agent-speaking | caller speaks, provider opens a turn [p] | overlapping | pause-playout |
 * | | a key | listening | yield, discard-interrupted, interruption |
 * | | keys complete | thinking | yield, discard-interrupted, interruption, commit-turn, respond |
 * | | these three, reply uninterruptible | agent-speaking, turn owed | – |
 * | | real words of speech just passed over | endpointing | yield, discard-interrupted, interruption |
 * | | playout done | *free* | turn-done |
 * | | timeout | *free* | yield, discard-interrupted, reply-timeout |
 * | overlapping | speech stops; final words are a backchannel | agent-speaking | resume-playout, interruption |
 * | | deadline | yielded | yield |
 * | | deadline, words come after the turn | caller-speaking, *holding* | yield |
 * | | deadline, words never come or provider opened a turn | as words in yielded | yield, … |
 * | | two real words | as words in yielded | yield, … |
 * | | partial words are a backchannel | overlapping, later deadline | – |
 * | | playout done | caller-speaking | resume-playout, turn-done |
 * | | a key; keys complete | as in agent-speaking | |
 * | yielded | words, provider opens a turn; caller still speaks | caller-speaking | discard-interrupted, interruption |
 * | | the same, caller has stopped | endpointing | discard-interrupted, interruption |
 * | | speech stops; speech starts | yielded, deadline moves | – |
 * | | no words until the deadline; recogniser heard noise | agent-speaking | resume-interrupted, interruption |
 * | | final words are a backchannel | agent-speaking | resume-interrupted, interruption |
 * | | the last two, nothing left unheard | *free* | discard-interrupted, interruption, turn-done |
 * | | a key; keys complete | listening; thinking | discard-interrupted, interruption; …, commit-turn, respond |
 * | | agent audio (a new reply) | agent-speaking | discard-interrupted, interruption |
 * | | the same, caller still speaks | overlapping | discard-interrupted, interruption, pause-playout |
 *
 * | agent-speaking, overlapping | agent hushed | *free* | yield, discard-interrupted, interruption if there was one |
 * | yielded | agent hushed | *free* | cancel-response, discard-interrupted, interruption |
 * | thinking, listening | agent hushed | *free* | cancel-response |
 * | caller-speaking, endpointing | agent hushed | stays | cancel-response |
 * | any | agent hushed and deaf | listening | the same |
 * | any | call ended | stays | interruption if there was one |
 *
 * | *holding*, in caller-speaking, endpointing or thinking | words of the turn, a key, agent audio, *free* | as there | discard-interrupted, interruption, … |
 * | *holding*, in thinking | every turn since was noise | agent-speaking | cancel-response, resume-interrupted, interruption |
 *
 * [p] only when the provider ends turns (`detection: "provider"`).
 * *free*: a caller who speaks → caller-speaking; a turn owed → endpointing, or thinking with commit-turn and respond when
 * it is known to be over; a reply still awaited → thinking; else listening.
 *
 * *holding*: what was cut off is kept until the words of the caller's turn tell whether it was one.
 *
 * The deadline always runs except in `listening`, so no state can hang.
 */
export class TurnTaking implements Machine<TurnInput, TurnOrder> {
  readonly #floor: TurnFloor;

  constructor(options: TurnOptions) {
    this.#floor = new TurnFloor(options);
  }

  /** Who has the floor now. */
  get state(): TurnState {
    return this.#floor.state;
  }

  /** What was cut off is kept until the words of the caller's turn tell whether it was one. */
  get holding(): boolean {
    return this.#floor.holding;
  }

  get deadline(): number | undefined {
    return this.#floor.deadline;
  }

  handle(input: TurnInput, now: number): readonly TurnOrder[] {
    const floor = this.#floor;
    floor.orders = [];
    switch (input.type) {
      case "caller-speech-started":
        callerSpeechStarted(floor, Math.min(input.onsetAtMs, now), now);
        break;
      case "caller-speech-stopped":
        callerSpeechStopped(floor, Math.min(input.lastVoicedAtMs, now), now);
        break;
      case "provider-turn-started":
        providerTurnStarted(floor, now);
        break;
      case "provider-turn-ended":
        providerTurnEnded(floor, now);
        break;
      case "words":
        if (floor.holding) wordsWhileHolding(floor, input, now);
        else if (!input.late) callerWords(floor, input, now);
        break;
      case "agent-audio":
        agentAudio(floor, now);
        break;
      case "playout-done":
        playoutDone(floor, now);
        break;
      case "response-failed":
        floor.awaited = undefined;
        if (floor.state === "thinking") floor.freeFloor(now);
        break;
      case "dtmf-barge-in":
        keyPressed(floor, now);
        break;
      case "dtmf-turn":
        keysComplete(floor, now);
        break;
      case "reply-requested":
        floor.awaitReply(input.interruptible, input.interruptible);
        if (floor.state === "listening" || floor.state === "thinking") floor.enterThinking(now);
        break;
      case "agent-hushed":
        agentHushed(floor, input.deaf, now);
        break;
      case "call-ended":
        // Who was silent to the end has yielded, whatever it was for.
        floor.reportOverlap("yielded", floor.state === "overlapping" ? now : (floor.overlap?.yieldedAtMs ?? now));
        break;
      case "timeout":
        // A timer that was set before the deadline moved decides nothing.
        if (floor.deadline !== undefined && now >= floor.deadline) this.#timedOut(floor, now);
        break;
    }
    return floor.orders;
  }

  #timedOut(floor: TurnFloor, now: number): void {
    switch (floor.state) {
      case "caller-speaking":
        // Nobody speaks this long: both ears have lost their credit until they report a new onset.
        floor.speaking = false;
        floor.commit(now);
        break;
      case "endpointing":
        floor.commit(now);
        break;
      case "thinking":
        floor.order("reply-timeout");
        floor.awaited = undefined;
        floor.freeFloor(now);
        break;
      case "agent-speaking":
        floor.order("yield", "discard-interrupted", "reply-timeout");
        floor.awaited = undefined;
        floor.freeFloor(now);
        break;
      case "overlapping":
        floor.yield(now);
        if (floor.overlap?.confirmed) floor.takeFloor(now);
        else if (floor.options.wordsExpected) floor.enterYielded(now);
        else if (floor.options.wordsFollow) floor.holdRest(now);
        else floor.takeFloor(now);
        break;
      case "yielded":
        floor.resumeInterrupted("false-alarm", now);
        break;
    }
  }
}

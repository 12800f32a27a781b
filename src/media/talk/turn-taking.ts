import type { Machine } from "../../kit/machine.ts";
import { backchannelWordsFor, isBackchannel, weighWords } from "./backchannel.ts";
import type { TurnInput, TurnOrder, TurnState } from "./turn-events.ts";
import { TurnFloor } from "./turn-floor.ts";
import type { TurnOptions } from "./turn-options.ts";

export type { InterruptionOutcome, TurnInput, TurnOrder, TurnState } from "./turn-events.ts";

/** The keys' own timeout comes first by this much. */
const keysGraceMs = 500;

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
  readonly #options: TurnOptions;
  readonly #backchannels: readonly string[];
  readonly #floor: TurnFloor;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#backchannels = backchannelWordsFor(options.language);
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
        this.#speechStarted(floor, Math.min(input.onsetAtMs, now), now);
        break;
      case "caller-speech-stopped":
        this.#speechStopped(floor, Math.min(input.lastVoicedAtMs, now), now);
        break;
      case "provider-turn-started":
        this.#providerTurnStarted(floor, now);
        break;
      case "provider-turn-ended":
        this.#providerTurnEnded(floor, now);
        break;
      case "words":
        if (floor.holding) this.#wordsWhileHolding(floor, input, now);
        else if (!input.late) this.#words(floor, input.text, input.final, now);
        break;
      case "agent-audio":
        this.#agentAudio(floor, now);
        break;
      case "playout-done":
        this.#playoutDone(floor, now);
        break;
      case "response-failed":
        floor.awaited = undefined;
        if (floor.state === "thinking") floor.freeFloor(now);
        break;
      case "dtmf-barge-in":
        this.#keyPressed(floor, now);
        break;
      case "dtmf-turn":
        this.#keysComplete(floor, now);
        break;
      case "reply-requested":
        floor.awaitReply(input.interruptible, input.interruptible);
        if (floor.state === "listening" || floor.state === "thinking") floor.enterThinking(now);
        break;
      case "agent-hushed":
        this.#hushed(floor, input.deaf, now);
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

  #speechStarted(floor: TurnFloor, onsetAtMs: number, now: number): void {
    floor.speaking = true;
    switch (floor.state) {
      case "listening":
      case "endpointing":
        floor.enterCallerSpeaking(now);
        break;
      case "thinking":
        if (floor.cancelReply()) floor.enterCallerSpeaking(now);
        else floor.oweSpeech();
        break;
      case "agent-speaking":
        if (floor.interruptible) floor.enterOverlapping(onsetAtMs, now);
        else floor.oweSpeech();
        break;
      case "yielded":
        floor.deadline = floor.wordlessBy(now);
        break;
    }
  }

  #speechStopped(floor: TurnFloor, lastVoicedAtMs: number, now: number): void {
    floor.speaking = false;
    floor.lastVoicedAtMs = lastVoicedAtMs;
    switch (floor.state) {
      case "caller-speaking":
        if (floor.providerEnded) floor.commit(now);
        else floor.enterEndpointing(now);
        break;
      case "overlapping":
        floor.goOnSpeaking("backchannel", now);
        break;
      case "yielded": {
        const noWordsBy = lastVoicedAtMs + this.#options.falseInterruptionMs;
        floor.deadline = Math.max(now, Math.min(noWordsBy, floor.wordlessBy(now)));
        break;
      }
    }
  }

  #providerTurnStarted(floor: TurnFloor, now: number): void {
    const endsTurns = this.#options.detection === "provider";
    floor.providerEnded = false;
    floor.providerOpen = endsTurns;
    switch (floor.state) {
      case "listening":
        if (endsTurns) floor.enterCallerSpeaking(now);
        break;
      case "endpointing":
        // Mostly late news of the speech our VAD has reported already: only the fallback waits anew.
        if (endsTurns) floor.deadline = now + this.#options.maxEndpointingMs;
        break;
      case "thinking":
        if (!endsTurns) break;
        if (floor.cancelReply()) floor.enterCallerSpeaking(now);
        else floor.oweSpeech();
        break;
      case "agent-speaking":
        if (!endsTurns || floor.passedWithin(this.#options.providerLagMs, now)) break;
        if (floor.interruptible) floor.enterOverlapping(now, now);
        else floor.oweSpeech();
        break;
      case "overlapping":
        if (floor.overlap) floor.overlap.confirmed = true;
        break;
      case "yielded":
        floor.takeFloor(now);
        break;
    }
  }

  #providerTurnEnded(floor: TurnFloor, now: number): void {
    floor.providerOpen = false;
    switch (floor.state) {
      case "caller-speaking":
        // Where our VAD is the judge, the provider only spares the pause after it.
        if (this.#options.detection === "provider" || !floor.speaking) floor.commit(now);
        else floor.providerEnded = true;
        break;
      case "endpointing":
        floor.commit(now);
        break;
      case "thinking":
      case "agent-speaking":
        floor.providerEnded = true;
        break;
      case "overlapping":
        floor.providerEnded = true;
        if (!floor.speaking) floor.goOnSpeaking("backchannel", now);
        break;
      case "yielded":
        floor.takeFloor(now);
        this.#providerTurnEnded(floor, now);
        break;
    }
  }

  #words(floor: TurnFloor, text: string, final: boolean, now: number): void {
    const weight = weighWords(text, this.#backchannels);
    switch (floor.state) {
      case "endpointing":
        if (this.#options.detection === "provider") floor.deadline = now + this.#options.maxEndpointingMs;
        break;
      case "agent-speaking":
        // "Stop!" is as short as a backchannel; its words come when the agent has already gone on.
        if (!floor.interruptible || !floor.passedWithin(this.#options.falseInterruptionMs, now)) break;
        if (weight.real < (final ? 1 : 2)) break;
        floor.yield(now);
        floor.takeFloor(now);
        break;
      case "overlapping":
        if (weight.real >= 2) {
          floor.yield(now);
          floor.takeFloor(now);
        } else if (isBackchannel(weight)) {
          if (final) floor.goOnSpeaking("backchannel", now);
          else floor.deadline = Math.max(floor.deadline ?? now, floor.confirmBy(this.#options.backchannelMaxMs));
        }
        break;
      case "yielded":
        if (weight.total === 0) {
          if (final && !floor.speaking) floor.resumeInterrupted("false-alarm", now);
        } else if (!isBackchannel(weight) || (final && floor.nothingLeft)) floor.takeFloor(now);
        else if (final) floor.resumeInterrupted("backchannel", now);
        break;
    }
  }

  /** The words of the turn for which the agent was cut off, or of one before it. */
  #wordsWhileHolding(floor: TurnFloor, words: Extract<TurnInput, { type: "words" }>, now: number): void {
    if (words.spokenAtMs !== undefined && words.spokenAtMs < (floor.overlap?.onsetAtMs ?? 0)) return;
    if (weighWords(words.text, this.#backchannels).total > 0) floor.forgetHeld();
    else if (words.final) floor.noiseWhileHolding(now);
  }

  #agentAudio(floor: TurnFloor, now: number): void {
    const interruptible = floor.awaited?.interruptible ?? this.#options.interruptible;
    const cancellable = floor.awaited?.cancellable ?? true;
    switch (floor.state) {
      case "listening":
      case "thinking":
        floor.beginReply(interruptible, now);
        break;
      case "caller-speaking":
      case "endpointing":
        if (cancellable) {
          floor.forgetHeld();
          floor.order("yield", "discard-interrupted");
          floor.awaited = undefined;
        } else {
          floor.oweSpeech();
          floor.beginReply(interruptible, now);
        }
        break;
      case "agent-speaking":
      case "overlapping":
        // The next reply queues behind the one being heard; the stricter rule holds for both.
        floor.interruptible &&= interruptible;
        floor.awaited = undefined;
        if (floor.state === "agent-speaking") floor.enterAgentSpeaking(now);
        break;
      case "yielded":
        floor.order("discard-interrupted");
        floor.reportOverlap("yielded", floor.overlap?.yieldedAtMs ?? now);
        floor.beginReply(interruptible, now);
        if (!floor.speaking) break;
        if (interruptible) floor.enterOverlapping(now, now);
        else floor.oweSpeech();
        break;
    }
  }

  #playoutDone(floor: TurnFloor, now: number): void {
    switch (floor.state) {
      case "agent-speaking":
        floor.order("turn-done");
        floor.freeFloor(now);
        break;
      case "overlapping":
        // He was heard to the end and nothing was cut: the caller simply has the floor.
        floor.overlap = undefined;
        floor.order("resume-playout", "turn-done");
        floor.enterCallerSpeaking(now);
        break;
      case "yielded":
        floor.nothingLeft = true;
        break;
    }
  }

  #keyPressed(floor: TurnFloor, now: number): void {
    floor.forgetHeld();
    switch (floor.state) {
      case "endpointing":
        // His keys belong to the same turn, and commit it themselves a moment before this.
        floor.deadline = Math.max(floor.deadline ?? now, now + this.#options.dtmfTimeoutMs + keysGraceMs);
        break;
      case "thinking":
        if (floor.cancelReply()) floor.freeFloor(now);
        break;
      case "agent-speaking":
      case "overlapping":
      case "yielded":
        if (floor.yieldToKeys(now)) floor.freeFloor(now);
        break;
    }
  }

  #keysComplete(floor: TurnFloor, now: number): void {
    floor.forgetHeld();
    switch (floor.state) {
      case "listening":
      case "caller-speaking":
      case "endpointing":
        floor.commit(now);
        break;
      case "thinking":
        if (floor.cancelReply()) floor.commit(now);
        else floor.owed = "keys";
        break;
      case "agent-speaking":
      case "overlapping":
      case "yielded":
        if (floor.yieldToKeys(now)) floor.commit(now);
        else floor.owed = "keys";
        break;
    }
  }

  #hushed(floor: TurnFloor, deaf: boolean, now: number): void {
    floor.forgetHeld();
    if (deaf) floor.forgetCaller();
    const { state } = floor;
    const audible = state === "agent-speaking" || state === "overlapping";
    floor.order(audible ? "yield" : "cancel-response");
    if (audible || state === "yielded") {
      floor.order("discard-interrupted");
      floor.reportOverlap("yielded", now);
    }
    floor.awaited = undefined;
    // A caller who has the floor keeps it while somebody listens.
    if (deaf || (state !== "caller-speaking" && state !== "endpointing")) floor.freeFloor(now);
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
        else if (this.#options.wordsExpected) floor.enterYielded(now);
        else if (this.#options.wordsFollow) floor.holdRest(now);
        else floor.takeFloor(now);
        break;
      case "yielded":
        floor.resumeInterrupted("false-alarm", now);
        break;
    }
  }
}

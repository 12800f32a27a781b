import { isBackchannel, weighWords } from "./backchannel.ts";
import type { TurnInput } from "./turn-events.ts";
import type { TurnFloor } from "./turn-floor.ts";

type Words = Extract<TurnInput, { type: "words" }>;

/** Words of the turn that is not committed yet. */
export function callerWords(floor: TurnFloor, { text, final }: Words, now: number): void {
  const weight = weighWords(text, floor.backchannels);
  switch (floor.state) {
    case "endpointing":
      if (floor.options.detection === "provider") floor.deadline = now + floor.options.maxEndpointingMs;
      break;
    case "agent-speaking":
      // "Stop!" is as short as a backchannel; its words come when the agent has already gone on.
      if (!floor.interruptible || !floor.passedWithin(floor.options.falseInterruptionMs, now)) break;
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
        else floor.deadline = Math.max(floor.deadline ?? now, floor.confirmBy(floor.options.backchannelMaxMs));
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
export function wordsWhileHolding(floor: TurnFloor, words: Words, now: number): void {
  if (words.spokenAtMs !== undefined && words.spokenAtMs < (floor.overlap?.onsetAtMs ?? 0)) return;
  if (weighWords(words.text, floor.backchannels).total > 0) floor.forgetHeld();
  else if (words.final) floor.noiseWhileHolding(now);
}

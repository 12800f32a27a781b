import type { TurnFloor } from "./turn-floor.ts";

/** The keys' own timeout comes first by this much. */
const keysGraceMs = 500;

/** Our VAD: the caller began to speak. */
export function callerSpeechStarted(floor: TurnFloor, onsetAtMs: number, now: number): void {
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

/** Our VAD: the caller fell silent. */
export function callerSpeechStopped(floor: TurnFloor, lastVoicedAtMs: number, now: number): void {
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
      const noWordsBy = lastVoicedAtMs + floor.options.falseInterruptionMs;
      floor.deadline = Math.max(now, Math.min(noWordsBy, floor.wordlessBy(now)));
      break;
    }
  }
}

/** The provider's ears opened a turn of the caller. */
export function providerTurnStarted(floor: TurnFloor, now: number): void {
  const endsTurns = floor.options.detection === "provider";
  floor.providerEnded = false;
  floor.providerOpen = endsTurns;
  switch (floor.state) {
    case "listening":
      if (endsTurns) floor.enterCallerSpeaking(now);
      break;
    case "endpointing":
      // Mostly late news of the speech our VAD has reported already: only the fallback waits anew.
      if (endsTurns) floor.deadline = now + floor.options.maxEndpointingMs;
      break;
    case "thinking":
      if (!endsTurns) break;
      if (floor.cancelReply()) floor.enterCallerSpeaking(now);
      else floor.oweSpeech();
      break;
    case "agent-speaking":
      if (!endsTurns || floor.passedWithin(floor.options.providerLagMs, now)) break;
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

/** The provider's ears judged the caller's turn complete. */
export function providerTurnEnded(floor: TurnFloor, now: number): void {
  floor.providerOpen = false;
  switch (floor.state) {
    case "caller-speaking":
      // Where our VAD is the judge, the provider only spares the pause after it.
      if (floor.options.detection === "provider" || !floor.speaking) floor.commit(now);
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
      providerTurnEnded(floor, now);
      break;
  }
}

/** A key was pressed. */
export function keyPressed(floor: TurnFloor, now: number): void {
  floor.forgetHeld();
  switch (floor.state) {
    case "endpointing":
      // His keys belong to the same turn, and commit it themselves a moment before this.
      floor.deadline = Math.max(floor.deadline ?? now, now + floor.options.dtmfTimeoutMs + keysGraceMs);
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

/** The keys pressed are a turn of the caller. */
export function keysComplete(floor: TurnFloor, now: number): void {
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

import type { TurnFloor } from "./turn-floor.ts";

/** The first audio of a reply was put into the playout. */
export function agentAudio(floor: TurnFloor, now: number): void {
  const interruptible = floor.awaited?.interruptible ?? floor.options.interruptible;
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

/** Nothing unheard is left, and the response is done. */
export function playoutDone(floor: TurnFloor, now: number): void {
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

/** The agent is to say nothing more, and, deaf, hears nobody any more. */
export function agentHushed(floor: TurnFloor, deaf: boolean, now: number): void {
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

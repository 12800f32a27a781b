import type { Mind, MindPiece, MindRequest } from "../pipeline/parts.ts";
import { Receptionist, type ReceptionistInput } from "./receptionist.ts";

/** How the conversation writes keys into the history. */
const keysPrefix = "[keys] ";

/** What a question to the mind means to the receptionist; undefined: nothing to answer. */
export function receptionistInput(request: Pick<MindRequest, "reason" | "history">): ReceptionistInput | undefined {
  switch (request.reason) {
    case "greeting":
      return { type: "call-answered" };
    case "nudge":
      return { type: "silence" };
    case "duration-warning":
      return { type: "time-is-short" };
    case "goodbye":
      return { type: "goodbye" };
    case "instruction": {
      const note = request.history.findLast((entry) => entry.role === "system");
      return note && { type: "told", text: note.text };
    }
    case "caller-turn": {
      const caller = request.history.findLast((entry) => entry.role === "caller");
      if (!caller || caller.text.trim() === "") return { type: "unclear" };
      if (caller.text.startsWith(keysPrefix))
        return { type: "keys", digits: caller.text.slice(keysPrefix.length).trim() };
      return { type: "words", text: caller.text };
    }
    case "say":
    case "tool-result":
      return undefined;
  }
}

/** The receptionist as the mind of a call; it needs nobody's service. */
export function createReceptionistMind(options: { readonly hasEars: boolean }): Mind {
  const receptionist = new Receptionist(options);
  return {
    answersUnclear: true,
    hint: () => receptionist.expects,
    keysExpected: () => receptionist.keysExpected,
    async *respond(request: MindRequest, signal: AbortSignal): AsyncGenerator<MindPiece> {
      signal.throwIfAborted();
      const input = receptionistInput(request);
      if (!input) return;
      const answer = receptionist.handle(input);
      yield { type: "text", delta: answer.text };
      if (answer.hangUp) yield { type: "hang-up" };
    },
    close: () => undefined,
  };
}

import type { Mind, MindPiece, MindRequest } from "../pipeline/parts.ts";
import { Receptionist, type ReceptionistInput, type ReceptionistOptions } from "./receptionist.ts";

/** The built-in tool that puts callers through, by the name `media/talk/tools.ts` gives it. */
const transferTool = "transfer_call";

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
    // It is only asked about one that failed: the caller is here.
    case "tool-result":
      return request.history.some(({ role }) => role === "tool") ? { type: "not-put-through" } : undefined;
    case "say":
      return undefined;
  }
}

/** The receptionist as the mind of a call; it needs nobody's service. */
export function createReceptionistMind(options: ReceptionistOptions): Mind {
  const receptionist = new Receptionist(options);
  let transfers = 0;
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
      if (answer.putThroughTo === undefined) return;
      const argumentsJson = JSON.stringify({ target: answer.putThroughTo });
      yield { type: "tool-call", toolCallId: `transfer_${++transfers}`, name: transferTool, argumentsJson };
    },
    close: () => undefined,
  };
}

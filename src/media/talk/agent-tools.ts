import type { ConversationParts } from "./conversation-parts.ts";
import { ToolDesk } from "./tool-desk.ts";

/** What the record says of a tool call that was under way when the call ended. */
const unansweredToolOutput = JSON.stringify({
  error: { code: "call_ended", message: "The telephone call has ended." },
});

/** The agent's tool calls: each is run once, answered once, and told of. */
export class AgentTools {
  readonly #parts: ConversationParts;
  readonly #desk = new ToolDesk();

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  /** An answer is awaited. */
  get busy(): boolean {
    return this.#desk.busy;
  }

  /** The model calls a tool. */
  called(toolCallId: string, name: string, argumentsJson: string, now: number): void {
    const { ports, report } = this.#parts;
    if (!this.#desk.begin(toolCallId, name, now)) return;
    report.tell({ type: "tool-started", toolCallId, name, argumentsJson, atMs: report.since(now) });
    ports.runTool(toolCallId, name, argumentsJson);
  }

  /** A tool answered; false when its answer is not awaited any more. */
  finished(toolCallId: string, name: string, ok: boolean, output: string, durationMs: number, now: number): boolean {
    const { report } = this.#parts;
    if (!this.#desk.answer(toolCallId)) return false;
    report.tell({ type: "tool-ended", toolCallId, name, ok, output, durationMs, atMs: report.since(now) });
    return true;
  }

  /** The call is over. */
  close(now: number): void {
    const { report } = this.#parts;
    const atMs = report.since(now);
    for (const tool of this.#desk.close(now)) {
      report.tell({ type: "tool-ended", ...tool, ok: false, output: unansweredToolOutput, atMs });
    }
  }
}

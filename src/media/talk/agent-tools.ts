import type { ConversationParts } from "./conversation-parts.ts";
import { Handover, type TransferWish } from "./handover.ts";
import type { ReplyDesk } from "./reply-desk.ts";
import { ToolDesk } from "./tool-desk.ts";
import { type ToolError, type ToolOutcome, toolErrorOutput, transferToolName } from "./tools.ts";

/** What the record says of a tool call that was under way when the call ended. */
const unansweredToolOutput = toolErrorOutput({ code: "call_ended", message: "The telephone call has ended." });
const transferStarted = JSON.stringify({ status: "The caller is being put through." });
const callerSpoke: ToolError = {
  code: "caller_spoke",
  message:
    "The caller spoke before the transfer began, so it did not. Answer what was said; try again if it is wanted.",
};
const gatewaySilent: ToolError = { code: "timeout", message: "The caller could not be put through." };

/** The agent's tool calls: each is run once, answered once, and told of. */
export class AgentTools {
  readonly #parts: ConversationParts;
  readonly #replies: Pick<ReplyDesk, "expect">;
  readonly #maySpeak: () => boolean;
  readonly #desk = new ToolDesk();
  readonly #handover = new Handover();

  /** `maySpeak`: whether an answer is to be spoken about at once; if not, the caller's turn will bring the next reply. */
  constructor(parts: ConversationParts, replies: Pick<ReplyDesk, "expect">, maySpeak: () => boolean) {
    this.#parts = parts;
    this.#replies = replies;
    this.#maySpeak = maySpeak;
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

  /** A tool answered, or failed: then `output` says so to the model. */
  finished(toolCallId: string, name: string, outcome: ToolOutcome, now: number): void {
    this.#answer(toolCallId, name, outcome, this.#maySpeak(), now);
  }

  /**
   * The caller is to be put through: `transfer-wanted` is told once what is being said was played, unless he takes the
   * floor before. False: another transfer is under way.
   */
  transfer(wish: TransferWish, now: number): boolean {
    return this.#handover.begin(wish, now);
  }

  /** The gateway puts the caller through, or tells why it does not. */
  transferAnswered(toolCallId: string, refusal: string | undefined, now: number): void {
    if (!this.#handover.answered(toolCallId)) return;
    const error: ToolError | undefined = refusal === undefined ? undefined : { code: "not_possible", message: refusal };
    this.#endTransfer(toolCallId, error, this.#maySpeak(), now);
  }

  /** He is not put through: he has something to say, and gets a reply to that. */
  callerTookFloor(now: number): void {
    const wish = this.#handover.callOff();
    if (wish) this.#endTransfer(wish.toolCallId, callerSpoke, false, now);
  }

  /** Once every 20 ms. `played`: nothing unheard waits in the playout and no reply is under way. */
  tick(played: boolean, now: number): void {
    const order = this.#handover.tick(played, now);
    if (order?.type === "ask") this.#parts.report.tell({ type: "transfer-wanted", ...order.wish });
    else if (order) this.#endTransfer(order.wish.toolCallId, gatewaySilent, this.#maySpeak(), now);
  }

  /** The call is over. */
  close(now: number): void {
    const { report } = this.#parts;
    const atMs = report.since(now);
    for (const tool of this.#desk.close(now)) {
      report.tell({ type: "tool-ended", ...tool, ok: false, output: unansweredToolOutput, atMs });
    }
  }

  #endTransfer(toolCallId: string, error: ToolError | undefined, respond: boolean, now: number): void {
    const output = error ? toolErrorOutput(error) : transferStarted;
    const durationMs = this.#desk.ageMs(toolCallId, now);
    this.#answer(toolCallId, transferToolName, { ok: error === undefined, output, durationMs }, respond, now);
  }

  #answer(toolCallId: string, name: string, outcome: ToolOutcome, respond: boolean, now: number): void {
    const { ports, report } = this.#parts;
    if (!this.#desk.answer(toolCallId)) return;
    report.tell({ type: "tool-ended", toolCallId, name, ...outcome, atMs: report.since(now) });
    ports.ai.order({ type: "tool-result", toolCallId, output: outcome.output, respond });
    if (respond && !this.busy) this.#replies.expect("tool-result", true, now);
  }
}

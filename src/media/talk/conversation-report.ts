import type { TurnTiming } from "../protocol.ts";
import type { ConversationNews } from "./conversation-ports.ts";

/** Tells what happens in a conversation, in ms since the call's media began. */
export class ConversationReport {
  readonly #report: (news: ConversationNews) => void;
  readonly #startedAt: number;

  constructor(report: (news: ConversationNews) => void, startedAt: number) {
    this.#report = report;
    this.#startedAt = startedAt;
  }

  tell(news: ConversationNews): void {
    this.#report(news);
  }

  /** A turn that is measured, if one is. */
  turn(turn: TurnTiming | undefined): void {
    if (turn) this.#report({ type: "turn", turn });
  }

  /** Something went wrong, and the call goes on. */
  trouble(kind: string, message: string, now: number): void {
    this.#report({ type: "call-error", kind, message, fatal: false, atMs: this.since(now) });
  }

  /** A moment, monotonic ms, as ms since the call's media began, to a tenth. */
  since(at: number): number {
    return Math.max(0, Math.round((at - this.#startedAt) * 10) / 10);
  }
}

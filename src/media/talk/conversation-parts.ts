import type { ConversationPorts } from "./conversation-ports.ts";
import type { ConversationReport } from "./conversation-report.ts";
import type { Initiative } from "./initiative.ts";
import type { Replies } from "./replies.ts";
import type { TurnInput } from "./turn-events.ts";
import type { TurnOptions } from "./turn-options.ts";
import type { TurnTimer } from "./turn-timer.ts";

/** What the parts of one conversation share. */
export interface ConversationParts {
  readonly ports: ConversationPorts;
  readonly options: TurnOptions;
  readonly report: ConversationReport;
  readonly timer: TurnTimer;
  readonly replies: Replies;
  readonly initiative: Initiative;
  /** The caller takes the floor: what was meant for one who is done, or about to go, is off. */
  readonly callerTookFloor: (now: number) => void;
  /** Brings an input to the turn-taking; one that comes while orders are being performed waits for them. */
  readonly input: (input: TurnInput, now: number) => void;
}

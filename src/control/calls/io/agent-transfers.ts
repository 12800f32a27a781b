import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, parseCallId } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { MediaEvent } from "../../../media/protocol.ts";
import type { TransferControl } from "../call-control.ts";
import type { LiveCalls } from "./live-calls.ts";

type TransferWanted = Extract<MediaEvent, { type: "transfer-wanted" }>;

export interface AgentTransfersOptions {
  readonly live: Pick<LiveCalls, "get" | "send">;
  /** Throws while the exchange is not up. */
  readonly transfers: () => TransferControl;
  readonly log: Logger;
}

/** Puts callers through whose agents want it, to nobody but the targets such an agent has. */
export class AgentTransfers {
  readonly #options: AgentTransfersOptions;

  constructor(options: AgentTransfersOptions) {
    this.#options = options;
  }

  /** Begins the transfer and tells the agent so, or why not. */
  wanted(event: TransferWanted): void {
    const { live } = this.#options;
    const callId = parseCallId(event.callId);
    if (!callId) return;
    const refusal = this.#start(callId, event);
    // Behind what the transfer has sent: the agent is silent before its model knows that it worked.
    live.send(callId, { type: "answer-transfer", callId, toolCallId: event.toolCallId, refusal });
  }

  /** Why it is not done, for the model; undefined: it has begun. */
  #start(callId: CallId, { target: name, briefing }: TransferWanted): string | undefined {
    const { live, transfers, log } = this.#options;
    const target = live.get(callId)?.plan.agent?.transfers.find((one) => one.name === name);
    if (!target) return "There is no target of this name.";
    const { to, mode, confirm } = target;
    try {
      transfers().start(callId, { to, mode, confirm, briefing: briefing?.trim() || undefined });
      return undefined;
    } catch (error) {
      if (error instanceof GatewayError) return error.message;
      log.error({ err: error, callId }, "an agent's transfer could not be begun");
      return "The caller cannot be put through now.";
    }
  }
}

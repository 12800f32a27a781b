import { GatewayError } from "../../../kit/errors.ts";
import type { OrgId } from "../../../kit/ids.ts";
import type { AnsweringMachinePlan } from "../../../media/protocol.ts";
import type { CallControl } from "../../calls/call-control.ts";
import type { AgentChange, AgentSettings } from "../agents/kept-agent.ts";
import type { SpokenLanguage } from "../agents/spoken-language.ts";
import { checkAiCountry } from "../numbers/inbound.ts";
import type { CallerNumber } from "./caller-number.ts";
import type { Calls } from "./calls.ts";
import { withDisclosure } from "./disclosure.ts";
import type { Call } from "./kept-call.ts";
import { checkMetadata } from "./metadata.ts";
import { agentOfOrder, type OrderAgentDeps } from "./order-agent.ts";

/** A call to be made, as an API asks for it. */
export interface CallOrder {
  /** `agent` (unless said otherwise): an agent talks. `bridge`: people talk, the callee with somebody of ours. */
  readonly kind?: "agent" | "bridge";
  /** Id of a number of ours, or E.164. */
  readonly from: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** With neither of both: the agent that calls from `from`. */
  readonly agentId?: string;
  readonly agent?: Pick<AgentSettings, "name"> & Omit<AgentChange, "tools" | "webhookUrl">;
  /** The agent saved for calls from `from`, with what `agent` says in its place; refused where none is saved. */
  readonly useSavedAgent?: boolean;
  /** What the agent speaks; undefined: as the agent itself says. */
  readonly language?: SpokenLanguage;
  /**
   * Of a bridge call: whom the callee is joined with, E.164 or the extension of a phone. Undefined: the phone that has
   * the `from` number; where none has it the callee waits until somebody is joined to it.
   */
  readonly bridgeTo?: string;
  readonly trunk?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: as the agent says. */
  readonly record?: boolean;
  /** False: a recorded call does not say so by itself. */
  readonly disclosure?: boolean;
  readonly liveTranscript?: boolean;
  readonly maxDurationMs?: number;
  readonly ringTimeoutMs?: number;
  readonly answeringMachine?: AnsweringMachinePlan;
  /** The request's own name: said again, it places no second call. */
  readonly idempotencyKey?: string;
  /** What the key is unique in: the organisation (undefined), or the number that calls. */
  readonly idempotencyScope?: "number";
  /** What becomes of another request with the same key: undefined is conflict. */
  readonly onOtherBody?: "conflict" | "replay";
  /** SHA-256 of the request's body, hex. */
  readonly requestHash: string;
}

/** A call that was placed, now or by the same request before. */
export interface PlacedCall {
  readonly call: Call;
  readonly isReplay: boolean;
}

export interface PlaceCallDeps extends OrderAgentDeps {
  readonly orgId: OrgId;
  readonly calls: Pick<Calls, "get" | "findByKey" | "callerNumber" | "checkPlan">;
  readonly control: Pick<CallControl, "placeCall">;
}

/** Places calls: who talks, what is set for this call alone, and never twice for one idempotency key. */
export function createPlaceCall({ orgId, agents, numbers, calls, control }: PlaceCallDeps) {
  const replay = async (order: CallOrder, scope: string): Promise<PlacedCall | undefined> => {
    const { idempotencyKey: key, requestHash, onOtherBody = "conflict" } = order;
    const found = key === undefined ? undefined : await calls.findByKey(key, scope);
    if (found && found.requestHash !== requestHash && onOtherBody === "conflict") {
      throw new GatewayError("conflict", "another request was sent with this idempotency key", "Idempotency-Key");
    }
    return found && { call: found.call, isReplay: true };
  };

  /** What is particular about a call between people. */
  const bridge = (order: CallOrder, from: CallerNumber) => {
    if (order.agentId !== undefined || order.agent !== undefined || order.useSavedAgent) {
      throw new GatewayError("invalid-request", "people talk on a bridge call: it has no agent", "agent");
    }
    if (order.answeringMachine) {
      throw new GatewayError("invalid-request", "only an agent looks for answering machines", "answeringMachine");
    }
    const bridgeTo = order.bridgeTo ?? (from.isTelephone ? from.number : undefined);
    return { agent: undefined, record: order.record ?? false, bridgeTo, maxDurationMs: order.maxDurationMs };
  };

  /** What is particular about a call on which an agent talks. */
  const conversation = async (order: CallOrder, from: CallerNumber) => {
    if (order.bridgeTo !== undefined) {
      throw new GatewayError("invalid-request", "only a bridge call is joined with somebody", "bridgeTo");
    }
    const {
      orgId: _,
      record: recordsAll,
      liveTranscript: __,
      ...agent
    } = await agentOfOrder({ agents, numbers }, order, from.number);
    // Companies that sell numbers of other countries do not let machines talk on them.
    if (from.isBought) checkAiCountry(from.number);
    const { record = recordsAll, disclosure = true, maxDurationMs = agent.maxDurationMs } = order;
    const firstMessage = record && disclosure ? withDisclosure(agent.firstMessage) : agent.firstMessage;
    return { agent: { ...agent, firstMessage, maxDurationMs }, record, answeringMachine: order.answeringMachine };
  };

  return async (order: CallOrder): Promise<PlacedCall> => {
    checkMetadata(order.metadata);
    const from = await calls.callerNumber(order.from);
    const scope = order.idempotencyScope === "number" ? from.number : "";
    const before = await replay(order, scope);
    if (before) return before;
    const { idempotencyKey: key, requestHash, trunk: trunkId, to, metadata, ringTimeoutMs, liveTranscript } = order;
    const what = order.kind === "bridge" ? bridge(order, from) : await conversation(order, from);
    await calls.checkPlan(order.kind === "bridge" ? "voice" : "ai-outbound");
    if (what.record) await calls.checkPlan("recording");
    try {
      const callId = await control.placeCall({
        ...what,
        orgId,
        from: from.number,
        to,
        metadata,
        trunkId,
        ringTimeoutMs,
        liveTranscript,
        idempotency: key === undefined ? undefined : { scope, key, requestHash },
      });
      return { call: await calls.get(callId), isReplay: false };
    } catch (error) {
      // The same request came twice at once: the database let one of them place the call. That one may also have taken
      // the trunk's last place or the last of the money, which is then why this one was refused.
      const other = error instanceof GatewayError ? await replay(order, scope) : undefined;
      if (other) return other;
      throw error;
    }
  };
}

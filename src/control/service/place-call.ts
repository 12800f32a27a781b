import { GatewayError } from "../../kit/errors.ts";
import { type E164, type OrgId, parseE164 } from "../../kit/ids.ts";
import type { AnsweringMachinePlan } from "../../media/protocol.ts";
import type { CallControl, ResolvedAgent } from "../calls/call-control.ts";
import type { AgentChange, AgentSettings, Agents } from "./agents.ts";
import type { Calls } from "./calls.ts";
import type { Call } from "./kept-call.ts";
import type { Numbers } from "./numbers.ts";

/** A call to be made, as an API asks for it. */
export interface CallOrder {
  readonly from: string;
  /** E.164, or the extension of a phone. */
  readonly to: string;
  /** With neither of both: the agent that calls from `from`. */
  readonly agentId?: string;
  readonly agent?: Pick<AgentSettings, "name"> & Omit<AgentChange, "tools" | "webhookUrl">;
  readonly trunk?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Undefined: as the agent says. */
  readonly record?: boolean;
  readonly maxDurationMs?: number;
  readonly ringTimeoutMs?: number;
  readonly answeringMachine?: AnsweringMachinePlan;
  /** The request's own name: said again, it places no second call. */
  readonly idempotencyKey?: string;
  /** SHA-256 of the request's body, hex. */
  readonly requestHash: string;
}

/** A call that was placed, now or by the same request before. */
export interface PlacedCall {
  readonly call: Call;
  readonly isReplay: boolean;
}

export interface PlaceCallDeps {
  readonly orgId: OrgId;
  readonly agents: Pick<Agents, "resolve" | "inline">;
  readonly numbers: Pick<Numbers, "resolveOutbound">;
  readonly calls: Pick<Calls, "get" | "findByKey">;
  readonly control: Pick<CallControl, "placeCall">;
}

/** Places calls: who talks, what is set for this call alone, and never twice for one idempotency key. */
export function createPlaceCall({ orgId, agents, numbers, calls, control }: PlaceCallDeps) {
  const replay = async ({ idempotencyKey, requestHash }: CallOrder): Promise<PlacedCall | undefined> => {
    const found = idempotencyKey === undefined ? undefined : await calls.findByKey(idempotencyKey);
    if (found && found.requestHash !== requestHash) {
      throw new GatewayError("conflict", "another request was sent with this idempotency key", "Idempotency-Key");
    }
    return found && { call: found.call, isReplay: true };
  };

  const agentOf = async (order: CallOrder, from: E164): Promise<ResolvedAgent> => {
    if (order.agentId !== undefined && order.agent !== undefined) {
      throw new GatewayError("invalid-request", "give an agent or an agent's id, not both", "agent");
    }
    if (order.agent !== undefined) return agents.inline(order.agent);
    if (order.agentId !== undefined) return agents.resolve(order.agentId);
    const agent = await numbers.resolveOutbound(from);
    if (agent) return agent;
    const advice = "no agent calls from this number: name one, or give the number an outbound agent";
    throw new GatewayError("invalid-request", advice, "agentId");
  };

  return async (order: CallOrder): Promise<PlacedCall> => {
    const from = parseE164(order.from);
    if (!from) throw new GatewayError("invalid-request", "must be an E.164 number such as +15550100", "from");
    const before = await replay(order);
    if (before) return before;
    const { record, orgId: _, ...agent } = await agentOf(order, from);
    const { idempotencyKey: key, requestHash, trunk: trunkId, to, metadata } = order;
    const { maxDurationMs = agent.maxDurationMs, ringTimeoutMs, answeringMachine } = order;
    try {
      const callId = await control.placeCall({
        orgId,
        from,
        to,
        agent: { ...agent, maxDurationMs },
        record: order.record ?? record,
        metadata,
        trunkId,
        ringTimeoutMs,
        answeringMachine,
        idempotency: key === undefined ? undefined : { key, requestHash },
      });
      return { call: await calls.get(callId), isReplay: false };
    } catch (error) {
      // The same request came twice at once: the database let one of them place the call.
      const isTaken = error instanceof GatewayError && error.code === "conflict";
      const other = isTaken ? await replay(order) : undefined;
      if (other) return other;
      throw error;
    }
  };
}

/** An agent frozen for a call. */
import type { AgentId, OrgId } from "../../../kit/ids.ts";
import type { AgentSpec } from "../../../media/protocol.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import type { AgentRow } from "../../store/agents.ts";
import type { ServiceDeps } from "../deps.ts";
import { type AgentSettings, toAgent } from "./kept-agent.ts";
import { voiceOfCall } from "./voices.ts";

/** The agent as a media process needs it, secrets opened, and whose it is. */
export function resolvedAgent(row: AgentRow, deps: Pick<ServiceDeps, "secrets" | "defaultProvider">): ResolvedAgent {
  const agent = toAgent(row, deps);
  const spec = specOf(agent, agent.id, deps.secrets.open(row.signing_secret, row.id), deps);
  return { ...spec, orgId: row.org_id as OrgId, record: agent.record };
}

/** What calls of inline agents have in the place of an agent's id. */
export const inlineAgentId = "agent_inline" as AgentId;

/** The settings of an agent in the words of a media process; `secret` signs what is sent for it. */
export function specOf(
  agent: AgentSettings,
  agentId: AgentId,
  secret: string,
  deps: Pick<ServiceDeps, "defaultProvider">,
): AgentSpec {
  return {
    agentId,
    name: agent.name,
    provider: agent.provider ?? deps.defaultProvider,
    model: agent.model ?? undefined,
    voice: voiceOfCall(agent.voice),
    language: agent.language,
    instructions: agent.instructions,
    firstMessage: agent.firstMessage ?? undefined,
    tools: agent.tools.map((tool) => ({ ...tool, secret })),
    transfers: agent.transfers,
    turn: agent.turn,
    maxDurationMs: agent.maxDurationMs,
    webhook: agent.webhookUrl === null ? undefined : { url: agent.webhookUrl, secret },
  };
}

/** Who talks on a call of ours: the agent that is named, the one given with the order, or the number's own. */
import { GatewayError } from "../../../kit/errors.ts";
import type { E164 } from "../../../kit/ids.ts";
import type { AgentSpec } from "../../../media/protocol.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import type { Agents } from "../agents/agents.ts";
import { tagOf, withLanguage } from "../agents/spoken-language.ts";
import type { Numbers } from "../numbers/numbers.ts";
import type { CallOrder } from "./place-call.ts";

export interface OrderAgentDeps {
  readonly agents: Pick<Agents, "resolve" | "inline">;
  readonly numbers: Pick<Numbers, "find" | "resolveOutbound">;
}

/** The agent of an order, `from` being the number it calls from. */
export async function agentOfOrder(
  { agents, numbers }: OrderAgentDeps,
  order: CallOrder,
  from: E164,
): Promise<ResolvedAgent> {
  const { agentId, agent, useSavedAgent = false, language } = order;
  if (agentId !== undefined && (agent !== undefined || useSavedAgent)) {
    throw new GatewayError("invalid-request", "name one agent: by its id, by what it is, or the saved one", "agent");
  }
  if (agentId !== undefined) return speaking(await agents.resolve(agentId), language);
  if (agent !== undefined && !useSavedAgent) return speaking(agents.inline(agent), language);
  const saved = await numbers.resolveOutbound(from);
  if (saved) return overSaved({ agents, numbers }, saved, order, from);
  if (useSavedAgent) {
    const advice = "no agent is saved for calls from this number: save one, or say what the agent is";
    throw new GatewayError("invalid-request", advice, "useSavedAgent", { reason: "no-saved-agent" });
  }
  const advice = "no agent calls from this number: name one, or give the number an outbound agent";
  throw new GatewayError("invalid-request", advice, "agentId");
}

function speaking(agent: ResolvedAgent, language: CallOrder["language"]): ResolvedAgent {
  if (language === undefined) return agent;
  return { ...agent, language: tagOf(language), instructions: withLanguage(agent.instructions, language) };
}

/** The saved agent, with what the order says for this call alone in its place. */
async function overSaved(
  { agents, numbers }: OrderAgentDeps,
  saved: ResolvedAgent,
  { agent: given = { name: saved.name }, language }: CallOrder,
  from: E164,
): Promise<ResolvedAgent> {
  // Checked as a whole agent would be; only what was given is taken from it.
  const checked = agents.inline(given);
  const names = overridable.filter((name) => given[name] !== undefined);
  const taken: Partial<ResolvedAgent> = Object.fromEntries(names.map((name) => [name, checked[name]]));
  const kept = (await numbers.find(from))?.outbound?.agent.instructions ?? saved.instructions;
  // What the number adds to its agent's own words: the language, unless the order names another.
  const added = saved.instructions.startsWith(kept) ? saved.instructions.slice(kept.length) : "";
  const own = given.instructions ?? kept;
  const instructions = language === undefined ? own + added : withLanguage(own, language);
  const spoken = language === undefined ? {} : { language: tagOf(language) };
  return { ...saved, ...taken, ...spoken, instructions, turn: { ...saved.turn, ...(given.turn && checked.turn) } };
}

/** What one call may have otherwise than the saved agent; instructions and turn-taking are merged by hand. */
const overridable = [
  "provider",
  "model",
  "voice",
  "language",
  "firstMessage",
  "transfers",
  "maxDurationMs",
  "record",
] as const satisfies readonly (keyof AgentSpec | "record")[];

/** Who talks on a number's calls: its agent as a media process needs it, with what the number adds to it. */
import type { E164, OrgId } from "../../../kit/ids.ts";
import type { ToolSpec } from "../../../media/protocol.ts";
import type { ResolvedAgent } from "../../calls/call-control.ts";
import { findAgent } from "../../store/agents.ts";
import { findNumberByE164, type NumberRow } from "../../store/numbers.ts";
import { resolvedAgent } from "../agents/agent-spec.ts";
import { withLanguage } from "../agents/spoken-language.ts";
import { fetchCallContext, withContext } from "../calls/call-context.ts";
import { withDisclosure } from "../calls/disclosure.ts";
import { byokKey } from "./byok.ts";
import type { NumberDeps } from "./deps.ts";
import { type InboundExtra, readInboundExtra, readOutboundExtra } from "./extras.ts";
import { secretContext } from "./inbound.ts";
import { agentColumn, type Role } from "./personas.ts";

/** What follows the disclosure where the agent would have greeted in its own words: else the caller hears it and no more. */
const greetingWhenRecorded = "How can I help you?";

/** The agent that answers a number, whosever the number is; undefined: nobody does. `from`: who calls, "" when withheld. */
export async function resolveInbound(deps: NumberDeps, number: E164, from: string): Promise<ResolvedAgent | undefined> {
  const row = await findNumberByE164(deps.database.db, undefined, number);
  const extra = row && readInboundExtra(row);
  if (!row || !extra?.enabled) return undefined;
  const agent = await agentOf(deps, row, "inbound");
  if (!agent) return undefined;
  const spoken = extra.language === null ? agent.instructions : withLanguage(agent.instructions, extra.language);
  const block = await contextOf(deps, row, extra, from);
  const instructions = block === undefined ? spoken : withContext(spoken, block);
  const providerKey = byokKey(row, deps);
  const { liveTranscript } = extra;
  const tools = withActions(deps, row, extra, agent.tools);
  // Whoever only points his number at an agent says himself what his callers are told.
  const isConfigured = row.inbound_extra !== null;
  const isTold = isConfigured && agent.record;
  const firstMessage = isTold ? withDisclosure(agent.firstMessage ?? greetingWhenRecorded) : agent.firstMessage;
  return {
    ...agent,
    instructions,
    firstMessage,
    tools,
    liveTranscript,
    ...(providerKey !== undefined && { providerKey }),
  };
}

/** The agent that calls from a number of an organisation; undefined: none does. */
export async function resolveOutbound(
  deps: NumberDeps,
  orgId: OrgId,
  number: E164,
): Promise<ResolvedAgent | undefined> {
  const row = await findNumberByE164(deps.database.db, orgId, number);
  const agent = row && (await agentOf(deps, row, "outbound"));
  if (!agent) return undefined;
  const { language } = readOutboundExtra(row);
  return language === null ? agent : { ...agent, instructions: withLanguage(agent.instructions, language) };
}

/** The agent's tools and the number's, which win a clash of names: they are run by the number's action webhook. */
function withActions(
  { secrets }: NumberDeps,
  { id }: NumberRow,
  { tools: declared, actionWebhook }: InboundExtra,
  tools: readonly ToolSpec[],
): readonly ToolSpec[] {
  if (!actionWebhook) return tools;
  const { url, timeoutMs, secret: sealed } = actionWebhook;
  const secret = secrets.open(sealed, secretContext(id));
  const own = tools.filter(({ name }) => declared.every((tool) => tool.name !== name));
  return [
    ...own,
    ...declared.map((tool) => ({ ...tool, url, secret, timeoutMs, headers: {}, style: "agentcall" as const })),
  ];
}

async function agentOf(deps: NumberDeps, number: NumberRow, role: Role): Promise<ResolvedAgent | undefined> {
  const id = number[agentColumn[role]];
  const row = id === null ? undefined : await findAgent(deps.database.db, number.org_id, id);
  if (!row) return undefined;
  // A key of the customer's own is of no use to another provider.
  const isOpenAi = role === "inbound" && number.byok_key !== null && row.provider === null;
  return resolvedAgent(isOpenAi ? { ...row, provider: "openai-realtime" } : row, deps);
}

async function contextOf(
  deps: NumberDeps,
  number: NumberRow,
  { contextWebhook, contextSource }: InboundExtra,
  from: string,
): Promise<string | undefined> {
  if (!contextWebhook || (contextSource !== "webhook" && contextSource !== "merge")) return undefined;
  const { url, secret, timeoutMs } = contextWebhook;
  const signingSecret = deps.secrets.open(secret, secretContext(number.id));
  const facts = { numberId: number.id, from, to: number.number };
  const context = await fetchCallContext(
    { exchange: deps.exchange, clock: deps.clock, allowPrivate: deps.allowHttp },
    { url, signingSecret, timeoutMs },
    facts,
  );
  if (context.type === "context") return context.block;
  deps.log.warn({ numberId: number.id, reason: context.reason }, "no context for a call: its webhook gave none");
  return undefined;
}

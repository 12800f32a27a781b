import type { RespondReason, ToolDeclaration } from "../session.ts";
import type { HistoryEntry, MindRequest } from "./parts.ts";

/** A message of a chat completions request. */
export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string }
  | { role: "assistant"; content: string | null; tool_calls?: ChatToolCall[] }
  | { role: "tool"; tool_call_id: string; content: string };

/** A tool call as the model made it. */
export interface ChatToolCall {
  id: string;
  type: "function";
  function: { name: string; arguments: string };
}

/** A tool as chat completions declares it. */
export interface ChatTool {
  type: "function";
  function: { name: string; description: string; parameters: Record<string, unknown> };
}

/** Stage directions for replies that no words of the caller ask for; in brackets, as the last user message. */
const directions: Readonly<Record<RespondReason, string>> = {
  greeting: "(The call was just answered. Greet the caller.)",
  "caller-turn": "",
  say: "",
  nudge: "(The caller has been silent for a while. Ask briefly whether they are still there.)",
  "duration-warning": "(The call must end very soon. Tell the caller.)",
  goodbye: "(The call is ending. Say goodbye briefly.)",
  instruction: "(Speak now, as the last note asks.)",
  "tool-result": "",
};

/** What stands for an utterance that nobody understood. */
const unclearText = "(unintelligible)";

/** The messages of a question: instructions, what was said and heard, each tool call with its result. */
export function chatMessages(request: MindRequest): ChatMessage[] {
  const messages: ChatMessage[] = [];
  if (request.instructions.trim() !== "") messages.push({ role: "system", content: request.instructions });
  const { history } = request;
  for (let i = 0; i < history.length; i += 1) {
    const entry = history[i];
    if (entry === undefined) continue;
    if (entry.role !== "tool") {
      addText(messages, entry);
      continue;
    }
    const calls = callsOfReply(history, i);
    addToolCalls(messages, calls);
    i += calls.length - 1;
  }
  const direction = directions[request.reason];
  if (direction !== "") addUser(messages, direction);
  return messages;
}

/** Declarations as chat completions wants them; undefined for none, since strict servers refuse an empty list. */
export function chatTools(tools: readonly ToolDeclaration[]): ChatTool[] | undefined {
  if (tools.length === 0) return undefined;
  return tools.map(({ name, description, parameters }) => ({
    type: "function",
    function: { name, description, parameters: { ...parameters } },
  }));
}

type ToolEntry = Extract<HistoryEntry, { role: "tool" }>;
type TextEntry = Exclude<HistoryEntry, { role: "tool" }>;

/** The calls from `start` on that one reply made together. */
function callsOfReply(history: readonly HistoryEntry[], start: number): ToolEntry[] {
  const calls: ToolEntry[] = [];
  for (const entry of history.slice(start)) {
    if (entry.role !== "tool" || (calls[0] && entry.responseId !== calls[0].responseId)) break;
    calls.push(entry);
  }
  return calls;
}

function addToolCalls(messages: ChatMessage[], calls: readonly ToolEntry[]): void {
  const toolCalls = calls.map(({ toolCallId, name, argumentsJson }) => ({
    id: toolCallId,
    type: "function" as const,
    function: { name, arguments: argumentsJson },
  }));
  const last = messages.at(-1);
  if (last?.role === "assistant" && !last.tool_calls) last.tool_calls = toolCalls;
  else messages.push({ role: "assistant", content: null, tool_calls: toolCalls });
  for (const { toolCallId, output } of calls)
    messages.push({ role: "tool", tool_call_id: toolCallId, content: output });
}

function addText(messages: ChatMessage[], entry: TextEntry): void {
  const last = messages.at(-1);
  if (entry.role === "caller") addUser(messages, entry.text === "" ? unclearText : entry.text);
  else if (entry.role === "system") messages.push({ role: "system", content: entry.text });
  else if (last?.role === "assistant" && last.content !== null && !last.tool_calls) last.content += ` ${entry.text}`;
  else messages.push({ role: "assistant", content: entry.text });
}

/** Neighbouring user messages become one: some models' templates insist that roles alternate. */
function addUser(messages: ChatMessage[], text: string): void {
  const last = messages.at(-1);
  if (last?.role === "user") last.content += `\n${text}`;
  else messages.push({ role: "user", content: text });
}

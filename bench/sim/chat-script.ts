/** How the simulated chat completions server answers one request, and in which of the shapes found in the field. */
export interface ChatStep {
  readonly text?: string;
  /** Never to be spoken; sent as `reasoning_content`. */
  readonly reasoning?: string;
  readonly tools?: readonly ChatStepTool[];
  /** Before the first byte. */
  readonly delayMs?: number;
  /** Between two chunks. */
  readonly chunkMs?: number;
  readonly quirks?: readonly ChatQuirk[];
}

/** A tool call to make. */
export interface ChatStepTool {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What compatible servers were seen to do (one word a row of the tolerance table), and plain faults. */
export type ChatQuirk =
  | "stop-with-tools"
  | "new-id-per-fragment"
  | "index-zero"
  | "object-arguments"
  | "empty-name-repeated"
  | "first-index-one"
  | "empty-arguments"
  | "no-finish-reason"
  | "no-done"
  | "plain-json"
  | "error-chunk"
  | "error-event"
  | "crlf"
  | "keepalives"
  | "no-space"
  | "refuses-stream-options"
  | "status-400"
  | "status-401"
  | "status-429"
  | "status-503"
  | "drops"
  | "hangs"
  | "holds-open";

type Chunk = Record<string, unknown>;

/** The body of an answer in pieces, as they are to be written. */
export function renderAnswer(step: ChatStep, model: string, withUsage: boolean): string[] {
  const has = (quirk: ChatQuirk) => step.quirks?.includes(quirk) ?? false;
  if (has("plain-json")) return [JSON.stringify(plainAnswer(step, model))];
  const newline = has("crlf") ? "\r\n" : "\n";
  const space = has("no-space") ? "" : " ";
  const event = (data: string) => `data:${space}${data}${newline}${newline}`;
  const pieces: string[] = [];
  for (const chunk of answerChunks(step, model, has)) {
    if (has("keepalives")) pieces.push(`: keepalive${newline}${newline}`);
    pieces.push(event(JSON.stringify(chunk)));
  }
  if (has("drops")) return pieces;
  if (has("error-chunk")) {
    return [...pieces, event(JSON.stringify({ error: { message: "secret words", code: "server_overloaded" } }))];
  }
  if (has("error-event")) {
    return [...pieces, `event: error${newline}${event(JSON.stringify({ message: "secret words", code: "broken" }))}`];
  }
  if (!has("no-finish-reason")) {
    const toolCalls = (step.tools?.length ?? 0) > 0 && !has("stop-with-tools");
    pieces.push(event(JSON.stringify(chunkOf(model, {}, toolCalls ? "tool_calls" : "stop"))));
  }
  if (withUsage) {
    const usage = {
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 4 },
    };
    pieces.push(
      event(JSON.stringify({ id: "chatcmpl-sim", object: "chat.completion.chunk", model, choices: [], usage })),
    );
  }
  if (!has("no-done") && !has("no-finish-reason") && !has("holds-open")) pieces.push(event("[DONE]"));
  return pieces;
}

function answerChunks(step: ChatStep, model: string, has: (quirk: ChatQuirk) => boolean): Chunk[] {
  const deltas: Chunk[] = [{ role: "assistant", content: "" }];
  if (step.reasoning) deltas.push({ reasoning_content: step.reasoning });
  for (const word of step.text?.match(/\S+\s*/g) ?? []) deltas.push({ content: word });
  for (const [position, tool] of (step.tools ?? []).entries()) {
    const index = has("index-zero") ? 0 : has("first-index-one") ? position + 1 : position;
    deltas.push(...toolDeltas(tool, index, has));
  }
  return deltas.map((delta) => chunkOf(model, delta, null));
}

/** The fragments of one call: the first names it, the arguments come in two pieces. */
function toolDeltas(tool: ChatStepTool, index: number, has: (quirk: ChatQuirk) => boolean): Chunk[] {
  const call = (fragment: Chunk) => ({ tool_calls: [{ index, ...fragment }] });
  const { id, name } = tool;
  if (has("object-arguments")) return [call({ id, type: "function", function: { name, arguments: tool.arguments } })];
  if (has("empty-arguments")) return [call({ id, type: "function", function: { name, arguments: "" } })];
  const json = JSON.stringify(tool.arguments);
  const half = json.length >> 1;
  const pieces = ["", json.slice(0, half), json.slice(half)];
  return pieces.map((piece, at) => {
    const named = at === 0 || has("new-id-per-fragment");
    return call({
      ...(named && { id: at === 0 ? id : `${id}-${at}`, type: "function" }),
      function: {
        ...(at === 0 && { name }),
        ...(at > 0 && has("empty-name-repeated") && { name: "" }),
        arguments: piece,
      },
    });
  });
}

function chunkOf(model: string, delta: Chunk, finishReason: string | null): Chunk {
  const choices = [{ index: 0, delta, finish_reason: finishReason, logprobs: null }];
  return { id: "chatcmpl-sim", object: "chat.completion.chunk", created: 1, model, choices, usage: null };
}

function plainAnswer(step: ChatStep, model: string): Chunk {
  const toolCalls = step.tools?.map(({ id, name, arguments: args }) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  }));
  const message = { role: "assistant", content: step.text ?? null, ...(toolCalls && { tool_calls: toolCalls }) };
  const choices = [{ index: 0, message, finish_reason: toolCalls ? "tool_calls" : "stop" }];
  return { id: "chatcmpl-sim", object: "chat.completion", created: 1, model, choices };
}

import { describe, expect, test } from "vitest";
import { type ChatQuirk, type ChatStep, renderAnswer } from "../../../bench/sim/chat-script.ts";
import { ChatStream, defaultChatStreamLimits } from "../../../src/media/ai/chat-stream.ts";
import type { MindPiece } from "../../../src/media/ai/pipeline/parts.ts";

const encoder = new TextEncoder();

/** Reads a body cut into pieces of `cutBytes`. */
function read(body: string, cutBytes = 7, stream = new ChatStream()) {
  const bytes = encoder.encode(body);
  const pieces: MindPiece[] = [];
  for (let at = 0; at < bytes.length; at += cutBytes) pieces.push(...stream.push(bytes.subarray(at, at + cutBytes)));
  pieces.push(...stream.end());
  return {
    text: pieces.map((piece) => (piece.type === "text" ? piece.delta : "")).join(""),
    calls: pieces.flatMap((piece) =>
      piece.type === "tool-call" ? [`${piece.toolCallId} ${piece.name} ${piece.argumentsJson}`] : [],
    ),
    usage: pieces.flatMap((piece) => (piece.type === "usage" ? [piece.usage] : [])),
    fault: stream.fault,
  };
}

const weather = { id: "call_a", name: "weather", arguments: { city: "Köln" } };
const time = { id: "call_b", name: "time", arguments: { zone: "CET" } };
const bothCalls = ['call_a weather {"city":"Köln"}', 'call_b time {"zone":"CET"}'];

function answer(step: ChatStep, ...quirks: ChatQuirk[]): string {
  return renderAnswer({ ...step, quirks }, "sim", true).join("");
}

function chunk(delta: object, more: object = {}): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, ...more }] })}\n\n`;
}

describe("chat stream", () => {
  test("text comes as it arrives, in order, with the usage at the end", () => {
    const { text, usage, fault, calls } = read(answer({ text: "Grüße aus Köln, 東京 and 🎉!" }));
    expect(text).toBe("Grüße aus Köln, 東京 and 🎉!");
    expect(usage).toEqual([{ inputTextTokens: 20, inputCachedTokens: 4, outputTextTokens: 7 }]);
    expect(calls).toEqual([]);
    expect(fault).toBeUndefined();
  });

  test.each([1, 2, 3, 5, 64, 100_000])(
    "a UTF-8 character cut between two network pieces stays whole (%i bytes)",
    (cut) => {
      expect(read(answer({ text: "żółć – 日本語 – 👩‍💻" }), cut).text).toBe("żółć – 日本語 – 👩‍💻");
    },
  );

  test.each<ChatQuirk>(["crlf", "keepalives", "no-space", "no-done", "no-finish-reason", "plain-json"])(
    "an answer with the quirk %s reads like any other",
    (quirk) => {
      const { text, calls, fault } = read(answer({ text: "Let me look.", tools: [weather, time] }, quirk));
      expect(text).toBe("Let me look.");
      expect(calls).toEqual(bothCalls);
      expect(fault).toBeUndefined();
    },
  );

  test.each<ChatQuirk>([
    "stop-with-tools",
    "new-id-per-fragment",
    "index-zero",
    "object-arguments",
    "empty-name-repeated",
    "first-index-one",
  ])("two parallel tool calls of a server with the quirk %s come out whole", (quirk) => {
    expect(read(answer({ tools: [weather, time] }, quirk)).calls).toEqual(bothCalls);
  });

  test("two calls of one tool, numbered 0 both, with arguments as objects, are two calls", () => {
    const tools = [weather, { ...weather, id: "call_c", arguments: { city: "Bonn" } }];
    expect(read(answer({ tools }, "index-zero", "object-arguments")).calls).toEqual([
      'call_a weather {"city":"Köln"}',
      'call_c weather {"city":"Bonn"}',
    ]);
  });

  test("a new id and the name again in every fragment of one call is one call", () => {
    const body = ["", '{"city":', '"Köln"}']
      .map((piece, at) =>
        chunk({ tool_calls: [{ index: 0, id: `id_${at}`, function: { name: "weather", arguments: piece } }] }),
      )
      .join("");
    expect(read(body).calls).toEqual(['id_0 weather {"city":"Köln"}']);
  });

  test("empty arguments of a tool without parameters are {}", () => {
    expect(read(answer({ tools: [time] }, "empty-arguments")).calls).toEqual(["call_b time {}"]);
  });

  test("a call without an id gets one, a call without a name is none", () => {
    const body =
      chunk({ tool_calls: [{ index: 0, function: { name: "time", arguments: "{}" } }] }) +
      chunk({ tool_calls: [{ index: 1, id: "x", function: { arguments: "{}" } }] });
    expect(read(body).calls).toEqual(["call_1 time {}"]);
  });

  test("fragments without an index belong to the call they name, or to the last one", () => {
    const body =
      chunk({ tool_calls: [{ id: "a", function: { name: "time", arguments: '{"x":' } }] }) +
      chunk({ tool_calls: [{ function: { arguments: "1}" } }] }) +
      chunk({ tool_calls: [{ id: "b", function: { name: "time", arguments: "{}" } }] });
    expect(read(body).calls).toEqual(['a time {"x":1}', "b time {}"]);
  });

  test("the legacy function_call is a tool call", () => {
    const body =
      chunk({ function_call: { name: "time", arguments: '{"zone"' } }) +
      chunk({ function_call: { arguments: ':"CET"}' } });
    expect(read(body).calls).toEqual(['call_1 time {"zone":"CET"}']);
  });

  test("reasoning fields are never text", () => {
    const body =
      read(answer({ reasoning: "The user wants…", text: "Hello." })).text +
      read(chunk({ reasoning: "hmm", thinking: "hmm", content: "Yes." })).text;
    expect(body).toBe("Hello.Yes.");
  });

  test("a refusal is spoken, content in parts gives only its text", () => {
    const parts = [
      { type: "thinking", thinking: "hmm" },
      { type: "text", text: "Fine." },
    ];
    expect(read(chunk({ content: null, refusal: "I cannot do that." }) + chunk({ content: parts })).text).toBe(
      "I cannot do that.Fine.",
    );
  });

  test("other choices and unknown fields are ignored", () => {
    const second = `data: ${JSON.stringify({ choices: [{ index: 1, delta: { content: "no" } }], obfuscation: "xx" })}\n\n`;
    expect(read(second + chunk({ content: "yes" })).text).toBe("yes");
  });

  test("several data lines of one event are joined with a line feed", () => {
    expect(read('data: {"choices":[{"index":0,\ndata: "delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n').text).toBe(
      "Hi",
    );
  });

  test("an event that ends with the stream instead of a blank line counts", () => {
    expect(read(chunk({ content: "Hi" }).trimEnd()).text).toBe("Hi");
  });

  test.each<[ChatQuirk, string]>([
    ["error-chunk", "server_overloaded"],
    ["error-event", "broken"],
  ])("%s in the middle ends the answer with a fault; what came before stays, no call is made", (quirk, code) => {
    const { text, calls, fault } = read(answer({ text: "Well,", tools: [weather] }, quirk));
    expect(text).toBe("Well,");
    expect(calls).toEqual([]);
    expect(fault).toEqual({ kind: "provider", code });
  });

  test("a rate limit reported inside the stream is named so, and the server's message stays out", () => {
    const body = 'data: {"error":{"message":"the caller said secret","code":"rate_limit_exceeded"}}\n\n';
    expect(read(body).fault).toEqual({ kind: "rate-limited", code: "rate_limit_exceeded" });
  });

  test.each([
    "",
    "\n\n",
    "data: [DONE]\n\n",
    ": nothing\n\n",
    "<html>Bad gateway</html>",
    "{not json",
    "data: {oops\n\n",
    "{}",
  ])("nonsense is a fault, not an exception: %j", (body) => {
    const { text, fault } = read(body);
    expect(text).toBe("");
    expect(fault?.kind).toBe("protocol");
  });

  test.each([
    '{"choices":{}}',
    '{"choices":[null,5,{"index":0,"delta":null},{"index":0,"delta":{"content":7,"tool_calls":[null,{"function":3}]}}]}',
    '{"usage":{"prompt_tokens":-4,"completion_tokens":"x"},"choices":[{"delta":{}}]}',
  ])("wrong types are ignored: %s", (json) => {
    const { text, calls } = read(`data: ${json}\n\n`);
    expect(text + calls.join("")).toBe("");
  });

  test("too much text, too many calls and too long arguments are an overflow", () => {
    const limits = { ...defaultChatStreamLimits, maxTextChars: 10, maxToolCalls: 1, maxArgumentsChars: 10 };
    const fault = (body: string) => read(body, 1000, new ChatStream(limits)).fault;
    expect(fault(chunk({ content: "12345678901" }))).toEqual({ kind: "overflow", code: "text_too_long" });
    expect(fault(answer({ tools: [time, weather] }))?.code).toBe("arguments_too_long");
    expect(
      fault(chunk({ tool_calls: [0, 1].map((index) => ({ index, id: `c${index}`, function: { name: "t" } })) }))?.code,
    ).toBe("too_many_tool_calls");
    const small = { ...defaultChatStreamLimits, maxEventBytes: 200 };
    expect(read(`data: {"x":"${"y".repeat(500)}`, 50, new ChatStream(small)).fault?.kind).toBe("overflow");
    expect(read(`{"x":"${"y".repeat(500)}`, 50, new ChatStream(small)).fault?.kind).toBe("overflow");
  });

  test("nothing after [DONE] is read", () => {
    expect(read(`${chunk({ content: "a" })}data: [DONE]\n\n${chunk({ content: "b" })}`).text).toBe("a");
  });
});

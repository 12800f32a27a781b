import { createHmac } from "node:crypto";
import { signatureHeader, signRequest } from "../../kit/signature.ts";
import type { CallPlan, ToolSpec } from "../protocol.ts";

/** A tool call as an HTTP request to the customer. */
export interface ToolRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A tool call whose arguments fit its schema. */
export interface CheckedToolCall {
  readonly toolCallId: string;
  readonly args: Readonly<Record<string, unknown>>;
}

type CallFacts = Pick<CallPlan, "callId" | "from" | "to" | "metadata">;

/** What is sent for a tool call, in the tool's style, signed at `wallMs`. */
export function toolRequest(spec: ToolSpec, toolCall: CheckedToolCall, call: CallFacts, wallMs: number): ToolRequest {
  const body = JSON.stringify(bodies[spec.style ?? "native"](spec, toolCall, call, wallMs));
  return {
    body,
    headers: {
      ...spec.headers,
      "content-type": "application/json",
      accept: "application/json, text/plain;q=0.9",
      [signatureHeader]: signRequest(body, spec.secret, wallMs / 1000),
      // That API's customers check the body alone.
      ...(spec.style === "agentcall" && {
        "X-AgentCall-Signature": createHmac("sha256", spec.secret).update(body).digest("hex"),
      }),
    },
  };
}

type Body = (spec: ToolSpec, toolCall: CheckedToolCall, call: CallFacts, wallMs: number) => unknown;

const bodies: Readonly<Record<NonNullable<ToolSpec["style"]>, Body>> = {
  native: ({ name }, { toolCallId, args }, { callId: id, from, to, metadata }) => ({
    tool_call_id: toolCallId,
    name,
    arguments: args,
    call: { id, from, to, metadata },
  }),
  agentcall: ({ name }, { toolCallId, args }, { callId, from, to }, wallMs) => ({
    event: "tool.call",
    toolCallId,
    name,
    arguments: args,
    context: { channel: "voice", callId, from, to },
    timestamp: new Date(wallMs).toISOString(),
  }),
};

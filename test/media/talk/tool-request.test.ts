import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { checkSignature } from "../../../src/kit/signature.ts";
import type { ToolSpec } from "../../../src/media/protocol.ts";
import { toolRequest } from "../../../src/media/talk/tool-request.ts";

const call = { callId: "call_1", from: "+14155559876", to: "+12125559123", metadata: { lead: "7" } };
const toolCall = { toolCallId: "t1", args: { day: "Tuesday" } };
const wallMs = Date.UTC(2026, 10, 22, 12);
const spec: ToolSpec = {
  name: "check_calendar",
  description: "",
  parameters: { type: "object" },
  url: "https://example.com/actions",
  secret: "a shared secret of thirty-two characters",
  timeoutMs: 5_000,
  headers: { "X-Shop": "7" },
};

describe("a tool call as a request", () => {
  test("in our own words, signed with the time", () => {
    const { headers, body } = toolRequest(spec, toolCall, call, wallMs);
    expect(JSON.parse(body)).toEqual({
      tool_call_id: "t1",
      name: "check_calendar",
      arguments: { day: "Tuesday" },
      call: { id: "call_1", from: call.from, to: call.to, metadata: { lead: "7" } },
    });
    expect(headers).toMatchObject({ "X-Shop": "7", "content-type": "application/json" });
    const header = headers["X-Tandem-Signature"];
    expect(checkSignature({ header, rawBody: body, secret: spec.secret, nowS: wallMs / 1000 })).toBeUndefined();
    expect(headers).not.toHaveProperty("X-AgentCall-Signature");
  });

  test("in AgentCall's words: the channel is voice, the call and its numbers are named, the body alone is signed too", () => {
    const { headers, body } = toolRequest({ ...spec, style: "agentcall" }, toolCall, call, wallMs);
    expect(JSON.parse(body)).toEqual({
      event: "tool.call",
      toolCallId: "t1",
      name: "check_calendar",
      arguments: { day: "Tuesday" },
      context: { channel: "voice", callId: "call_1", from: call.from, to: call.to },
      timestamp: "2026-11-22T12:00:00.000Z",
    });
    const hmac = createHmac("sha256", spec.secret).update(body).digest("hex");
    expect(headers["X-AgentCall-Signature"]).toBe(hmac);
    expect(headers["X-Tandem-Signature"]).toMatch(/^t=1795348800,v1=[0-9a-f]{64}$/);
  });
});

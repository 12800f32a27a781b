import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  type CallContextDeps,
  contextTimeouts,
  fetchCallContext,
  maxContextChars,
  withContext,
} from "../../../../src/control/service/calls/call-context.ts";
import { GuardedHttpError, type GuardedRequest, guardedFetch } from "../../../../src/kit/io/guarded-http.ts";
import { checkSignature, signatureHeader } from "../../../../src/kit/signature.ts";

const wallMs = Date.UTC(2026, 10, 22, 12);
const secret = "a shared secret of thirty-two characters";
const facts = { numberId: "num_1", from: "+14155559876", to: "+14155550100" };
const hook = { url: "https://example.com/precall", signingSecret: secret, timeoutMs: 1200 };

/** An exchange that answers the same to everybody and remembers what it was asked. */
function answering(answer: { status?: number; text?: string } | Error) {
  const asked: { url: string; request: GuardedRequest }[] = [];
  const exchange: typeof guardedFetch = async (url, request) => {
    asked.push({ url, request });
    if (answer instanceof Error) throw answer;
    const { status = 200, text = "" } = answer;
    return { status, headers: {}, body: Buffer.from(text), text: () => text };
  };
  const deps: CallContextDeps = { exchange, clock: { wall: () => wallMs }, allowPrivate: false };
  return { deps, asked };
}

describe("call context", () => {
  test("the customer is told who calls whom, signed over the body that was sent", async () => {
    const { deps, asked } = answering({ text: '{"contextBlock":" The caller ordered two pizzas. "}' });
    const context = await fetchCallContext(deps, hook, facts);
    expect(context).toEqual({ type: "context", block: "The caller ordered two pizzas." });
    const { url, request } = asked[0]!;
    expect(url).toBe(hook.url);
    const rawBody = String(request.body);
    expect(JSON.parse(rawBody)).toEqual({ event: "call.inbound", ...facts, timestamp: "2026-11-22T12:00:00.000Z" });
    const header = request.headers?.[signatureHeader];
    expect(checkSignature({ header, rawBody, secret, nowS: wallMs / 1000 })).toBeUndefined();
    const plain = createHmac("sha256", secret).update(rawBody).digest("hex");
    expect(request.headers?.["X-AgentCall-Signature"]).toBe(plain);
    expect(request).toMatchObject({ method: "POST", timeoutMs: 1200, allowPrivate: false });
  });

  test("its time-out is kept, inside what a caller can be asked to wait", async () => {
    const { deps, asked } = answering({ text: "{}" });
    for (const timeoutMs of [1, 700, 60_000]) await fetchCallContext(deps, { ...hook, timeoutMs }, facts);
    const kept = asked.map(({ request }) => request.timeoutMs);
    expect(kept).toEqual([contextTimeouts.minMs, 700, contextTimeouts.maxMs]);
  });

  test.each([
    ["timeout", new GuardedHttpError("timeout", "example.com")],
    ["refused", new GuardedHttpError("refused-address", "10.0.0.1")],
    ["unreachable", new GuardedHttpError("network", "example.com")],
    ["unreachable", new Error("something of ours")],
    ["status", { status: 500, text: '{"contextBlock":"x"}' }],
    ["unreadable", { text: "not json" }],
    ["unreadable", { text: '{"contextBlock":7}' }],
    ["empty", { text: '{"contextBlock":"  "}' }],
  ])("whatever goes wrong (%s), there is no context and no error", async (reason, answer) => {
    const { deps } = answering(answer);
    expect(await fetchCallContext(deps, hook, facts)).toEqual({ type: "none", reason });
  });

  test("an endless block is cut, never inside a character", async () => {
    const block = `${"x".repeat(maxContextChars - 1)}😀 and more`;
    const { deps } = answering({ text: JSON.stringify({ contextBlock: block }) });
    const context = await fetchCallContext(deps, hook, facts);
    expect(context).toEqual({ type: "context", block: "x".repeat(maxContextChars - 1) });
  });

  test("addresses of this machine are never asked", async () => {
    const deps: CallContextDeps = { exchange: guardedFetch, clock: { wall: () => wallMs }, allowPrivate: false };
    for (const url of ["https://127.0.0.1/precall", "https://[::1]/precall", "http://example.com/precall"]) {
      expect(await fetchCallContext(deps, { ...hook, url }, facts)).toEqual({ type: "none", reason: "refused" });
    }
  });

  test("the customer's own instructions come first", () => {
    expect(withContext("You are Ann.", "It is Monday.")).toBe("You are Ann.\n\nIt is Monday.");
    expect(withContext("", "It is Monday.")).toBe("It is Monday.");
  });
});

/** Asks a customer, as a call comes in, what its agent should know now. Whatever goes wrong, the call goes on without it. */
import type { Clock } from "../../../kit/clock.ts";
import { GuardedHttpError } from "../../../kit/guarded-http-error.ts";
import type { guardedFetch } from "../../../kit/io/guarded-http.ts";
import { parseJsonObject } from "../../../kit/json.ts";
import { signatureHeader } from "../../../kit/signature.ts";
import { signDelivery } from "../../webhooks/signing.ts";

/** Where a number's agent gets its context. */
export interface ContextWebhook {
  readonly url: string;
  /** Key of the HMAC on the request. */
  readonly signingSecret: string;
  /** The caller waits so long at most, in ms. */
  readonly timeoutMs: number;
}

/** How long a caller may be left waiting for it, in ms. */
export const contextTimeouts = { minMs: 100, maxMs: 5_000, defaultMs: 1_200 } as const;

/** What is told of a call that comes in. */
export interface IncomingCallFacts {
  readonly numberId: string;
  readonly from: string;
  readonly to: string;
}

/** What became of it: the block, or why there is none. */
export type CallContext =
  | { readonly type: "context"; readonly block: string }
  | {
      readonly type: "none";
      readonly reason: "timeout" | "refused" | "unreachable" | "status" | "unreadable" | "empty";
    };

export interface CallContextDeps {
  /** The way to servers that somebody else named. */
  readonly exchange: typeof guardedFetch;
  readonly clock: Pick<Clock, "wall">;
  /** Also private addresses and plain http. */
  readonly allowPrivate: boolean;
}

/** Longest block that goes into an agent's instructions, in characters. */
export const maxContextChars = 8_000;
const maxAnswerBytes = 64 * 1024;

/** Asks; never rejects. */
export async function fetchCallContext(
  deps: CallContextDeps,
  webhook: ContextWebhook,
  facts: IncomingCallFacts,
): Promise<CallContext> {
  const { exchange, clock, allowPrivate } = deps;
  const body = JSON.stringify({ event: "call.inbound", ...facts, timestamp: new Date(clock.wall()).toISOString() });
  const signatures = signDelivery(body, [webhook.signingSecret], clock.wall() / 1000);
  try {
    const response = await exchange(webhook.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        [signatureHeader]: signatures.header,
        // The only API that has such webhooks checks the body alone.
        "X-AgentCall-Signature": signatures.plain[0] ?? "",
      },
      body,
      timeoutMs: Math.min(contextTimeouts.maxMs, Math.max(contextTimeouts.minMs, webhook.timeoutMs)),
      maxResponseBytes: maxAnswerBytes,
      allowPrivate,
    });
    if (response.status < 200 || response.status > 299) return { type: "none", reason: "status" };
    return readContext(response.text());
  } catch (error) {
    if (!(error instanceof GuardedHttpError)) return { type: "none", reason: "unreachable" };
    if (error.kind === "timeout") return { type: "none", reason: "timeout" };
    return { type: "none", reason: error.kind.startsWith("refused") ? "refused" : "unreachable" };
  }
}

/** The customer's own words first, then what was brought for this call. */
export function withContext(instructions: string, block: string): string {
  return instructions === "" ? block : `${instructions}\n\n${block}`;
}

function readContext(text: string): CallContext {
  const block = parseJsonObject(text)?.contextBlock;
  if (typeof block !== "string") return { type: "none", reason: "unreadable" };
  const trimmed = block.trim();
  if (trimmed === "") return { type: "none", reason: "empty" };
  return { type: "context", block: truncate(trimmed, maxContextChars) };
}

/** Cut between characters, never inside a surrogate pair. */
function truncate(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const isPair = /[\ud800-\udbff]/.test(text[maxChars - 1] ?? "");
  return text.slice(0, isPair ? maxChars - 1 : maxChars);
}

import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import { PartFailure } from "../pipeline/parts.ts";
import type { AiErrorKind } from "../session.ts";
import { harmless } from "./chat-answer.ts";

/** What an HTTP status says about a request to a provider. */
export function kindOfStatus(status: number): AiErrorKind {
  if (status === 429) return "rate-limited";
  if (status === 408 || status === 504) return "timeout";
  return status >= 400 && status < 500 ? "rejected" : "provider";
}

/** An error of the `openai` client as ours: status and code, never the message, which may quote the caller. */
export function openaiFailure(error: unknown, source: string): PartFailure {
  if (error instanceof PartFailure) return error;
  if (error instanceof APIConnectionTimeoutError) return new PartFailure("timeout", `${source} did not answer in time`);
  if (error instanceof APIConnectionError) return new PartFailure("connect-failed", `${source} cannot be reached`);
  if (error instanceof APIError && typeof error.status === "number") {
    const code = typeof error.code === "string" ? ` (${harmless(error.code)})` : "";
    return new PartFailure(kindOfStatus(error.status), `${source} answered ${error.status}${code}`);
  }
  return new PartFailure("provider", `${source} broke off`);
}

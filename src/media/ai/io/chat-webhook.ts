import { GuardedHttpError, type GuardedHttpFault, guardedStream } from "../../../kit/io/guarded-http.ts";
import { signatureHeader, signRequest } from "../../../kit/signature.ts";
import { chatMessages, chatTools } from "../pipeline/chat-messages.ts";
import { type Mind, type MindPiece, type MindRequest, PartFailure } from "../pipeline/parts.ts";
import type { AiErrorKind } from "../session.ts";
import { readChatAnswer } from "./chat-answer.ts";
import { kindOfStatus } from "./chat-failure.ts";

/** A customer's endpoint in the language model's place. */
export interface ChatWebhookOptions {
  readonly url: string;
  /** Key of the HMAC in `X-Tandem-Signature`. */
  readonly secret: string;
  /** Sent as `model` for agents that name none. */
  readonly model: string;
  /** Also private addresses and plain http. */
  readonly allowPrivate: boolean;
  /** Seconds since 1970, for the signature. */
  readonly nowS: () => number;
}

/** The pipeline gives up earlier; these only bound what it cannot see. */
const timeoutMs = 90_000;
const idleTimeoutMs = 30_000;
const maxAnswerBytes = 2 * 1024 * 1024;
const source = "the agent's webhook";

/** A mind that asks the customer: `POST {model, messages, stream: true, call}`, answered like chat completions. */
export function createChatWebhookMind(options: ChatWebhookOptions): Mind {
  const closing = new AbortController();
  return {
    respond: (request, signal) => respond(options, request, AbortSignal.any([signal, closing.signal])),
    close: () => closing.abort(),
  };
}

async function* respond(
  options: ChatWebhookOptions,
  request: MindRequest,
  signal: AbortSignal,
): AsyncGenerator<MindPiece> {
  const tools = chatTools(request.tools);
  const body = JSON.stringify({
    model: request.model ?? options.model,
    messages: chatMessages(request),
    stream: true,
    ...(tools && { tools }),
    call: request.call,
  });
  try {
    const response = await guardedStream(options.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        [signatureHeader]: signRequest(body, options.secret, options.nowS()),
      },
      body,
      timeoutMs,
      idleTimeoutMs,
      maxResponseBytes: maxAnswerBytes,
      allowPrivate: options.allowPrivate,
      signal,
    });
    try {
      if (response.status < 200 || response.status > 299) {
        throw new PartFailure(kindOfStatus(response.status), `${source} answered ${response.status}`);
      }
      yield* readChatAnswer(response.body, source);
    } finally {
      response.close();
    }
  } catch (error) {
    throw error instanceof GuardedHttpError ? new PartFailure(kinds[error.kind], `${source}: ${error.kind}`) : error;
  }
}

const kinds: Readonly<Record<GuardedHttpFault, AiErrorKind>> = {
  "refused-address": "rejected",
  "refused-scheme": "rejected",
  timeout: "timeout",
  "too-large": "overflow",
  "too-many-redirects": "rejected",
  network: "connect-failed",
  aborted: "timeout",
};

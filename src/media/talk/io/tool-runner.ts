import type { Clock } from "../../../kit/clock.ts";
import {
  GuardedHttpError,
  type GuardedHttpFault,
  type GuardedResponse,
  guardedFetch,
} from "../../../kit/io/guarded-http.ts";
import type { CallPlan, ToolSpec, TransferTarget } from "../../protocol.ts";
import type { TransferWish } from "../handover.ts";
import { ToolBook } from "../tool-book.ts";
import { toolRequest } from "../tool-request.ts";
import {
  type BuiltInToolName,
  builtInToolsOf,
  checkArguments,
  type ToolError,
  type ToolOutcome,
  toolErrorOutput,
} from "../tools.ts";

/** Runs the tools of one call. */
export interface ToolRunner {
  /**
   * Answers a tool call exactly once, whatever happens; never rejects. The same id again shares the first's answer.
   * Undefined: whoever was told to put the caller through answers it.
   */
  run(toolCallId: string, name: string, argumentsJson: string): Promise<ToolOutcome | undefined>;
  /** The call is over: what runs is given up and answered with an error. Twice is fine. */
  close(): void;
}

export interface ToolRunnerOptions {
  readonly plan: Pick<CallPlan, "callId" | "from" | "to" | "metadata">;
  /** The customer's tools. */
  readonly tools: readonly ToolSpec[];
  /** Whom the model may put the caller through to. */
  readonly transfers: readonly TransferTarget[];
  readonly clock: Clock;
  /** Also private addresses and plain http. */
  readonly allowPrivate: boolean;
  /** The model wants to end the call once what it said was played. */
  readonly hangUp: () => void;
  /** Presses keys; false when the leg has no way to. */
  readonly sendDtmf: (digits: string) => boolean;
  /** The model wants the caller put through; false: another transfer is under way. */
  readonly transfer: (wish: TransferWish) => boolean;
}

const maxAnswerBytes = 64 * 1024;
const maxTimeoutMs = 120_000;
/** How much of a refusing tool's answer the model gets to read. */
const maxErrorAnswerChars = 1_000;
/** Answers kept for ids that come again. */
const maxKept = 256;

/** A runner for one call's tools: the customer's by signed HTTPS POST, the built-in ones at once. */
export function createToolRunner(options: ToolRunnerOptions): ToolRunner {
  return new HttpToolRunner(options);
}

type Answer = Omit<ToolOutcome, "durationMs">;
type Outcome = Promise<ToolOutcome | undefined>;

class HttpToolRunner implements ToolRunner {
  readonly #options: ToolRunnerOptions;
  readonly #builtIns: ReturnType<typeof builtInToolsOf>;
  readonly #book = new ToolBook();
  readonly #closing = new AbortController();
  readonly #outcomes = new Map<string, Outcome>();
  /** What lets a waiting call go on; `false` when the telephone call ended meanwhile. */
  readonly #waiting = new Map<string, (go: boolean) => void>();

  constructor(options: ToolRunnerOptions) {
    this.#options = options;
    this.#builtIns = builtInToolsOf(options.transfers);
  }

  run(toolCallId: string, name: string, argumentsJson: string): Outcome {
    const known = this.#outcomes.get(toolCallId);
    if (known) return known;
    const outcome = this.#timed(() => this.#answer(toolCallId, name, argumentsJson));
    this.#outcomes.set(toolCallId, outcome);
    if (this.#outcomes.size > maxKept) this.#outcomes.delete(this.#outcomes.keys().next().value as string);
    return outcome;
  }

  close(): void {
    for (const toolCallId of this.#book.close()) this.#waiting.get(toolCallId)?.(false);
    this.#waiting.clear();
    this.#closing.abort();
  }

  async #timed(work: () => Promise<Answer | undefined>): Outcome {
    const startedAt = this.#options.clock.now();
    const answer = await work().catch(() => failed({ code: "unreachable", message: "The tool could not be run." }));
    return answer && { ...answer, durationMs: Math.round(this.#options.clock.now() - startedAt) };
  }

  async #answer(toolCallId: string, name: string, argumentsJson: string): Promise<Answer | undefined> {
    const builtIn = this.#builtIns.find((tool) => tool.name === name);
    const spec = this.#options.tools.find((tool) => tool.name === name);
    const declaration = builtIn ?? spec;
    if (!declaration) return failed({ code: "unknown_tool", message: "There is no tool of this name." });
    const checked = checkArguments(declaration, argumentsJson);
    if (!checked.ok) return failed(checked.error);
    if (builtIn) return this.#runBuiltIn(builtIn.name, toolCallId, checked.value);
    const admitted = this.#book.admit(toolCallId);
    if (admitted === "refuse") return failed({ code: "too_many_calls", message: "Too many tools run at once." });
    if (admitted === "wait" && !(await this.#turn(toolCallId))) return callEnded;
    if (admitted === "closed" || !spec) return callEnded;
    try {
      return await this.#post(spec, toolCallId, checked.value);
    } finally {
      const next = this.#book.finish(toolCallId);
      if (next !== undefined) this.#waiting.get(next)?.(true);
    }
  }

  #turn(toolCallId: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.set(toolCallId, (go) => {
        this.#waiting.delete(toolCallId);
        resolve(go);
      });
    });
  }

  /** The schemas have made sure that the arguments are what they are taken for. */
  #runBuiltIn(name: BuiltInToolName, toolCallId: string, args: Readonly<Record<string, unknown>>): Answer | undefined {
    if (this.#closing.signal.aborted) return callEnded;
    switch (name) {
      case "hang_up":
        this.#options.hangUp();
        return { ok: true, output: JSON.stringify({ status: "The call ends once your words were played." }) };
      case "send_dtmf":
        if (this.#options.sendDtmf(String(args.digits)))
          return { ok: true, output: JSON.stringify({ status: "sent" }) };
        return failed({ code: "not_possible", message: "This line cannot send keys." });
      case "transfer_call": {
        const briefing = typeof args.briefing === "string" ? args.briefing : undefined;
        if (this.#options.transfer({ toolCallId, target: String(args.target), briefing })) return undefined;
        return failed({ code: "not_possible", message: "The caller is being put through already." });
      }
    }
  }

  async #post(spec: ToolSpec, toolCallId: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    const { plan, clock, allowPrivate } = this.#options;
    try {
      const response = await guardedFetch(spec.url, {
        method: "POST",
        ...toolRequest(spec, { toolCallId, args }, plan, clock.wall()),
        timeoutMs: Math.min(maxTimeoutMs, Math.max(1, spec.timeoutMs)),
        maxResponseBytes: maxAnswerBytes,
        allowPrivate,
        signal: this.#closing.signal,
      });
      return readAnswer(response);
    } catch (error) {
      return failed(error instanceof GuardedHttpError ? explanations[error.kind] : explanations.network);
    }
  }
}

/** 2xx is the tool's answer, JSON or text; anything else is an error with the start of what was said. */
function readAnswer(response: GuardedResponse): Answer {
  const text = response.text().trim();
  if (response.status >= 200 && response.status < 300) {
    return { ok: true, output: text === "" ? JSON.stringify({ status: "done" }) : text };
  }
  return failed({
    code: "http_status",
    message: `The tool answered with status ${response.status}.`,
    ...(text !== "" && { answer: text.slice(0, maxErrorAnswerChars) }),
  });
}

function failed(error: ToolError): Answer {
  return { ok: false, output: toolErrorOutput(error) };
}

const callEnded = failed({ code: "call_ended", message: "The telephone call has ended." });

const explanations: Readonly<Record<GuardedHttpFault, ToolError>> = {
  "refused-address": { code: "misconfigured_tool", message: "The tool's address is not allowed." },
  "refused-scheme": { code: "misconfigured_tool", message: "The tool's address is not allowed." },
  "too-many-redirects": { code: "misconfigured_tool", message: "The tool's address redirects too often." },
  timeout: { code: "timeout", message: "The tool did not answer in time." },
  "too-large": { code: "answer_too_large", message: "The tool's answer is too large." },
  network: { code: "unreachable", message: "The tool cannot be reached." },
  aborted: { code: "call_ended", message: "The telephone call has ended." },
};

import type { Clock } from "../../../kit/clock.ts";
import type { Logger } from "../../../kit/log.ts";
import { defaultPipelineOptions, type PipelineOptions } from "../pipeline/options.ts";
import { type EarsHint, PartFailure, type PipelineParts } from "../pipeline/parts.ts";
import { Pipeline } from "../pipeline/pipeline.ts";
import type { PartName, PipelineInput, PipelineOrder } from "../pipeline/protocol.ts";
import type { AiOrder, AiSession, AiSessionOptions, AiSink } from "../session.ts";

/**
 * A session made of ears, mind and voice; it owns the parts and closes them. Audio comes out as fast as the voice
 * speaks; the playout paces it. `log` is the call's own.
 */
export function createPipelineSession(
  options: AiSessionOptions,
  parts: PipelineParts,
  sink: AiSink,
  clock: Clock,
  log: Logger,
  behaviour: Partial<PipelineOptions> = {},
): AiSession {
  return new PipelineSession(options, parts, sink, clock, log, { ...defaultPipelineOptions, ...behaviour });
}

type Input = PipelineInput | { readonly type: "timeout" };

/** The shell of the pipeline: performs the core's orders with the parts, one input after the other. */
class PipelineSession implements AiSession {
  readonly capabilities;
  readonly inbound;
  readonly outbound;
  readonly #parts: PipelineParts;
  readonly #sink: AiSink;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #core: Pipeline;
  /** Work under way, by part and number. */
  readonly #work = new Map<string, AbortController>();
  /** Inputs that came while orders were being performed. */
  readonly #inputs: Input[] = [];
  #performing = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt: number | undefined;
  #started = false;
  #closed = false;

  constructor(
    options: AiSessionOptions,
    parts: PipelineParts,
    sink: AiSink,
    clock: Clock,
    log: Logger,
    behaviour: PipelineOptions,
  ) {
    this.#parts = parts;
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
    this.inbound = parts.ears.inbound;
    this.outbound = parts.voice.outbound;
    const deaf = parts.ears.deaf ?? false;
    this.capabilities = { truncation: "real", endsTurns: false, exactSpeech: true, ears: !deaf } as const;
    const { callId, from, to, metadata, instructions, tools, model, language } = options;
    const request = { instructions, tools, model, language, call: { id: callId, from, to, metadata } };
    const answersUnclear = parts.mind.answersUnclear ?? false;
    const { inbound, outbound } = this;
    this.#core = new Pipeline({ inbound, outbound, deaf, answersUnclear, request }, behaviour);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    // Not in the same breath: who starts a session may still be wiring it.
    queueMicrotask(() => this.#bring({ type: "start" }));
  }

  pushCallerAudio(frame: Uint8Array): void {
    if (!this.#closed) this.#core.pushCallerAudio(frame);
  }

  order(order: AiOrder): void {
    this.#bring({ type: "order", order });
  }

  keysExpected(): number | undefined {
    return this.#parts.mind.keysExpected?.();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#inputs.length = 0;
    for (const work of this.#work.values()) work.abort();
    this.#work.clear();
    this.#parts.ears.close();
    this.#parts.mind.close();
    this.#parts.voice.close();
  }

  #bring(input: Input): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    if (this.#performing) return;
    this.#performing = true;
    try {
      for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
        for (const order of this.#core.handle(next, this.#clock.now())) {
          if (this.#closed) return;
          this.#perform(order);
        }
      }
    } finally {
      this.#performing = false;
    }
    this.#setTimer();
  }

  #perform(order: PipelineOrder): void {
    switch (order.type) {
      case "event":
        this.#sink.event(order.event);
        break;
      case "agent-audio":
        this.#sink.agentAudio(order.responseId, order.itemId, order.audio);
        break;
      case "abort":
        this.#work.get(key(order.part, order.number))?.abort();
        this.#work.delete(key(order.part, order.number));
        break;
      case "transcribe":
        this.#run("ears", order.utterance, async (signal) => {
          const hint = this.#hint();
          const { text, usage } = await this.#parts.ears.transcribe(order.audio, { signal, ...(hint && { hint }) });
          return { type: "transcribed", utterance: order.utterance, text, usage };
        });
        break;
      case "ask-mind":
        this.#run("mind", order.question, async (signal) => {
          for await (const piece of this.#parts.mind.respond(order.request, signal)) {
            if (signal.aborted) break;
            this.#bring({ type: "mind-piece", question: order.question, piece });
          }
          return { type: "mind-done", question: order.question };
        });
        break;
      case "speak":
        this.#run("voice", order.speech, async (signal) => {
          for await (const piece of this.#parts.voice.speak(order.text, signal)) {
            if (signal.aborted) break;
            this.#bring({ type: "speech-piece", speech: order.speech, piece });
          }
          return { type: "speech-done", speech: order.speech };
        });
        break;
    }
  }

  #hint(): EarsHint | undefined {
    return this.#parts.mind.hint?.();
  }

  /** Starts a part's work; its end or failure comes back as an input, unless it was aborted. */
  #run(part: PartName, number: number, work: (signal: AbortSignal) => Promise<Input>): void {
    const controller = new AbortController();
    this.#work.set(key(part, number), controller);
    // The part's own code runs after this turn of the loop, so that it cannot call back into the orders being performed.
    void Promise.resolve()
      .then(() => work(controller.signal))
      .catch((error: unknown) => this.#failure(part, number, error))
      .then((input) => {
        if (controller.signal.aborted) return;
        this.#work.delete(key(part, number));
        this.#bring(input);
      })
      .catch((error: unknown) =>
        this.#log.error({ part, err: error }, "a result of the pipeline could not be taken in"),
      );
  }

  #failure(part: PartName, number: number, error: unknown): Input {
    if (error instanceof PartFailure) {
      return { type: "failed", part, number, kind: error.kind, message: error.message };
    }
    // A message of somebody else's making may quote the caller, so it stays out of the events.
    const name = error instanceof Error ? error.name : typeof error;
    this.#log.debug({ part, err: error }, "a part of the pipeline failed");
    return { type: "failed", part, number, kind: "provider", message: `failed (${name})` };
  }

  #setTimer(): void {
    const at = this.#core.deadline;
    if (this.#closed || at === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    if (at === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = undefined;
        this.#bring({ type: "timeout" });
      },
      Math.max(0, Math.ceil(at - this.#clock.now())),
    );
  }
}

function key(part: PartName, number: number): string {
  return `${part}:${number}`;
}

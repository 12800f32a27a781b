import { l16at24k, pcmu8k } from "../../../../src/codecs/format.ts";
import { defaultPipelineOptions, type PipelineOptions } from "../../../../src/media/ai/pipeline/options.ts";
import type { HistoryEntry, MindPiece, SpeechPiece } from "../../../../src/media/ai/pipeline/parts.ts";
import { Pipeline } from "../../../../src/media/ai/pipeline/pipeline.ts";
import type { PartName, PipelineInput, PipelineOrder } from "../../../../src/media/ai/pipeline/protocol.ts";
import type { AiEvent, AiOrder } from "../../../../src/media/ai/session.ts";

/** A pipeline on a virtual clock: every order it gives is kept, in order, as a short line too. */
export class Rig {
  readonly core: Pipeline;
  readonly orders: PipelineOrder[] = [];
  now = 1_000;
  #read = 0;

  constructor(options: Partial<PipelineOptions> = {}, setup: { deaf?: boolean; answersUnclear?: boolean } = {}) {
    const call = { id: "call_1", from: "+15550001", to: "+15550100", metadata: {} };
    const tools = [{ name: "weather", description: "", parameters: { type: "object" } }];
    const request = { instructions: "Be kind.", tools, model: undefined, language: "en", call };
    this.core = new Pipeline(
      { inbound: pcmu8k, outbound: l16at24k, deaf: false, answersUnclear: false, ...setup, request },
      { ...defaultPipelineOptions, ...options },
    );
  }

  input(input: PipelineInput): this {
    this.orders.push(...this.core.handle(input, this.now));
    return this;
  }

  order(order: AiOrder): this {
    return this.input({ type: "order", order });
  }

  /** Time passes; the timeouts the core asked for come on time. */
  wait(ms: number): this {
    const end = this.now + ms;
    for (let at = this.core.deadline; at !== undefined && at <= end; at = this.core.deadline) {
      this.now = Math.max(this.now, at);
      this.orders.push(...this.core.handle({ type: "timeout" }, this.now));
    }
    this.now = end;
    return this;
  }

  audio(ms: number, byte: number): this {
    for (let at = 0; at < ms; at += 20) this.core.pushCallerAudio(new Uint8Array(160).fill(byte));
    return this;
  }

  /** The caller says something and is understood; a reply is asked for. */
  callerTurn(text: string): this {
    this.order({ type: "caller-speech-started" }).audio(200, 1).order({ type: "commit-turn" });
    this.order({ type: "respond", reason: "caller-turn" });
    return this.understood(text);
  }

  understood(text: string): this {
    return this.input({ type: "transcribed", utterance: this.last("transcribe").utterance, text, usage: undefined });
  }

  mind(...pieces: (string | MindPiece)[]): this {
    const { question } = this.last("ask-mind");
    for (const piece of pieces) {
      this.input({
        type: "mind-piece",
        question,
        piece: typeof piece === "string" ? { type: "text", delta: piece } : piece,
      });
    }
    return this;
  }

  mindDone(): this {
    return this.input({ type: "mind-done", question: this.last("ask-mind").question });
  }

  /** The voice speaks the clause of this number (the last one given, without a number): `ms` of audio, then the end. */
  spoken(ms = 1_000, speech = this.last("speak").speech): this {
    return this.speech(ms, speech).input({ type: "speech-done", speech });
  }

  speech(ms: number, speech = this.last("speak").speech, words?: SpeechPiece["words"]): this {
    const piece = { audio: new Uint8Array(ms * 48), ...(words && { words }) };
    return this.input({ type: "speech-piece", speech, piece });
  }

  fails(part: PartName): this {
    const number =
      part === "ears"
        ? this.last("transcribe").utterance
        : part === "mind"
          ? this.last("ask-mind").question
          : this.last("speak").speech;
    return this.input({ type: "failed", part, number, kind: "provider", message: "broke" });
  }

  last<T extends PipelineOrder["type"]>(type: T): Extract<PipelineOrder, { type: T }> {
    const order = this.orders.findLast((one) => one.type === type);
    if (!order) throw new Error(`no ${type} was ordered`);
    return order as Extract<PipelineOrder, { type: T }>;
  }

  events<T extends AiEvent["type"]>(type: T): Extract<AiEvent, { type: T }>[] {
    return this.orders.flatMap((one) =>
      one.type === "event" && one.event.type === type ? [one.event as Extract<AiEvent, { type: T }>] : [],
    );
  }

  /** What the mind was told last, as short lines. */
  told(): string[] {
    return this.last("ask-mind").request.history.map(historyLine);
  }

  /** Orders since the last look, as short lines; audio is summed up in ms. */
  news(): string[] {
    const lines: string[] = [];
    for (const order of this.orders.slice(this.#read)) {
      const line = orderLine(order);
      const before = /^audio (item_\d+) (\d+)$/.exec(lines.at(-1) ?? "");
      const now = /^audio (item_\d+) (\d+)$/.exec(line);
      if (before && now && before[1] === now[1])
        lines[lines.length - 1] = `audio ${now[1]} ${Number(before[2]) + Number(now[2])}`;
      else lines.push(line);
    }
    this.#read = this.orders.length;
    return lines;
  }
}

function historyLine(entry: HistoryEntry): string {
  return entry.role === "tool"
    ? `tool ${entry.toolCallId} ${entry.name}: ${entry.output}`
    : `${entry.role}: ${entry.text}`;
}

function orderLine(order: PipelineOrder): string {
  switch (order.type) {
    case "transcribe":
      return `transcribe ${order.audio.length / 8} ms`;
    case "ask-mind":
      return `ask ${order.request.reason}`;
    case "speak":
      return `speak "${order.text}"`;
    case "abort":
      return `abort ${order.part}`;
    case "agent-audio":
      return `audio ${order.itemId} ${order.audio.length / 48}`;
    case "event":
      return eventLine(order.event);
  }
}

function eventLine(event: AiEvent): string {
  switch (event.type) {
    case "response-started":
      return `started ${event.reason}`;
    case "response-done":
      return `done ${event.status}${event.toolsPending ? " (tools pending)" : ""}`;
    case "agent-text":
      return `text ${event.itemId} "${event.delta}"`;
    case "item-done":
      return `item-done ${event.itemId}`;
    case "caller-transcript":
      return `caller "${event.text}"`;
    case "tool-call":
      return `tool-call ${event.toolCallId} ${event.name}`;
    case "error":
      return `error ${event.kind}${event.fatal ? " fatal" : ""}`;
    default:
      return event.type;
  }
}

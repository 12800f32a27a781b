import { bytesPerMs, pcmu8k } from "../../src/codecs/format.ts";
import type { AiCapabilities } from "../../src/media/ai/session.ts";
import type { CallLeg } from "../../src/media/leg.ts";
import type { AgentSpec, EndCause, Utterance } from "../../src/media/protocol.ts";
import type { AnswerGate } from "../../src/media/talk/answer-gate.ts";
import { Conversation, type ConversationNews, type ConversationPorts } from "../../src/media/talk/conversation.ts";
import { Playout } from "../../src/media/talk/playout.ts";
import { ScriptedAi } from "./scripted-ai.ts";
import { SimulatedCarrier } from "./simulated-carrier.ts";

/** What our VAD's reports lag behind the speech. */
const vadStartLagMs = 60;
const vadStopLagMs = 200;

/** An agent who waits for the caller to speak first; never nudges. */
export const quietAgent: AgentSpec = {
  agentId: "agent_test",
  name: "Test",
  provider: "pipeline",
  model: undefined,
  voice: undefined,
  language: "en",
  instructions: "",
  firstMessage: "",
  tools: [],
  transfers: [],
  turn: { nudgeAfterMs: 0 },
  maxDurationMs: 3_600_000,
  webhook: undefined,
};

/** A whole conversation on a virtual clock of 1 ms steps: a scripted AI on one side, a simulated carrier on the other. */
export class ConversationCall {
  readonly ai: ScriptedAi;
  readonly carrier: SimulatedCarrier;
  readonly conversation: Conversation;
  readonly news: ConversationNews[] = [];
  /** Kinds counted. */
  readonly counts: string[] = [];
  readonly toolsRun: string[] = [];
  ending: { readonly at: number; readonly cause: EndCause; readonly detail: string } | undefined;
  now = 0;
  /** Step of the clock; 20 is a multiple of it. */
  stepMs = 1;
  readonly #playout: Playout;
  #plan: { readonly at: number; readonly work: () => void }[] = [];
  #lastId = 0;

  /** Stands before the conversation on an outgoing call. */
  readonly gate: AnswerGate | undefined;

  constructor(
    agent: Partial<AgentSpec> = {},
    capabilities: Partial<AiCapabilities> = {},
    makeGate?: (conversation: Conversation, ports: ConversationPorts) => AnswerGate,
  ) {
    this.ai = new ScriptedAi(capabilities);
    this.carrier = new SimulatedCarrier(bytesPerMs(pcmu8k));
    this.#playout = new Playout({ format: pcmu8k, marks: true });
    const leg: CallLeg = {
      inbound: pcmu8k,
      outbound: pcmu8k,
      capabilities: { clear: true, marks: true, dtmfOut: false },
      sendAudio: () => true,
      sendMark: () => {},
      clear: () => {},
      sendDtmf: () => false,
      close: () => {},
    };
    const ports: ConversationPorts = {
      leg,
      ai: this.ai,
      playout: this.#playout,
      playoutSink: this.carrier.sink(() => {}),
      report: (news) => {
        this.news.push(news);
        this.gate?.told(news);
      },
      runTool: (toolCallId) => this.toolsRun.push(toolCallId),
      end: (cause, detail) => {
        if (this.ending) return;
        this.ending = { at: this.now, cause, detail };
        this.conversation.closed(this.now);
      },
      count: (kind) => this.counts.push(kind),
      ignored: () => this.counts.push("ignored"),
      makeId: (kind) => `${kind}_${++this.#lastId}`,
    };
    const spec = { ...quietAgent, ...agent, turn: { ...quietAgent.turn, ...agent.turn } };
    this.conversation = new Conversation(spec, ports, 0);
    this.gate = makeGate?.(this.conversation, ports);
    this.ai.attach({
      event: (event) => this.ending ?? this.conversation.aiEvent(event, this.now),
      agentAudio: (responseId, itemId, audio) =>
        this.ending ?? this.conversation.agentAudio(responseId, itemId, audio, this.now),
    });
    this.ai.start();
  }

  /** Plans something for a moment. */
  at(at: number, work: () => void): this {
    this.#plan.push({ at, work });
    this.#plan.sort((a, b) => a.at - b.at);
    return this;
  }

  /** The caller is voiced from `from` to `to`; our ears report both a little later. */
  speech(from: number, to: number): this {
    this.at(from + vadStartLagMs, () => this.conversation.callerSpeechStarted(from, this.now));
    return this.at(to + vadStopLagMs, () => this.conversation.callerSpeechStopped(to, this.now));
  }

  key(at: number, digit: string): this {
    return this.at(at, () => this.conversation.digit(digit, this.now));
  }

  /** Lets time pass up to `end`. */
  until(end: number): this {
    while (this.now < end && !this.ending) {
      this.now += this.stepMs;
      this.ai.now = this.now;
      for (const echo of this.carrier.advance(this.now)) this.conversation.mark(echo.name, this.now);
      for (let next = this.#plan[0]; next && next.at <= this.now && !this.ending; next = this.#plan[0]) {
        this.#plan.shift();
        next.work();
      }
      if (!this.ending) this.ai.advance();
      if (this.now % 20 === 0 && !this.ending) this.gate?.tick(this.now);
      if (this.now % 20 === 0 && !this.ending) this.conversation.tick(this.now);
    }
    return this;
  }

  /** Runs a tool's answer in. */
  answerTool(at: number, toolCallId: string, name = "lookup"): this {
    return this.at(at, () => this.finishTool(toolCallId, name));
  }

  /** A tool's answer is here. */
  finishTool(toolCallId: string, name = "lookup"): void {
    this.conversation.tools.finished(toolCallId, name, { ok: true, output: "{}", durationMs: 1 }, this.now);
  }

  newsOf<Type extends ConversationNews["type"]>(type: Type): Extract<ConversationNews, { type: Type }>[] {
    return this.news.filter((news): news is Extract<ConversationNews, { type: Type }> => news.type === type);
  }

  get utterances(): Utterance[] {
    return this.newsOf("utterance").map(({ utterance }) => utterance);
  }

  /** The transcript as "role: text", interrupted ones with "…". */
  get transcript(): string[] {
    return this.utterances.map(({ role, text, interrupted }) => `${role}: ${text}${interrupted ? "…" : ""}`);
  }

  /** The caller heard all of an item, each byte once and in order, with no other in between. */
  heardWhole(itemId: string): boolean {
    const wanted = this.ai.audio.get(itemId) ?? [];
    const played = this.carrier.playedAll;
    for (let start = played.indexOf(wanted[0] ?? -1); start >= 0; start = played.indexOf(wanted[0] ?? -1, start + 1)) {
      if (wanted.every((byte, at) => played[start + at] === byte)) return true;
    }
    return false;
  }
}

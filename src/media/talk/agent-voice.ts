import { AgentSpeech } from "./agent-speech.ts";
import { AgentTranscript } from "./agent-transcript.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import type { PlayoutNews } from "./playout.ts";

/** The agent's voice on its way from the model to the caller's ear, and what is told of it once it was heard. */
export class AgentVoice {
  /** What the caller heard, and what the model is told of that. */
  readonly transcript: AgentTranscript;
  readonly #parts: ConversationParts;
  readonly #speech: AgentSpeech;

  constructor(parts: ConversationParts, startedAt: number) {
    this.#parts = parts;
    const { ai, leg, playout, makeId } = parts.ports;
    this.#speech = new AgentSpeech(ai, leg, playout);
    this.transcript = new AgentTranscript(ai, playout, { startedAt, makeId: () => makeId("utterance") });
  }

  /** Audio of a reply, in the session's format. */
  audio(responseId: string, itemId: string, audio: Uint8Array, now: number): void {
    const { ports, timer, replies, input } = this.#parts;
    const place = replies.audio(responseId);
    if (place === "unknown") {
      ports.count("late-audio");
      return;
    }
    timer.providerAudio(now);
    if (this.#speech.push(responseId, itemId, audio, now) === "overflow") ports.count("playout-overflow");
    if (place === "first") input({ type: "agent-audio" }, now);
    // What is due goes at once: waiting for the tick would add 10 ms to every answer. RTP has its own clock.
    const { leg, playout, playoutSink } = ports;
    if (leg.capabilities.marks) playout.tick(now, playoutSink);
  }

  /** No more audio will come for this item. */
  itemDone(itemId: string, now: number): void {
    this.#speech.endItem(itemId, now);
  }

  /** No more will come of this reply. `toolsPending`: a tool's result will bring another one. */
  replyDone(responseId: string, completed: boolean, toolsPending: boolean, now: number): void {
    const { replies, initiative, input } = this.#parts;
    this.#speech.endResponse(responseId, completed, now);
    // One that we called off is not known any more.
    if (!replies.done(responseId) || toolsPending) return;
    initiative.announcements.replyFailed(responseId);
    input({ type: "response-failed" }, now);
  }

  /** The model is gone: what has come of the replies under way is all there will be. */
  modelGone(now: number): void {
    const { replies } = this.#parts;
    for (const responseId of replies.open) this.#speech.endResponse(responseId, false, now);
    replies.cancelled();
  }

  /** New words of what is being heard, from time to time. */
  tellPartial(now: number): void {
    const partial = this.transcript.partial(now);
    if (!partial) return;
    const { report } = this.#parts;
    report.tell({ type: "transcript-partial", role: "agent", ...partial, atMs: report.since(now) });
  }

  /** Tells what the playout has found out since. */
  tellNews(): void {
    for (const news of this.#parts.ports.playout.takeNews()) this.#news(news);
  }

  #news(news: PlayoutNews): void {
    const { ports, report, timer, initiative } = this.#parts;
    switch (news.type) {
      case "item-started":
        this.transcript.itemStarted(news.itemId);
        initiative.replyHeard(news.responseId);
        report.turn(timer.firstFrameOnWire(news.atMs));
        break;
      case "item-heard": {
        const utterance = this.transcript.itemHeard(news);
        if (utterance) report.tell({ type: "utterance", utterance });
        break;
      }
      case "underrun":
        ports.count("underrun");
        break;
      case "starved":
        ports.count("provider-starved");
        break;
      case "response-heard":
        break;
    }
  }
}

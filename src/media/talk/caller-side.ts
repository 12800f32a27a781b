import { CallerUtterances } from "./caller-utterances.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { DtmfTurn } from "./dtmf-turn.ts";
import { isEchoOfAgent } from "./echo-guard.ts";

/** What the agent has said, as far as the caller's words depend on it. */
export interface AgentWords {
  /** Its last words, those of the moment too; private. */
  recentText(): string;
  /** Tells what was heard of it so far. */
  tell(): void;
}

const timeoutInput = { type: "timeout" } as const;

/** What the caller does while the agent hears him: speech by our own ears, words by the model's, keys. */
export class CallerSide {
  /** When the caller spoke, and which words belong there. */
  readonly utterances: CallerUtterances;
  readonly #parts: ConversationParts;
  readonly #agent: AgentWords;
  readonly #keys: DtmfTurn;
  #firstKeyAt: number | undefined;

  constructor(parts: ConversationParts, agent: AgentWords, startedAt: number) {
    this.#parts = parts;
    this.#agent = agent;
    this.utterances = new CallerUtterances(startedAt, () => parts.ports.makeId("utterance"));
    this.#keys = new DtmfTurn({ interDigitTimeoutMs: parts.options.dtmfTimeoutMs });
  }

  /** By our own ears. */
  speechStarted(onsetAt: number, now: number): void {
    const { ports, initiative, input } = this.#parts;
    this.utterances.speechStarted(onsetAt);
    initiative.callerActive(now);
    ports.ai.order({ type: "caller-speech-started" });
    input({ type: "caller-speech-started", onsetAtMs: onsetAt }, now);
  }

  /** By our own ears. */
  speechStopped(lastVoicedAt: number, now: number): void {
    const { initiative, input } = this.#parts;
    this.utterances.speechStopped(lastVoicedAt);
    initiative.callerActive(now);
    input({ type: "caller-speech-stopped", lastVoicedAtMs: lastVoicedAt }, now);
  }

  key(digit: string, now: number): void {
    const { ports, options, initiative, callerTookFloor, input } = this.#parts;
    if (this.#keys.belated(digit, now)) return;
    callerTookFloor(now);
    initiative.callerActive(now);
    this.#firstKeyAt ??= now;
    input({ type: "dtmf-barge-in" }, now);
    const maxDigits = ports.ai.keysExpected?.() ?? options.dtmfMaxDigits;
    for (const order of this.#keys.handle({ type: "digit", digit, maxDigits }, now)) this.#keysDone(order.digits, now);
  }

  /** Once every 20 ms. */
  tick(now: number): void {
    if (this.#keys.deadline === undefined || this.#keys.deadline > now) return;
    for (const order of this.#keys.handle(timeoutInput, now)) this.#keysDone(order.digits, now);
  }

  /** Words by the model's ears; those that are not final replace the ones of the same item before. */
  words(itemId: string, text: string, final: boolean, now: number): void {
    const { ports, report, input } = this.#parts;
    const late = this.utterances.isCommitted(itemId);
    const spokenAtMs = this.utterances.spokenAt(itemId);
    // The network returns our own voice; its words are not the caller's.
    const echo = text !== "" && isEchoOfAgent(text, this.#agent.recentText());
    if (echo) ports.count("echo-transcript");
    if (echo && !final) return;
    const words = echo ? "" : text;
    const utteranceId = this.utterances.utteranceId(itemId);
    const utterance = final ? this.utterances.final(itemId, words, now) : undefined;
    input({ type: "words", text: words, final, late, spokenAtMs }, now);
    // What the agent said before these words is told before them.
    this.#agent.tell();
    if (utterance) report.tell({ type: "utterance", utterance });
    if (final) return;
    report.tell({ type: "transcript-partial", role: "caller", utteranceId, text, atMs: report.since(now) });
  }

  #keysDone(digits: string, now: number): void {
    const { ports, report, input } = this.#parts;
    report.tell({ type: "utterance", utterance: this.utterances.keys(digits, this.#firstKeyAt ?? now, now) });
    this.#firstKeyAt = undefined;
    ports.ai.order({ type: "add-text", role: "caller", text: `[keys] ${digits}` });
    input({ type: "dtmf-turn" }, now);
  }
}

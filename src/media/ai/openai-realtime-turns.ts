import type { AudioStretch } from "./openai-realtime-caller-audio.ts";
import { CallerAudio } from "./openai-realtime-caller-audio.ts";
import type { HeardHistory } from "./openai-realtime-history.ts";
import type { OpenAiRealtimeOptions, RealtimeTuning } from "./openai-realtime-options.ts";
import type { RealtimeOutbox } from "./openai-realtime-outbox.ts";
import { modelFormat } from "./openai-realtime-session-config.ts";
import { CallerTranscripts } from "./openai-realtime-transcripts.ts";
import type { AiUsage } from "./session.ts";

/** The caller's turn that was committed last: where its audio begins, and whether a reply came. */
interface LastTurn {
  readonly from: number;
  itemId: string;
  answered: boolean;
}

/** The caller's half of a session: the audio buffer, who ends turns, and what was understood. */
export class CallerTurns {
  readonly audio: CallerAudio;
  readonly #outbox: RealtimeOutbox;
  readonly #history: HeardHistory;
  readonly #tuning: RealtimeTuning;
  readonly #serverEnds: boolean;
  readonly #transcripts = new CallerTranscripts();
  #serverTurn: "none" | "speaking" | "committed" = "none";
  #lastTurn: LastTurn | undefined;

  constructor(options: OpenAiRealtimeOptions, tuning: RealtimeTuning, outbox: RealtimeOutbox, history: HeardHistory) {
    this.audio = new CallerAudio(modelFormat(options.legFormat), tuning);
    this.#tuning = tuning;
    this.#outbox = outbox;
    this.#history = history;
    this.#serverEnds = options.turnDetection === "provider";
  }

  /** When the server's buffer wants clearing. With server VAD the server looks after it. */
  get deadline(): number | undefined {
    return this.#serverEnds ? undefined : this.audio.idleClearAt;
  }

  timeout(now: number): void {
    if (this.deadline === undefined || now < this.deadline) return;
    this.#outbox.send({ type: "input_audio_buffer.clear", event_id: this.#outbox.eventId("clear") });
    this.#append(this.audio.clear(now));
  }

  /** The conversation ends the caller's turn. */
  commit(now: number): void {
    // Server VAD commits what it hears; we commit only a turn it has not ended, or has not heard.
    const serverTurn = this.#serverTurn;
    if (this.#serverEnds && this.#outbox.live) {
      this.#serverTurn = "none";
      if (serverTurn === "committed" || (serverTurn === "none" && !this.audio.speechOpen)) return;
    }
    if (this.audio.uncommittedMs >= this.#tuning.minCommitMs) {
      this.#lastTurn = { from: this.audio.turnFrom, itemId: "", answered: false };
    }
    if (this.audio.commit(now)) this.#sendCommit();
  }

  /** What was said since the last turn was none: the server forgets it. With server VAD the server judges by itself. */
  discard(now: number): void {
    if (this.#serverEnds || !this.audio.discard(now)) return;
    this.#outbox.send({ type: "input_audio_buffer.clear", event_id: this.#outbox.eventId("clear") });
  }

  /** The server's ears, where they are asked. */
  serverHears(type: "speech-started" | "speech-stopped", now: number): void {
    if (!this.#serverEnds) return;
    if (type === "speech-started") {
      this.#serverTurn = "speaking";
      this.audio.speechStarted(now);
      this.#outbox.report({ type: "turn-started" });
      return;
    }
    // We ended this turn before the server did.
    if (this.#serverTurn !== "speaking") return;
    // The server commits in the same moment, so from here on there is nothing left for us to commit.
    this.#serverTurn = "committed";
    this.#lastTurn = { from: this.audio.turnFrom, itemId: "", answered: false };
    this.audio.committedByServer(now);
    this.#outbox.report({ type: "turn-ended" });
  }

  committed(itemId: string): void {
    if (this.#lastTurn?.itemId === "") this.#lastTurn.itemId = itemId;
    this.#history.place("caller", itemId);
  }

  partialText(itemId: string, piece: string, replace: boolean): void {
    const text = this.#transcripts.partial(itemId, piece, replace);
    if (text) this.#outbox.report({ type: "caller-transcript", ...text });
  }

  finalText(itemId: string, whole: string, usage: Partial<AiUsage>): void {
    const text = this.#transcripts.final(itemId, whole);
    if (!text) return;
    this.#history.fill("caller", itemId, text.text);
    this.#outbox.report({ type: "caller-transcript", ...text });
    if (Object.keys(usage).length > 0) this.#outbox.report({ type: "usage", usage });
  }

  /** A reply to the last turn was heard, or came to its end. */
  answered(): void {
    if (this.#lastTurn) this.#lastTurn.answered = true;
  }

  /** A session is ready: what was kept goes out, cut where turns ended. */
  resume(now: number): void {
    for (const stretch of this.audio.resume(now)) this.#append(stretch);
    const droppedMs = this.audio.takeDroppedMs();
    if (droppedMs > 0) this.#outbox.trouble("overflow", `${droppedMs} ms of caller audio were lost while connecting`);
  }

  /** The session is gone. A turn without reply whose words are not known is said again on the next one. */
  suspend(): void {
    const turn = this.#lastTurn;
    const unanswered = turn && !turn.answered && !this.#history.knows("caller", turn.itemId);
    this.audio.suspend(unanswered ? turn.from : undefined);
    // Said again, it becomes another item.
    if (unanswered) turn.itemId = "";
    this.#serverTurn = "none";
  }

  #append(stretch: AudioStretch): void {
    if (stretch.to > stretch.from) this.#outbox.put({ type: "append", from: stretch.from, to: stretch.to });
    if (stretch.commit) this.#sendCommit();
  }

  #sendCommit(): void {
    this.#outbox.send({ type: "input_audio_buffer.commit", event_id: this.#outbox.eventId("commit") });
  }
}

import type { AudioFormat } from "../../src/codecs/format.ts";
import { bytesPerMs } from "../../src/codecs/format.ts";
import type { SimConversation } from "./realtime-server-conversation.ts";
import { renderItem } from "./realtime-server-conversation.ts";
import type { AudioArrival, RealtimeServerOptions, SimItem, SimSessionView } from "./realtime-server-options.ts";
import type { Fields } from "./realtime-server-records.ts";
import { fields, keep } from "./realtime-server-records.ts";
import type { VadSettings } from "./realtime-server-vad.ts";
import { EnergyVad } from "./realtime-server-vad.ts";

/** What the ears need of their session. */
export interface EarsHost {
  readonly conversation: SimConversation;
  format(): AudioFormat;
  /** `session.audio.input` as configured. */
  input(): Fields;
  send(event: Readonly<Fields>): void;
  later(ms: number, act: () => void): void;
  /** The caller speaks over the reply, and the session wants it interrupted. */
  interrupt(): void;
  /** The turn is over, and the session wants a reply without being asked. */
  respond(): void;
}

/** Shorter commits are refused. */
const minCommitMs = 100;

function vadSettings(detection: Fields): VadSettings {
  return {
    threshold: Number(detection.threshold ?? 0.5),
    prefixPaddingMs: Number(detection.prefix_padding_ms ?? 300),
    silenceDurationMs: Number(detection.silence_duration_ms ?? 500),
  };
}

/** The input side of a simulated session: the audio buffer, server VAD, commits and transcripts. */
export class SimEars {
  readonly arrivals: AudioArrival[] = [];
  readonly #options: RealtimeServerOptions;
  readonly #session: SimSessionView;
  readonly #host: EarsHost;
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #bufferBytes = 0;
  #turnCount = 0;
  #speechItemId = "";
  #vad: EnergyVad | undefined;
  totalBytes = 0;
  commits = 0;
  clears = 0;

  constructor(options: RealtimeServerOptions, session: SimSessionView, host: EarsHost) {
    this.#options = options;
    this.#session = session;
    this.#host = host;
  }

  get bufferMs(): number {
    return Math.floor(this.#bufferBytes / bytesPerMs(this.#host.format()));
  }

  kept(): Uint8Array {
    return Buffer.concat(this.#kept);
  }

  /** Format or detection may be others now. */
  reconfigured(): void {
    this.#vad = undefined;
  }

  append(audio: Uint8Array, receivedAt: number): void {
    this.#options.onCallerAudio(this.#session, audio, receivedAt);
    keep(this.arrivals, { receivedAt, sizeBytes: audio.length });
    if (this.#keptBytes + audio.length <= this.#options.maxKeptAudioBytes) {
      this.#kept.push(audio);
      this.#keptBytes += audio.length;
    }
    const format = this.#host.format();
    const startMs = this.totalBytes / bytesPerMs(format);
    this.#bufferBytes += audio.length;
    this.totalBytes += audio.length;
    const detection = this.#host.input().turn_detection;
    if (detection === null) return;
    this.#vad ??= new EnergyVad(format, startMs);
    this.#detect(this.#vad, audio, fields(detection));
  }

  #detect(vad: EnergyVad, audio: Uint8Array, detection: Fields): void {
    for (const news of vad.push(audio, vadSettings(detection))) {
      if (news.type === "started") {
        this.#speechItemId = this.#host.conversation.nextId();
        const about = { audio_start_ms: Math.round(news.audioStartMs), item_id: this.#speechItemId };
        this.#host.send({ type: "input_audio_buffer.speech_started", ...about });
        if (detection.interrupt_response !== false) this.#host.interrupt();
      } else {
        const about = { audio_end_ms: Math.round(news.audioEndMs), item_id: this.#speechItemId };
        this.#host.send({ type: "input_audio_buffer.speech_stopped", ...about });
        this.commit();
        if (detection.create_response !== false) this.#host.respond();
      }
    }
  }

  clear(): void {
    this.clears++;
    this.#bufferBytes = 0;
    this.#vad?.reset();
    this.#host.send({ type: "input_audio_buffer.cleared" });
  }

  /** Makes the buffer a user item; false when it holds less than 100 ms. */
  commit(): boolean {
    const audioMs = this.bufferMs;
    if (audioMs < minCommitMs) return false;
    this.commits++;
    const { conversation } = this.#host;
    const previous = conversation.lastId;
    const id = this.#speechItemId || conversation.nextId();
    this.#speechItemId = "";
    this.#bufferBytes = 0;
    this.#vad?.reset();
    const item = conversation.add({ id, type: "message", role: "user", audioMs });
    const heard = this.#options.transcripts(this.#turnCount++);
    item.text = heard ?? "";
    this.#host.send({ type: "input_audio_buffer.committed", item_id: id, previous_item_id: previous });
    for (const step of ["added", "done"]) {
      this.#host.send({ type: `conversation.item.${step}`, previous_item_id: previous, item: renderItem(item) });
    }
    if (typeof fields(this.#host.input().transcription).model === "string") this.#transcribe(item, heard, audioMs);
    return true;
  }

  #transcribe(item: SimItem, heard: string | undefined, audioMs: number): void {
    const about = { item_id: item.id, content_index: 0 };
    const base = "conversation.item.input_audio_transcription";
    const { transcriptDelayMs, cumulativeTranscripts } = this.#options;
    if (heard === undefined) {
      const error = { type: "transcription_error", code: "audio_unintelligible", message: "Nothing understood." };
      this.#host.later(transcriptDelayMs, () => this.#host.send({ type: `${base}.failed`, ...about, error }));
      return;
    }
    const words = heard.split(/(?<= )/).filter((word) => word !== "");
    const pauseMs = transcriptDelayMs / (words.length + 1);
    // One timer after the other: timers set together may ring out of order.
    const say = (index: number): void => {
      if (index === words.length) {
        const usage = { type: "duration", seconds: audioMs / 1000 };
        this.#host.send({ type: `${base}.completed`, ...about, transcript: heard, usage });
        return;
      }
      const delta = cumulativeTranscripts ? words.slice(0, index + 1).join("") : words[index];
      this.#host.send({ type: `${base}.delta`, ...about, delta });
      this.#host.later(pauseMs, () => say(index + 1));
    };
    this.#host.later(pauseMs, () => say(0));
  }
}

import type { WebSocket } from "ws";
import type { AudioFormat } from "../../src/codecs/format.ts";
import { bytesPerMs, l16at24k } from "../../src/codecs/format.ts";
import { namedFormat, voiceLoop } from "./realtime-server-audio.ts";
import { renderItem, SimConversation } from "./realtime-server-conversation.ts";
import type {
  RealtimeServerOptions,
  ReceivedEvent,
  SimFaults,
  SimItem,
  SimReply,
  SimSessionView,
  SimTruncation,
} from "./realtime-server-options.ts";
import { ResponseRun } from "./realtime-server-response.ts";
import { checkClientEvent } from "./realtime-server-schema.ts";
import { EnergyVad } from "./realtime-server-vad.ts";

type Fields = Record<string, unknown>;

const maxRecords = 20_000;
const minCommitMs = 100;
const sayPrefix = "Say exactly: ";

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function keep<T>(list: T[], entry: T): void {
  if (list.length < maxRecords) list.push(entry);
}

/** Fields present replace, objects merge, as `session.update` does; `turn_detection` and `format` are replaced whole. */
function merge(target: Fields, source: Fields): Fields {
  const merged: Fields = { ...target };
  for (const [name, value] of Object.entries(source)) {
    const whole = name === "turn_detection" || name === "format" || name === "transcription";
    const nested = !whole && typeof value === "object" && value !== null && !Array.isArray(value);
    merged[name] = nested ? merge(fields(merged[name]), fields(value)) : value;
  }
  return merged;
}

/** One socket's session: the GA protocol from the server's side. */
export class SimSession implements SimSessionView {
  readonly index: number;
  readonly model: string;
  readonly received: ReceivedEvent[] = [];
  readonly sent: string[] = [];
  readonly errors: string[] = [];
  readonly callerAudioArrivals: { receivedAt: number; sizeBytes: number }[] = [];
  readonly #talk: SimConversation;
  readonly #options: RealtimeServerOptions;
  readonly #faults: SimFaults;
  readonly #socket: WebSocket;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #config: Fields;
  #eventCount = 0;
  #sentCount = 0;
  #responseCount = 0;
  #callCount = 0;
  #turnCount = 0;
  #replyCount = 0;
  #configured = false;
  #refusedOnce = false;
  #bufferBytes = 0;
  #totalBytes = 0;
  #speechItemId = "";
  #vad: EnergyVad | undefined;
  #active: ResponseRun | undefined;
  commits = 0;
  clears = 0;
  closedWith: number | undefined;

  constructor(options: RealtimeServerOptions, socket: WebSocket, index: number, model: string) {
    this.index = index;
    this.model = model;
    this.#options = options;
    this.#faults = options.faults(index);
    this.#socket = socket;
    this.#talk = new SimConversation(`s${index}`);
    const format = { type: "audio/pcm", rate: 24000 };
    this.#config = {
      type: "realtime",
      object: "realtime.session",
      id: `sess_${index}`,
      model,
      output_modalities: ["audio"],
      instructions: "",
      audio: {
        input: {
          format,
          noise_reduction: null,
          transcription: null,
          turn_detection: {
            type: "server_vad",
            threshold: 0.5,
            prefix_padding_ms: 300,
            silence_duration_ms: 500,
            create_response: true,
            interrupt_response: true,
          },
        },
        output: { format, voice: "alloy", speed: 1 },
      },
      tools: [],
      tool_choice: "auto",
      max_output_tokens: "inf",
      truncation: "auto",
      expires_at: Math.floor((Date.now() + options.sessionLifeMs) / 1000),
    };
  }

  get config(): Readonly<Record<string, unknown>> {
    return this.#config;
  }

  get conversation(): readonly SimItem[] {
    return this.#talk.items;
  }

  get truncations(): readonly SimTruncation[] {
    return this.#talk.truncations;
  }

  get callerAudioBytes(): number {
    return this.#totalBytes;
  }

  callerAudio(): Uint8Array {
    return Buffer.concat(this.#kept);
  }

  start(): void {
    const { dropSocket, expireAfterMs } = this.#faults;
    if (dropSocket?.afterMs !== undefined) this.#later(dropSocket.afterMs, () => this.#drop(dropSocket.code));
    if (expireAfterMs !== undefined) this.#later(expireAfterMs, () => this.#expire());
    this.#send({ type: "session.created", session: this.#config });
  }

  closed(code: number): void {
    this.closedWith ??= code;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#active?.stop();
  }

  message(data: Buffer, isBinary: boolean, receivedAt: number): void {
    let value: unknown;
    try {
      value = isBinary ? undefined : JSON.parse(data.toString("utf8"));
    } catch {
      value = undefined;
    }
    const event = fields(value);
    const eventId = typeof event.event_id === "string" ? event.event_id : null;
    if (event.type !== "input_audio_buffer.append") keep(this.received, { receivedAt, event });
    const refusal = value === undefined ? undefined : checkClientEvent(value, "");
    if (value === undefined) this.#error("invalid_json", "The message is not a JSON text.", null, eventId);
    else if (refusal) this.#error(refusal.code, refusal.message, refusal.param, eventId);
    else this.#clientEvent(event, eventId, receivedAt);
  }

  // Sending.

  #send(event: Readonly<Fields>): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#eventCount++;
    const { type, ...rest } = event;
    if (type !== "response.output_audio.delta") keep(this.sent, String(type));
    // The hosted service writes the ids first, and so does the simulator.
    this.#socket.send(JSON.stringify({ type, event_id: `event_s${this.index}_${this.#eventCount}`, ...rest }));
    this.#afterSending();
  }

  #afterSending(): void {
    this.#sentCount++;
    const { dropSocket, errorEvent } = this.#faults;
    if (dropSocket?.afterServerEvents === this.#sentCount) this.#drop(dropSocket.code);
    if (errorEvent?.afterServerEvents === this.#sentCount) {
      this.#error(errorEvent.code, "An injected error.", null, null);
    }
  }

  #error(code: string, message: string, param: string | null, eventId: string | null): void {
    keep(this.errors, code);
    const type = code === "server_error" ? "server_error" : "invalid_request_error";
    this.#send({ type: "error", error: { type, code, message, param, event_id: eventId } });
  }

  #drop(code: number): void {
    this.closedWith ??= code;
    if (code === 1006) this.#socket.terminate();
    else this.#socket.close(code, "injected");
  }

  #expire(): void {
    this.#error("session_expired", "Your session hit its maximum duration.", null, null);
    this.#drop(1001);
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  // Client events.

  #clientEvent(event: Fields, eventId: string | null, receivedAt: number): void {
    switch (event.type) {
      case "session.update":
        this.#update(fields(event.session), eventId);
        break;
      case "input_audio_buffer.append":
        this.#append(Buffer.from(String(event.audio), "base64"), receivedAt);
        break;
      case "input_audio_buffer.commit":
        if (this.#bufferMs < minCommitMs) {
          const message = `Error committing input audio buffer: buffer too small, ${this.#bufferMs} ms.`;
          this.#error("input_audio_buffer_commit_empty", message, null, eventId);
        } else this.#commit();
        break;
      case "input_audio_buffer.clear":
        this.clears++;
        this.#bufferBytes = 0;
        this.#vad?.reset();
        this.#send({ type: "input_audio_buffer.cleared" });
        break;
      case "conversation.item.create":
        this.#createItem(fields(event.item), eventId);
        break;
      case "conversation.item.retrieve": {
        const item = this.#talk.find(event.item_id);
        if (item) this.#send({ type: "conversation.item.retrieved", item: renderItem(item) });
        else this.#error("item_retrieve_invalid_item_id", "No such item.", "item_id", eventId);
        break;
      }
      case "conversation.item.delete":
        if (this.#talk.delete(String(event.item_id))) {
          this.#send({ type: "conversation.item.deleted", item_id: event.item_id });
        } else this.#error("item_delete_invalid_item_id", "No such item.", "item_id", eventId);
        break;
      case "conversation.item.truncate":
        this.#truncate(String(event.item_id), Number(event.audio_end_ms), eventId);
        break;
      case "response.create":
        this.#createResponse(fields(event.response), eventId);
        break;
      case "response.cancel":
        this.#cancel(event.response_id, eventId);
        break;
    }
  }

  #update(update: Fields, eventId: string | null): void {
    if (update.model !== undefined && update.model !== this.model) {
      this.#error("invalid_value", "The model cannot be changed.", "session.model", eventId);
      return;
    }
    const voice = fields(fields(update.audio).output).voice;
    const oldVoice = fields(fields(this.#config.audio).output).voice;
    if (
      voice !== undefined &&
      voice !== oldVoice &&
      this.#talk.items.some((item) => item.audioMs > 0 && item.role === "assistant")
    ) {
      const message = "Cannot update a conversation's voice if assistant audio is present.";
      this.#error("cannot_update_voice", message, "session.audio.output.voice", eventId);
      return;
    }
    this.#config = merge(this.#config, update);
    this.#vad = undefined;
    // Made now, so that the first reply does not wait for it.
    voiceLoop(this.#options.voice, this.#format("output"));
    this.#later(this.#faults.sessionUpdatedDelayMs ?? 0, () => this.#confirm());
  }

  #confirm(): void {
    const { announceFormat, garbage, hugeMessageBytes } = this.#faults;
    const announced = { type: announceFormat, ...(announceFormat === "audio/pcm" && { rate: 24000 }) };
    const audio = { input: { format: announced }, output: { format: announced } };
    const session = announceFormat === undefined ? this.#config : merge(this.#config, { audio });
    this.#send({ type: "session.updated", session });
    if (this.#configured) return;
    this.#configured = true;
    if (garbage) {
      const nonsense = [
        '{"type":',
        "null",
        "[]",
        "42",
        '{"type":7}',
        '{"type":"response.output_audio.delta"}',
        "\u0000",
        "[",
      ];
      for (const message of nonsense) this.#socket.send(message);
      this.#socket.send(Buffer.from([0, 1, 2]));
      this.#socket.send(`${'{"type":"x","a":'.repeat(500)}1${"}".repeat(500)}`);
    }
    if (hugeMessageBytes !== undefined) {
      this.#socket.send(`{"type":"response.unheard_of","pad":"${"x".repeat(hugeMessageBytes)}"}`);
    }
  }

  // The caller's audio.

  #format(side: "input" | "output"): AudioFormat {
    return namedFormat(fields(fields(fields(this.#config.audio)[side]).format).type) ?? l16at24k;
  }

  get #bufferMs(): number {
    return Math.floor(this.#bufferBytes / bytesPerMs(this.#format("input")));
  }

  #append(audio: Buffer, receivedAt: number): void {
    this.#options.onCallerAudio(this, audio, receivedAt);
    keep(this.callerAudioArrivals, { receivedAt, sizeBytes: audio.length });
    if (this.#keptBytes + audio.length <= this.#options.maxKeptAudioBytes) {
      this.#kept.push(audio);
      this.#keptBytes += audio.length;
    }
    const format = this.#format("input");
    const startMs = this.#totalBytes / bytesPerMs(format);
    this.#bufferBytes += audio.length;
    this.#totalBytes += audio.length;
    const detection = fields(fields(this.#config.audio).input).turn_detection;
    if (detection === null) return;
    const settings = fields(detection);
    this.#vad ??= new EnergyVad(format, startMs);
    const news = this.#vad.push(audio, {
      threshold: Number(settings.threshold ?? 0.5),
      prefixPaddingMs: Number(settings.prefix_padding_ms ?? 300),
      silenceDurationMs: Number(settings.silence_duration_ms ?? 500),
    });
    for (const one of news) {
      if (one.type === "started") {
        this.#speechItemId = this.#talk.nextId();
        const audioStartMs = Math.round(one.audioStartMs);
        this.#send({
          type: "input_audio_buffer.speech_started",
          audio_start_ms: audioStartMs,
          item_id: this.#speechItemId,
        });
        if (settings.interrupt_response !== false) this.#active?.cancel("turn_detected", 0, true);
      } else {
        this.#send({
          type: "input_audio_buffer.speech_stopped",
          audio_end_ms: Math.round(one.audioEndMs),
          item_id: this.#speechItemId,
        });
        this.#commit();
        if (settings.create_response !== false && !this.#active) this.#startResponse({});
      }
    }
  }

  #commit(): void {
    this.commits++;
    const previous = this.#talk.lastId;
    const audioMs = this.#bufferMs;
    const id = this.#speechItemId || this.#talk.nextId();
    this.#speechItemId = "";
    this.#bufferBytes = 0;
    this.#vad?.reset();
    const item = this.#talk.add({ id, type: "message", role: "user", audioMs });
    this.#send({ type: "input_audio_buffer.committed", item_id: id, previous_item_id: previous });
    this.#send({ type: "conversation.item.added", previous_item_id: previous, item: renderItem(item) });
    this.#send({ type: "conversation.item.done", previous_item_id: previous, item: renderItem(item) });
    const turn = this.#turnCount++;
    const heard = this.#options.transcripts(turn);
    item.text = heard ?? "";
    const transcribes = typeof fields(fields(fields(this.#config.audio).input).transcription).model === "string";
    if (transcribes) this.#transcribe(item, heard, audioMs);
  }

  #transcribe(item: SimItem, heard: string | undefined, audioMs: number): void {
    const about = { item_id: item.id, content_index: 0 };
    const base = "conversation.item.input_audio_transcription";
    const { transcriptDelayMs, cumulativeTranscripts } = this.#options;
    if (heard === undefined) {
      const error = { type: "transcription_error", code: "audio_unintelligible", message: "Nothing understood." };
      this.#later(transcriptDelayMs, () => this.#send({ ...about, type: `${base}.failed`, error }));
      return;
    }
    const words = heard.split(/(?<= )/).filter((word) => word !== "");
    for (const [index, word] of words.entries()) {
      const delta = cumulativeTranscripts ? words.slice(0, index + 1).join("") : word;
      this.#later((transcriptDelayMs * (index + 1)) / (words.length + 1), () => {
        this.#send({ ...about, type: `${base}.delta`, delta });
      });
    }
    const usage = { type: "duration", seconds: audioMs / 1000 };
    this.#later(transcriptDelayMs, () => {
      this.#send({ ...about, type: `${base}.completed`, transcript: heard, usage });
    });
  }

  // Items and responses.

  #createItem(item: Fields, eventId: string | null): void {
    const previous = this.#talk.lastId;
    const made = this.#talk.create(item);
    if ("code" in made) {
      this.#error(made.code, made.message, made.param, eventId);
      return;
    }
    this.#send({ type: "conversation.item.added", previous_item_id: previous, item: renderItem(made) });
    this.#send({ type: "conversation.item.done", previous_item_id: previous, item: renderItem(made) });
  }

  #truncate(itemId: string, audioEndMs: number, eventId: string | null): void {
    const made = this.#talk.truncate(itemId, audioEndMs);
    if ("code" in made) this.#error(made.code, made.message, made.param, eventId);
    else if (!this.#faults.noTruncateAck) {
      const about = { item_id: itemId, content_index: 0, audio_end_ms: audioEndMs };
      this.#send({ type: "conversation.item.truncated", ...about });
    }
  }

  #createResponse(params: Fields, eventId: string | null): void {
    const refused = this.#faults.refuseFirstCreate === true && !this.#refusedOnce;
    if (this.#active || refused) {
      this.#refusedOnce = true;
      const message = "Conversation already has an active response in progress.";
      this.#error("conversation_already_has_active_response", message, null, eventId);
      return;
    }
    this.#startResponse(params);
  }

  #startResponse(params: Fields): void {
    const format = this.#format("output");
    const history = this.#talk.items;
    this.#responseCount++;
    this.#active = new ResponseRun(
      {
        responseId: `resp_s${this.index}_${this.#responseCount}`,
        reply: this.#reply(params),
        metadata: params.metadata,
        loop: voiceLoop(this.#options.voice, format),
        format,
        firstAudioDelayMs: this.#options.firstAudioDelayMs,
        deltaMs: this.#options.deltaMs,
        realTimeFactor: this.#options.realTimeFactor,
        inputTextTokens: history.reduce((sum, item) => sum + Math.ceil(item.text.length / 4), 0),
        inputAudioTokens: history.reduce((sum, item) => sum + Math.ceil(item.audioMs / 100), 0),
      },
      {
        conversation: this.#talk,
        send: (event) => this.#send(event),
        sendAudio: (event, audio) => {
          this.#options.onAgentAudio(this, audio, performance.now());
          this.#send({ ...event, delta: audio.toString("base64") });
        },
        nextCallId: () => {
          this.#callCount++;
          return `call_s${this.index}_${this.#callCount}`;
        },
        over: (run) => {
          if (this.#active === run) this.#active = undefined;
        },
      },
    );
    this.#active.start();
  }

  #reply(params: Fields): SimReply {
    const { instructions } = params;
    if (typeof instructions === "string" && instructions.startsWith(sayPrefix)) {
      return { text: instructions.slice(sayPrefix.length) };
    }
    return this.#options.replies(this.#replyCount++, this.#talk.items);
  }

  #cancel(responseId: unknown, eventId: string | null): void {
    const run = this.#active;
    if (!run || (responseId !== undefined && responseId !== run.id)) {
      const message = "Cancellation failed: no active response found";
      this.#error("response_cancel_not_active", message, null, eventId);
      return;
    }
    run.cancel("client_cancelled", this.#faults.lateDeltasAfterCancel ?? 0, !this.#faults.noDoneAfterCancel);
  }
}

import type { WebSocket } from "ws";
import type { AudioFormat } from "../../src/codecs/format.ts";
import { l16at24k } from "../../src/codecs/format.ts";
import { namedFormat, voiceLoop } from "./realtime-server-audio.ts";
import { checkBetaEvent, readBetaEvent } from "./realtime-server-beta.ts";
import { defaultConfig, mergeConfig } from "./realtime-server-config.ts";
import { renderItem, SimConversation } from "./realtime-server-conversation.ts";
import { SimEars } from "./realtime-server-ears.ts";
import type {
  AudioArrival,
  RealtimeServerOptions,
  ReceivedEvent,
  SimFaults,
  SimItem,
  SimReply,
  SimSessionView,
  SimTruncation,
} from "./realtime-server-options.ts";
import type { Fields } from "./realtime-server-records.ts";
import { fields, keep } from "./realtime-server-records.ts";
import { ResponseRun } from "./realtime-server-response.ts";
import { checkClientEvent } from "./realtime-server-schema.ts";
import { SimWire } from "./realtime-server-wire.ts";

const sayPrefix = "Say exactly: ";

/** One socket's session: the protocol from the server's side; in beta it is translated at the wire. */
export class SimSession implements SimSessionView {
  readonly index: number;
  readonly model: string;
  readonly received: ReceivedEvent[] = [];
  readonly #talk: SimConversation;
  readonly #options: RealtimeServerOptions;
  readonly #faults: SimFaults;
  readonly #wire: SimWire;
  readonly #ears: SimEars;
  #config: Fields;
  #responseCount = 0;
  #callCount = 0;
  #replyCount = 0;
  #configured = false;
  #refusedOnce = false;
  #active: ResponseRun | undefined;

  constructor(options: RealtimeServerOptions, socket: WebSocket, index: number, model: string) {
    this.index = index;
    this.model = model;
    this.#options = options;
    this.#faults = options.faults(index);
    this.#wire = new SimWire(socket, index, this.#faults, options.dialect === "beta");
    this.#talk = new SimConversation(`s${index}`);
    this.#ears = new SimEars(options, this, {
      conversation: this.#talk,
      format: () => this.#format("input"),
      input: () => fields(fields(this.#config.audio).input),
      send: (event) => this.#wire.send(event),
      later: (ms, act) => this.#wire.later(ms, act),
      interrupt: () => this.#active?.cancel("turn_detected", 0, true),
      respond: () => {
        if (!this.#active) this.#startResponse({});
      },
    });
    this.#config = defaultConfig(index, model, Date.now() + options.sessionLifeMs);
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

  get commits(): number {
    return this.#ears.commits;
  }

  get clears(): number {
    return this.#ears.clears;
  }

  get callerAudioBytes(): number {
    return this.#ears.totalBytes;
  }

  get callerAudioArrivals(): readonly AudioArrival[] {
    return this.#ears.arrivals;
  }

  callerAudio(): Uint8Array {
    return this.#ears.kept();
  }

  get sent(): readonly string[] {
    return this.#wire.sent;
  }

  get errors(): readonly string[] {
    return this.#wire.errors;
  }

  get closedWith(): number | undefined {
    return this.#wire.closedWith;
  }

  start(): void {
    this.#wire.start();
    this.#wire.send({ type: "session.created", session: this.#config });
  }

  closed(code: number): void {
    this.#wire.closed(code);
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
    const beta = this.#options.dialect === "beta";
    const check = beta ? checkBetaEvent : checkClientEvent;
    const refusal = value === undefined ? undefined : check(value, "");
    if (value === undefined) this.#wire.error("invalid_json", "The message is not a JSON text.", null, eventId);
    else if (refusal) this.#wire.error(refusal.code, refusal.message, refusal.param, eventId);
    else this.#clientEvent(beta ? readBetaEvent(event) : event, eventId, receivedAt);
  }

  // Client events.

  #clientEvent(event: Fields, eventId: string | null, receivedAt: number): void {
    switch (event.type) {
      case "session.update":
        this.#update(fields(event.session), eventId);
        break;
      case "input_audio_buffer.append":
        this.#ears.append(Buffer.from(String(event.audio), "base64"), receivedAt);
        break;
      case "input_audio_buffer.commit": {
        const { bufferMs } = this.#ears;
        if (this.#ears.commit()) break;
        const message = `Error committing input audio buffer: buffer too small, ${bufferMs} ms.`;
        this.#wire.error("input_audio_buffer_commit_empty", message, null, eventId);
        break;
      }
      case "input_audio_buffer.clear":
        this.#ears.clear();
        break;
      case "conversation.item.create":
        this.#createItem(fields(event.item), eventId);
        break;
      case "conversation.item.retrieve": {
        const item = this.#talk.find(event.item_id);
        if (item) this.#wire.send({ type: "conversation.item.retrieved", item: renderItem(item) });
        else this.#wire.error("item_retrieve_invalid_item_id", "No such item.", "item_id", eventId);
        break;
      }
      case "conversation.item.delete":
        if (this.#talk.delete(String(event.item_id))) {
          this.#wire.send({ type: "conversation.item.deleted", item_id: event.item_id });
        } else this.#wire.error("item_delete_invalid_item_id", "No such item.", "item_id", eventId);
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
      this.#wire.error("invalid_value", "The model cannot be changed.", "session.model", eventId);
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
      this.#wire.error("cannot_update_voice", message, "session.audio.output.voice", eventId);
      return;
    }
    this.#config = mergeConfig(this.#config, update);
    this.#ears.reconfigured();
    // Made now, so that the first reply does not wait for it.
    voiceLoop(this.#options.voice, this.#format("output"));
    this.#wire.later(this.#faults.sessionUpdatedDelayMs ?? 0, () => this.#confirm());
  }

  #confirm(): void {
    const { announceFormat } = this.#faults;
    const announced = { type: announceFormat, ...(announceFormat === "audio/pcm" && { rate: 24000 }) };
    const audio = { input: { format: announced }, output: { format: announced } };
    const session = announceFormat === undefined ? this.#config : mergeConfig(this.#config, { audio });
    this.#wire.send({ type: "session.updated", session });
    if (this.#configured) return;
    this.#configured = true;
    this.#wire.misbehave();
  }

  #format(side: "input" | "output"): AudioFormat {
    return namedFormat(fields(fields(fields(this.#config.audio)[side]).format).type) ?? l16at24k;
  }

  // Items and responses.

  #createItem(item: Fields, eventId: string | null): void {
    const previous = this.#talk.lastId;
    const made = this.#talk.create(item);
    if ("code" in made) {
      this.#wire.error(made.code, made.message, made.param, eventId);
      return;
    }
    this.#wire.send({ type: "conversation.item.added", previous_item_id: previous, item: renderItem(made) });
    this.#wire.send({ type: "conversation.item.done", previous_item_id: previous, item: renderItem(made) });
  }

  #truncate(itemId: string, audioEndMs: number, eventId: string | null): void {
    const made = this.#talk.truncate(itemId, audioEndMs);
    if ("code" in made) this.#wire.error(made.code, made.message, made.param, eventId);
    else if (!this.#faults.noTruncateAck) {
      const about = { item_id: itemId, content_index: 0, audio_end_ms: audioEndMs };
      this.#wire.send({ type: "conversation.item.truncated", ...about });
    }
  }

  #createResponse(params: Fields, eventId: string | null): void {
    const refused = this.#faults.refuseFirstCreate === true && !this.#refusedOnce;
    if (this.#active || refused) {
      this.#refusedOnce = true;
      const message = "Conversation already has an active response in progress.";
      this.#wire.error("conversation_already_has_active_response", message, null, eventId);
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
        send: (event) => this.#wire.send(event),
        sendAudio: (event, audio) => {
          this.#options.onAgentAudio(this, audio, performance.now());
          this.#wire.send({ ...event, delta: audio.toString("base64") });
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
      this.#wire.error("response_cancel_not_active", message, null, eventId);
      return;
    }
    run.cancel("client_cancelled", this.#faults.lateDeltasAfterCancel ?? 0, !this.#faults.noDoneAfterCancel);
  }
}

import type { AudioFormat } from "../../../src/codecs/format.ts";
import { frameBytes, pcmu8k, silenceByte } from "../../../src/codecs/format.ts";
import type { RealtimeInput } from "../../../src/media/ai/openai-realtime.ts";
import { OpenAiRealtime } from "../../../src/media/ai/openai-realtime.ts";
import { decodeServerEvent } from "../../../src/media/ai/openai-realtime-decode.ts";
import type { OpenAiRealtimeOptions } from "../../../src/media/ai/openai-realtime-options.ts";
import { formatName, modelFormat } from "../../../src/media/ai/openai-realtime-session-config.ts";
import type { AiEvent, AiOrder } from "../../../src/media/ai/session.ts";

type Message = Readonly<Record<string, unknown>>;

export const realtimeOptions: OpenAiRealtimeOptions = {
  callId: "call_test",
  model: "gpt-realtime-2.1",
  voice: undefined,
  language: "en-US",
  instructions: "Be brief.",
  tools: [{ name: "weather", description: "Tells the weather.", parameters: { type: "object", properties: {} } }],
  from: "+15550001",
  to: "+15550100",
  metadata: {},
  legFormat: pcmu8k,
  turnDetection: "local",
  apiKey: "test-key",
  baseUrl: undefined,
  webhook: undefined,
  transcriptionModel: "gpt-live-transcribe",
};

/** Wall clock at virtual time 0. */
export const wallStartMs = 1_800_000_000_000;

/** Drives the core on a virtual clock: events go in as the server writes them, orders pile up to be looked at. */
export class RealtimeDriver {
  readonly core: OpenAiRealtime;
  readonly format: AudioFormat;
  now = 0;
  /** `connect`, `disconnect`, and the type of every message, in order. */
  log: string[] = [];
  messages: Message[] = [];
  events: AiEvent[] = [];
  /** Caller audio appended, bytes by position since the call began. */
  appended: { from: number; to: number }[] = [];
  readonly #options: OpenAiRealtimeOptions;

  constructor(options: Partial<OpenAiRealtimeOptions> = {}) {
    this.#options = { ...realtimeOptions, ...options };
    this.core = new OpenAiRealtime(this.#options);
    this.format = modelFormat(this.#options.legFormat);
  }

  input(input: RealtimeInput): void {
    for (const order of this.core.handle(input, this.now)) {
      switch (order.type) {
        case "connect":
        case "disconnect":
          this.log.push(order.type);
          break;
        case "send":
          this.log.push(order.message.type);
          this.messages.push(order.message as unknown as Message);
          break;
        case "append":
          this.log.push("append");
          this.appended.push({ from: order.from, to: order.to });
          break;
        case "report":
          this.events.push(order.event);
          break;
      }
    }
  }

  /** A server event, as parsed JSON. */
  server(event: Message): void {
    this.input({ type: "server-event", event: decodeServerEvent(event) });
  }

  order(order: AiOrder): void {
    this.input({ type: "order", order });
  }

  /** Lets time pass, with every timeout the core asks for on the way. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const { deadline } = this.core;
      if (deadline === undefined || deadline > until) break;
      this.now = Math.max(this.now, deadline);
      this.input({ type: "timeout" });
    }
    this.now = until;
  }

  /** The socket opens and the server confirms what was asked. */
  accept(lifeMs = 60 * 60_000): void {
    this.input({ type: "socket-open" });
    const expiresAt = Math.floor((wallStartMs + this.now + lifeMs) / 1000);
    this.server({ type: "session.created", session: { expires_at: expiresAt } });
    const format = { type: formatName(this.format) };
    this.server({ type: "session.updated", session: { audio: { input: { format }, output: { format } } } });
  }

  /** A session that is ready, with nothing recorded yet. */
  static ready(options: Partial<OpenAiRealtimeOptions> = {}): RealtimeDriver {
    const driver = new RealtimeDriver(options);
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.accept();
    driver.forget();
    return driver;
  }

  forget(): void {
    this.log = [];
    this.messages = [];
    this.events = [];
    this.appended = [];
  }

  /** Frames of caller audio, 20 ms each, in real time; true when the last was to be sent at once. */
  frames(count: number, byte: number = silenceByte(this.format)): boolean {
    const frame = new Uint8Array(frameBytes(this.format)).fill(byte);
    let sent = false;
    for (let i = 0; i < count; i++) {
      sent = this.core.callerAudio(frame, this.now);
      this.pass(20);
    }
    return sent;
  }

  /** The server begins a reply and speaks so many ms of one item. */
  speak(responseId: string, itemId: string, ms: number): boolean {
    this.server({ type: "response.created", response: { id: responseId } });
    const item = { id: itemId, type: "message", role: "assistant" };
    this.server({ type: "response.output_item.added", response_id: responseId, item });
    return this.audio(responseId, itemId, ms);
  }

  /** More audio of an item; true when it is handed on. */
  audio(responseId: string, itemId: string, ms: number): boolean {
    return this.core.agentAudio(responseId, itemId, (frameBytes(this.format) / 20) * ms, this.now);
  }

  done(responseId: string, status = "completed", output: readonly Message[] = []): void {
    this.server({ type: "response.done", response: { id: responseId, status, output } });
  }

  /** A function call, its arguments complete. */
  call(responseId: string, callId: string, name: string, args = "{}"): void {
    const about = { response_id: responseId, item_id: `item_${callId}`, call_id: callId };
    this.server({ ...about, type: "response.function_call_arguments.done", name, arguments: args });
  }

  error(code: string, eventId?: unknown): void {
    this.server({ type: "error", error: { type: "invalid_request_error", code, event_id: eventId ?? null } });
  }

  sent(type: string): readonly Message[] {
    return this.messages.filter((message) => message.type === type);
  }

  reported<T extends AiEvent["type"]>(type: T): readonly Extract<AiEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<AiEvent, { type: T }> => event.type === type);
  }

  /** Items created, as `role: text`, `call name`, `output text`. */
  items(): readonly string[] {
    return this.sent("conversation.item.create").map(({ item }) => {
      const { type, role, content, name, output } = item as Record<string, unknown>;
      if (type === "function_call") return `call ${name}`;
      if (type === "function_call_output") return `output ${output}`;
      return `${role}: ${(content as { text: string }[])[0]?.text}`;
    });
  }
}

import { frameBytes } from "../../../codecs/format.ts";
import type { Clock } from "../../../kit/clock.ts";
import type { Logger } from "../../../kit/log.ts";
import type { RealtimeInput } from "../openai-realtime.ts";
import { OpenAiRealtime } from "../openai-realtime.ts";
import { AgentAudioDecoder } from "../openai-realtime-agent-audio.ts";
import { AudioDeltaScanner } from "../openai-realtime-audio-delta.ts";
import { decodeServerEvent } from "../openai-realtime-decode.ts";
import { betaHeaders, writeBetaEvent } from "../openai-realtime-dialect.ts";
import type { OpenAiRealtimeOptions } from "../openai-realtime-options.ts";
import type { RealtimeOrder } from "../openai-realtime-outbox.ts";
import {
  defaultRealtimeBaseUrl,
  defaultRealtimeModel,
  modelFormat,
  realtimeUrl,
} from "../openai-realtime-session-config.ts";
import type { AiSession, AiSink } from "../session.ts";
import type { RealtimeSocket } from "./realtime-socket.ts";
import { defaultRealtimeSocketOptions, openRealtimeSocket } from "./realtime-socket.ts";

/** Larger messages than this go past the parser only as audio; nothing else we use comes near. */
const maxParsedBytes = 4 * 1024 * 1024;
/** Kept caller audio is sent in messages of at most this many frames. */
const framesPerAppend = 10;
const appendHead = Buffer.from('{"type":"input_audio_buffer.append","audio":"');
const appendTail = Buffer.from('"}');

/** Opens nothing yet: `start()` does. One conversation with OpenAI Realtime or a compatible server, until `close()`. */
export function createOpenAiRealtimeSession(
  options: OpenAiRealtimeOptions,
  sink: AiSink,
  clock: Clock,
  log: Logger,
): AiSession {
  const format = modelFormat(options.legFormat);
  const beta = options.dialect === "beta";
  const core = new OpenAiRealtime(options);
  const scanner = new AudioDeltaScanner();
  const decoder = new AgentAudioDecoder(format.encoding === "l16" ? 2 : 1);
  const scratch = Buffer.alloc(frameBytes(format) * framesPerAppend);
  /** The message that appends audio, written anew each time behind its head: bytes leave in one piece, a text in two. */
  const appendMessage = Buffer.alloc(appendHead.length + Math.ceil(scratch.length / 3) * 4 + appendTail.length);
  appendHead.copy(appendMessage);
  const callLog = log.child({ callId: options.callId, provider: "openai-realtime" });
  const inbox: RealtimeInput[] = [];
  let performing = false;
  let closed = false;
  let socket: RealtimeSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let timerAt = Infinity;

  /** Hands an input to the core and performs its orders. What an order's listener asks for meanwhile waits its turn. */
  function dispatch(input: RealtimeInput): void {
    if (closed) return;
    inbox.push(input);
    if (performing) return;
    performing = true;
    try {
      for (let next = inbox.shift(); next && !closed; next = inbox.shift()) {
        for (const order of core.handle(next, clock.now())) {
          if (closed) break;
          perform(order);
        }
      }
    } finally {
      performing = false;
    }
    armTimer();
  }

  function perform(order: RealtimeOrder): void {
    switch (order.type) {
      case "connect":
        connect();
        break;
      case "disconnect":
        socket?.close();
        socket = undefined;
        break;
      case "send":
        socket?.send(JSON.stringify(beta ? writeBetaEvent(order.message) : order.message));
        break;
      case "append":
        core.visitCallerAudio(order.from, order.to, appendKept);
        break;
      case "report":
        if (order.event.type === "error") {
          const { kind, fatal, message } = order.event;
          callLog.warn({ kind, fatal }, `AI session: ${message}`);
        }
        sink.event(order.event);
        break;
    }
  }

  /** Sets the timer when the next deadline is nearer than the one set. A later one is found when that one rings. */
  function armTimer(): void {
    const deadline = core.deadline;
    if (closed || deadline === undefined || deadline >= timerAt) return;
    clearTimeout(timer);
    timerAt = deadline;
    timer = setTimeout(ring, Math.max(0, Math.ceil(deadline - clock.now())));
  }

  function ring(): void {
    timerAt = Infinity;
    dispatch({ type: "timeout" });
  }

  function connect(): void {
    try {
      socket = openSocket();
    } catch {
      // An address or key that cannot even be written into a request.
      dispatch({ type: "socket-refused", httpStatus: undefined });
    }
  }

  function openSocket(): RealtimeSocket {
    const url = realtimeUrl(options.baseUrl ?? defaultRealtimeBaseUrl, options.model ?? defaultRealtimeModel);
    // A socket that was given up may still speak: only the present one is heard.
    const heard = (): boolean => socket === mine;
    const gone = (input: RealtimeInput): void => {
      if (!heard()) return;
      socket = undefined;
      dispatch(input);
    };
    const mine = openRealtimeSocket(
      { ...defaultRealtimeSocketOptions, url, apiKey: options.apiKey, headers: beta ? betaHeaders : {} },
      {
        open: () => heard() && dispatch({ type: "socket-open" }),
        message: (data, isBinary) => heard() && message(data, isBinary),
        refused: (httpStatus) => gone({ type: "socket-refused", httpStatus }),
        overflow: () => gone({ type: "socket-overflow" }),
        closed: (code) => gone({ type: "socket-closed", code }),
      },
    );
    return mine;
  }

  function message(data: Buffer, isBinary: boolean): void {
    if (!isBinary && scanner.scan(data)) {
      const base64 = data.toString("latin1", scanner.base64From, scanner.base64To);
      if (!decoder.decode(scanner.responseId, scanner.itemId, base64, agentAudio)) malformed();
      return;
    }
    if (isBinary || data.length > maxParsedBytes) {
      malformed();
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(data.toString("utf8"));
    } catch {
      malformed();
      return;
    }
    const event = decodeServerEvent(value);
    if (event.type !== "audio") dispatch({ type: "server-event", event });
    else if (!decoder.decode(event.responseId, event.itemId, event.base64, agentAudio)) malformed();
  }

  function malformed(): void {
    dispatch({ type: "server-event", event: { type: "malformed" } });
  }

  function agentAudio(responseId: string, itemId: string, audio: Uint8Array): void {
    if (closed) return;
    if (!core.agentAudio(responseId, itemId, audio.length, clock.now())) {
      dispatch({ type: "server-event", event: { type: "progress", responseId } });
      if (closed || !core.agentAudio(responseId, itemId, audio.length, clock.now())) return;
    }
    sink.agentAudio(responseId, itemId, audio);
  }

  function append(audio: Uint8Array): void {
    scratch.set(audio);
    const base64 = scratch.toString("base64", 0, audio.length);
    const tailAt = appendHead.length + appendMessage.write(base64, appendHead.length, "latin1");
    appendTail.copy(appendMessage, tailAt);
    socket?.send(appendMessage.subarray(0, tailAt + appendTail.length));
  }

  function appendKept(audio: Uint8Array): void {
    for (let from = 0; from < audio.length; from += scratch.length) {
      append(audio.subarray(from, from + scratch.length));
    }
  }

  return {
    capabilities: {
      truncation: "real",
      endsTurns: options.turnDetection === "provider",
      exactSpeech: false,
      ears: options.transcriptionModel !== "",
    },
    inbound: format,
    outbound: format,
    start: () => dispatch({ type: "start", wallMs: clock.wall() }),
    pushCallerAudio(frame) {
      if (!closed && frame.length <= scratch.length && core.callerAudio(frame, clock.now())) append(frame);
    },
    order: (order) => dispatch({ type: "order", order }),
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
      socket = undefined;
    },
  };
}

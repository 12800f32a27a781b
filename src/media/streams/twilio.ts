/**
 * Twilio Media Streams, bidirectional (`<Connect><Stream>`): JSON text both ways, μ-law 8 kHz mono in base64.
 *
 *     ← {"event":"connected","protocol":"Call","version":"1.0.0"}
 *     ← {"event":"start","sequenceNumber":"1","streamSid":"MZ…","start":{"streamSid":"MZ…","accountSid":"AC…","callSid":"CA…",
 *        "tracks":["inbound"],"customParameters":{"token":"…"},"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}
 *     ← {"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"20","payload":"…"},"streamSid":"MZ…"}
 *     ← {"event":"dtmf","sequenceNumber":"5","streamSid":"MZ…","dtmf":{"track":"inbound_track","digit":"1"}}
 *     ← {"event":"mark","sequenceNumber":"9","streamSid":"MZ…","mark":{"name":"…"}}
 *     ← {"event":"stop","sequenceNumber":"12","streamSid":"MZ…","stop":{"accountSid":"AC…","callSid":"CA…"}}
 *     → {"event":"media","streamSid":"MZ…","media":{"payload":"…"}}
 *     → {"event":"mark","streamSid":"MZ…","mark":{"name":"…"}}
 *     → {"event":"clear","streamSid":"MZ…"}
 *
 * A mark comes back when everything before it was played, and also when it was flushed by `clear`.
 */
import { pcmu8k } from "../../codecs/format.ts";
import type { JsonObject } from "../../kit/json.ts";
import { decodeBase64, decodedBytes } from "./base64.ts";
import { asObject, asText, asWholeNumber, parseObject, plainName } from "./json.ts";
import { MediaScan } from "./media-scan.ts";
import type { StreamCodec, StreamFault, StreamProtocol, StreamSink } from "./protocol.ts";

/** Bounds on what we take from the far end. */
const limits = {
  idLength: 128,
  markNameLength: 256,
  parameters: 64,
  /** Of one custom parameter's name and of its value; Twilio allows 500 for both together. */
  parameterLength: 1_000,
  /** Audio in one message: four seconds, two hundred times what Twilio sends. */
  audioBytes: 32_000,
} as const;

/** Audio bytes the buffers hold at first: four times what Twilio sends. */
const usualAudioBytes = 640;

class TwilioCodec implements StreamCodec {
  #phase: "waiting" | "started" | "stopped" = "waiting";
  readonly #scan = new MediaScan();
  /** Decoded audio of the message in hand; made with the first. */
  #audio = new Uint8Array(0);
  /** The part of `#audio` given out last, kept because the next message most often has the same length. */
  #audioView = this.#audio;
  /** Copy of what `writeAudio` encodes: only a Buffer can write base64. */
  #outgoing = Buffer.alloc(0);
  #mediaPrefix = "";
  #markPrefix = "";
  #clear = "";
  read(data: Uint8Array, isBinary: boolean, sink: StreamSink): void {
    if (this.#phase === "started" && !isBinary && this.#scan.scan(data)) {
      if (this.#readAudio(data, this.#scan.payloadFrom, this.#scan.payloadTo, sink)) return;
    }
    const fault = isBinary ? "malformed" : this.#readMessage(parseObject(data), sink);
    if (fault) sink.fault(fault);
  }

  #readMessage(message: JsonObject | undefined, sink: StreamSink): StreamFault | undefined {
    const event = asText(message?.event, 64);
    if (!message || event === undefined) return "malformed";
    switch (event) {
      case "connected":
        return undefined;
      case "start":
        return this.#readStart(message, sink);
      case "media":
      case "dtmf":
      case "mark":
      case "stop":
        return this.#phase === "started" ? this.#readInStream(event, asObject(message[event]), sink) : "out-of-order";
      default:
        sink.ignored(plainName(event));
        return undefined;
    }
  }

  /** Reads what may only come between start and stop. */
  #readInStream(
    event: "media" | "dtmf" | "mark" | "stop",
    member: JsonObject | undefined,
    sink: StreamSink,
  ): StreamFault | undefined {
    switch (event) {
      case "media":
        return this.#readMedia(member, sink);
      case "dtmf":
        return readDtmf(member, sink);
      case "mark":
        return readMark(member, sink);
      case "stop":
        this.#phase = "stopped";
        sink.stop();
        return undefined;
    }
  }

  #readStart(message: JsonObject, sink: StreamSink): StreamFault | undefined {
    if (this.#phase !== "waiting") return "out-of-order";
    const start = asObject(message.start);
    const streamSid = asText(start?.streamSid ?? message.streamSid, limits.idLength);
    const callSid = asText(start?.callSid, limits.idLength);
    const format = asObject(start?.mediaFormat);
    const parameters = readParameters(start?.customParameters);
    if (!streamSid || !callSid || !format || !parameters) return "malformed";
    const isMono = format.channels === undefined || asWholeNumber(format.channels) === 1;
    if (format.encoding !== "audio/x-mulaw" || asWholeNumber(format.sampleRate) !== 8000 || !isMono) {
      return "unsupported-format";
    }
    this.#phase = "started";
    const sid = JSON.stringify(streamSid);
    this.#mediaPrefix = `{"event":"media","streamSid":${sid},"media":{"payload":"`;
    this.#markPrefix = `{"event":"mark","streamSid":${sid},"mark":{"name":`;
    this.#clear = `{"event":"clear","streamSid":${sid}}`;
    const { token = "", ...others } = parameters;
    sink.start({
      carrierCallId: callSid,
      carrierStreamId: streamSid,
      inbound: pcmu8k,
      outbound: pcmu8k,
      token,
      parameters: others,
    });
    return undefined;
  }

  #readMedia(media: JsonObject | undefined, sink: StreamSink): StreamFault | undefined {
    if (typeof media?.payload !== "string") return "malformed";
    if (media.track !== undefined && media.track !== "inbound") {
      sink.ignored("media-of-other-track");
      return undefined;
    }
    const payload = Buffer.from(media.payload, "utf8");
    return this.#readAudio(payload, 0, payload.length, sink) ? undefined : "malformed";
  }

  /** Decodes and hands on; false when the characters are not base64 or too many. An empty payload is no audio. */
  #readAudio(data: Uint8Array, from: number, to: number, sink: StreamSink): boolean {
    const mostBytes = decodedBytes(to - from);
    if (mostBytes > limits.audioBytes) return false;
    if (mostBytes > this.#audio.length) this.#audio = new Uint8Array(Math.max(mostBytes, usualAudioBytes));
    const sizeBytes = decodeBase64(data, from, to, this.#audio);
    if (sizeBytes < 0) return false;
    if (sizeBytes === 0) return true;
    if (this.#audioView.length !== sizeBytes || this.#audioView.buffer !== this.#audio.buffer) {
      this.#audioView = this.#audio.subarray(0, sizeBytes);
    }
    sink.audio(this.#audioView);
    return true;
  }

  writeAudio(payload: Uint8Array): string {
    if (this.#outgoing.length < payload.length) {
      this.#outgoing = Buffer.alloc(Math.max(payload.length, usualAudioBytes));
    }
    this.#outgoing.set(payload);
    return `${this.#mediaPrefix}${this.#outgoing.toString("base64", 0, payload.length)}"}}`;
  }

  writeMark(name: string): string {
    return `${this.#markPrefix}${JSON.stringify(name)}}}`;
  }

  writeClear(): string {
    return this.#clear;
  }

  writeDtmf(): undefined {
    return undefined;
  }
}

function readDtmf(dtmf: JsonObject | undefined, sink: StreamSink): StreamFault | undefined {
  const digit = asText(dtmf?.digit, 1)?.toUpperCase();
  if (digit === undefined || !/^[0-9*#A-D]$/.test(digit)) return "malformed";
  sink.dtmf(digit);
  return undefined;
}

function readMark(mark: JsonObject | undefined, sink: StreamSink): StreamFault | undefined {
  // Quirk (Twilio, 2026-11): an echo may come without its name. We name every mark, so it is none of ours.
  if (mark?.name === undefined) {
    sink.ignored("mark-without-name");
    return undefined;
  }
  const name = asText(mark.name, limits.markNameLength);
  if (name === undefined) return "malformed";
  sink.mark(name);
  return undefined;
}

/** Custom parameters by name; undefined when they are not texts or absurdly many or long. None at all is fine. */
function readParameters(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) return {};
  const object = asObject(value);
  if (!object) return undefined;
  const entries: [string, string][] = [];
  for (const [name, text] of Object.entries(object)) {
    if (typeof text !== "string" || name.length > limits.parameterLength || text.length > limits.parameterLength) {
      return undefined;
    }
    if (entries.push([name, text]) > limits.parameters) return undefined;
  }
  return Object.fromEntries(entries);
}

/** Twilio: buffers what we send, returns marks, honours clear; keys cannot be sent on the stream. */
export const twilio: StreamProtocol = {
  carrier: "twilio",
  capabilities: { clear: true, marks: true, dtmfOut: false },
  createCodec: () => new TwilioCodec(),
};

import type { AudioFormat } from "../../codecs/format.ts";
import type { LegCapabilities } from "../leg.ts";
import type { CarrierName } from "../protocol.ts";

/** What a carrier says when its stream begins. */
export interface StreamStart {
  readonly carrierCallId: string;
  readonly carrierStreamId: string;
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  /** The single-use token, "" when none came. */
  readonly token: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Where a stream codec reports what it read. Payload views are valid only during the call. */
export interface StreamSink {
  start(start: StreamStart): void;
  audio(payload: Uint8Array): void;
  dtmf(digit: string): void;
  mark(name: string): void;
  stop(): void;
  /** A message of a type we do not know; counted. */
  ignored(name: string): void;
  /** Nonsense from the far end; counted, and after `start` the stream goes on. */
  fault(fault: StreamFault): void;
}

/** `malformed`: not JSON or not of the shape; `out-of-order`: media before start, a second start; `unsupported-format`: cannot be spoken. */
export type StreamFault = "malformed" | "out-of-order" | "unsupported-format";

/** One stream's reader and writer: pure, no sockets, one per connection. */
export interface StreamCodec {
  /** Reads one WebSocket message. Text arrives as UTF-8 bytes. Never throws. */
  read(data: Uint8Array, isBinary: boolean, sink: StreamSink): void;
  /** The message that carries these audio bytes. */
  writeAudio(payload: Uint8Array): string | Uint8Array;
  /** The message that asks for an echo once everything before it was played; undefined when the carrier has none. */
  writeMark(name: string): string | Uint8Array | undefined;
  /** The message that drops what the carrier has buffered; undefined when the carrier has none. */
  writeClear(): string | Uint8Array | undefined;
  /** The message that sends keys; undefined when the carrier has none. */
  writeDtmf(digits: string): string | Uint8Array | undefined;
}

/** A carrier's media stream protocol: one file a carrier, listed in `registry.ts`. */
export interface StreamProtocol {
  readonly carrier: CarrierName;
  readonly capabilities: LegCapabilities;
  createCodec(): StreamCodec;
}

import type { AudioFormat } from "../../../codecs/format.ts";
import type { CallLeg, LegCapabilities } from "../../leg.ts";
import type { StreamCodec, StreamProtocol, StreamStart } from "../protocol.ts";
import type { WsConnection } from "./ws-server.ts";

/** An accepted stream as the conversation's leg. After `close` it says nothing more, not even `ended`. */
export class StreamLeg implements CallLeg {
  readonly inbound: AudioFormat;
  readonly outbound: AudioFormat;
  readonly capabilities: LegCapabilities;
  /** A message did not fit: the peer has stopped reading and its socket is being closed. */
  stoppedReading = false;
  readonly #codec: StreamCodec;
  readonly #socket: WsConnection;
  readonly #onClose: () => void;
  #open = true;

  constructor(
    start: StreamStart,
    protocol: StreamProtocol,
    codec: StreamCodec,
    socket: WsConnection,
    onClose: () => void,
  ) {
    this.inbound = start.inbound;
    this.outbound = start.outbound;
    this.capabilities = protocol.capabilities;
    this.#codec = codec;
    this.#socket = socket;
    this.#onClose = onClose;
  }

  sendAudio(payload: Uint8Array): boolean {
    if (!this.#open) return false;
    return payload.length === 0 || this.#send(this.#codec.writeAudio(payload));
  }

  sendMark(name: string): void {
    this.#send(this.#codec.writeMark(name));
  }

  clear(): void {
    this.#send(this.#codec.writeClear());
  }

  sendDtmf(digits: string): boolean {
    return this.#send(this.#codec.writeDtmf(digits));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClose();
  }

  /** The stream ended by itself; nothing can be sent any more. */
  ended(): void {
    this.#open = false;
  }

  /** False: nothing to send, or it cannot be sent. */
  #send(message: string | Uint8Array | undefined): boolean {
    if (message === undefined || !this.#open) return false;
    const outcome = this.#socket.send(message);
    if (outcome === "full") this.stoppedReading = true;
    return outcome === "sent";
  }
}

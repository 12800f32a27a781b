import type { Ticket } from "./calls.ts";
import { WsClient } from "./ws-client.ts";

const streamSid = "MZ0123456789abcdef0123456789abcdef";

/** A carrier's media stream written by hand, for what no phone would do. */
export class RawPhone {
  readonly client: WsClient;

  private constructor(client: WsClient) {
    this.client = client;
  }

  /** Opens the socket; nothing is sent yet. */
  static async connect(url: string): Promise<RawPhone> {
    return new RawPhone(await WsClient.connect(url));
  }

  /** Opens the socket and starts the stream with its token; resolves at the agent's first audio. */
  static async call({ url, token }: Pick<Ticket, "url" | "token">): Promise<RawPhone> {
    const phone = await RawPhone.connect(url);
    phone.start({ token });
    await phone.nextOf("media");
    return phone;
  }

  start(customParameters: unknown): void {
    this.send({ event: "connected", protocol: "Call", version: "1.0.0" });
    const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 };
    this.send({ event: "start", streamSid, start: { streamSid, callSid: "CA1", customParameters, mediaFormat } });
  }

  media(payload: unknown): void {
    this.send({ event: "media", streamSid, media: { track: "inbound", payload } });
  }

  stop(): void {
    this.send({ event: "stop", streamSid, stop: { callSid: "CA1" } });
  }

  send(message: unknown): void {
    this.client.send(JSON.stringify(message));
  }

  /** Reads until a message of this kind comes. */
  async nextOf(event: string): Promise<void> {
    for (;;) {
      if (((await this.client.nextJson()) as { event: string }).event === event) return;
    }
  }
}

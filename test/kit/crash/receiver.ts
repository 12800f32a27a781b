/** A customer's server that is told of events: checks who signed, remembers what came in which order, fails now and then. */

import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An event as it came. */
export interface Told {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly subject: string;
  readonly isSigned: boolean;
}

/** Of the first events so many are refused once and must come again. */
const refusedAmongFirst = 60;
const refuseEvery = 12;

export class EventReceiver {
  /** What came to a path, repeats too, in the order in which it came. */
  readonly told: Told[] = [];
  readonly refused: string[] = [];
  secret = "";
  readonly #server: Server = createServer((request, response) => void this.#take(request, response));
  #count = 0;

  static async open(): Promise<EventReceiver> {
    const receiver = new EventReceiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  /** What is sent to `/main` is remembered, the rest is only thanked for. */
  url(path: "/main" | "/other"): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    try {
      for await (const chunk of request.setEncoding("utf8")) body += chunk;
    } catch {
      // The gateway was killed in the middle of it.
      return;
    }
    if (request.url !== "/main") {
      response.writeHead(204).end();
      return;
    }
    const event = JSON.parse(body);
    this.#count += 1;
    if (this.#count <= refusedAmongFirst && this.#count % refuseEvery === 0) {
      this.refused.push(event.id);
      response.writeHead(500).end();
      return;
    }
    const { call, text, number, call_id: callId } = event.data;
    this.told.push({
      id: event.id,
      type: event.type,
      sequence: event.sequence,
      subject: call?.id ?? text?.id ?? number?.id ?? callId,
      isSigned: this.#isSigned(String(request.headers["x-tandem-signature"]), body),
    });
    response.writeHead(204).end();
  }

  #isSigned(header: string, body: string): boolean {
    const [, seconds = "", signature = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
    return signature === createHmac("sha256", this.secret).update(`${seconds}.${body}`).digest("hex");
  }
}

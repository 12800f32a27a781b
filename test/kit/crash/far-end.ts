/** Telephones behind a trunk, over UDP: by the digits called they are busy, ring, answer, or answer and hang up. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { type FarEndManner, mannerOf } from "./plan.ts";

const hangsUpAfterMs = 150;

interface Dialog {
  readonly invite: string;
  readonly tag: string;
  /** The answers so far; a repeated INVITE gets the last one again. */
  readonly said: string[];
  isOver: boolean;
}

export class FarEnd {
  /** SIP Call-IDs by which each number was called. */
  readonly called = new Map<string, Set<string>>();
  readonly #sip: Socket = createSocket("udp4");
  /** Takes the media and forgets them. */
  readonly #media: Socket = createSocket("udp4");
  readonly #dialogs = new Map<string, Dialog>();
  readonly #timers = new Set<NodeJS.Timeout>();

  static async open(): Promise<FarEnd> {
    const end = new FarEnd();
    for (const socket of [end.#sip, end.#media]) {
      // A gateway that was killed answers nobody.
      socket.on("error", () => undefined);
      await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    }
    end.#sip.on("message", (bytes, from) => end.#heard(bytes.toString("latin1"), from));
    return end;
  }

  get port(): number {
    return this.#sip.address().port;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#sip.close();
    this.#media.close();
  }

  #heard(message: string, from: RemoteInfo): void {
    const [, method = "", user = ""] = /^([A-Z]+) sip:([^@;\s]+)/.exec(message) ?? [];
    const callId = headerOf(message, "Call-ID");
    const dialog = this.#dialogs.get(callId);
    if (method === "INVITE" && !dialog) this.#rung(message, decodeURIComponent(user), callId, from);
    else if (method === "INVITE" && dialog) this.#send(dialog.said.at(-1) ?? "", from);
    else if (method === "BYE") {
      this.#send(answer(message, "200 OK", dialog?.tag ?? "gone"), from);
      if (dialog) dialog.isOver = true;
    } else if (method === "CANCEL" && dialog) {
      this.#send(answer(message, "200 OK", dialog.tag), from);
      if (!dialog.isOver) this.#say(dialog, "487 Request Terminated", from);
      dialog.isOver = true;
    } else if (method !== "" && method !== "ACK") this.#send(answer(message, "200 OK", "other"), from);
  }

  #rung(invite: string, number: string, callId: string, from: RemoteInfo): void {
    const callIds = this.called.get(number) ?? new Set();
    this.called.set(number, callIds.add(callId));
    const dialog: Dialog = { invite, tag: `far${this.#dialogs.size}`, said: [], isOver: false };
    this.#dialogs.set(callId, dialog);
    this.#answer(dialog, mannerOf(number), from);
  }

  #answer(dialog: Dialog, manner: FarEndManner, from: RemoteInfo): void {
    if (manner === "busy") {
      dialog.isOver = true;
      this.#say(dialog, "486 Busy Here", from);
      return;
    }
    this.#say(dialog, "180 Ringing", from);
    if (manner === "rings") return;
    this.#later(20, () => {
      if (dialog.isOver) return;
      const { port } = this.#media.address();
      this.#say(dialog, "200 OK", from, [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        `m=audio ${port} RTP/AVP 0`,
        "a=sendrecv",
      ]);
      if (manner === "hangs-up") this.#later(hangsUpAfterMs, () => this.#hangUp(dialog, from));
    });
  }

  #hangUp(dialog: Dialog, from: RemoteInfo): void {
    if (dialog.isOver) return;
    dialog.isOver = true;
    const { invite, tag } = dialog;
    const [, target = ""] = /<([^>]+)>/.exec(headerOf(invite, "Contact")) ?? [];
    const lines = [
      `BYE ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=z9hG4bKbye${tag}`,
      "Max-Forwards: 70",
      `From: ${headerOf(invite, "To")};tag=${tag}`,
      `To: ${headerOf(invite, "From")}`,
      `Call-ID: ${headerOf(invite, "Call-ID")}`,
      "CSeq: 1 BYE",
      "Content-Length: 0",
    ];
    this.#send(`${lines.join("\r\n")}\r\n\r\n`, from);
  }

  #say(dialog: Dialog, status: string, from: RemoteInfo, sdp?: readonly string[]): void {
    const contact = `Contact: <sip:127.0.0.1:${this.port}>`;
    const text = answer(dialog.invite, status, dialog.tag, sdp ? { sdp, contact } : { contact });
    dialog.said.push(text);
    this.#send(text, from);
  }

  #send(text: string, { port, address }: RemoteInfo): void {
    this.#sip.send(text, port, address);
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }
}

function headerOf(message: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(message)?.[1]?.trim() ?? "";
}

/** An answer to a request, in one dialog with it. */
function answer(
  request: string,
  status: string,
  tag: string,
  more: { readonly sdp?: readonly string[]; readonly contact?: string } = {},
): string {
  const head = request.slice(0, request.indexOf("\r\n\r\n")).split("\r\n").slice(1);
  const kept = head.filter((line) => /^(?:via|from|to|call-id|cseq):/i.test(line));
  const lines = kept.map((line) => (/^to:/i.test(line) && !/;tag=/i.test(line) ? `${line};tag=${tag}` : line));
  const body = more.sdp === undefined ? "" : `${more.sdp.join("\r\n")}\r\n`;
  const last = [
    ...(more.contact === undefined ? [] : [more.contact]),
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${body.length}`,
  ];
  return `SIP/2.0 ${status}\r\n${[...lines, ...last].join("\r\n")}\r\n\r\n${body}`;
}

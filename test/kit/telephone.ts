/** A telephone without a voice: its signalling is real, its media are only agreed on, or somebody else's. */
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { systemRandom } from "../../src/kit/io/random.ts";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { digestAuthorize } from "../../src/sip/digest-authorize.ts";
import type { Replaces } from "../../src/sip/headers/fields.ts";
import { replacesField } from "../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import { noParams } from "../../src/sip/headers/params.ts";
import type { SessionCommand, SessionEnd, SessionEvent } from "../../src/sip/invite-session/types.ts";
import { type IncomingCall, SipEndpoint } from "../../src/sip/io/sip-endpoint.ts";
import { makeSipUri } from "../../src/sip/uri.ts";
import { eventually } from "./gateway.ts";
import { audioSdp } from "./sdp.ts";

const local = { address: "127.0.0.1", port: 0 };

/** One call of a telephone. */
export class TelephoneLine {
  readonly session: string;
  readonly events: SessionEvent[] = [];
  /** Ports at which the other side wanted its audio, in order. */
  readonly ports: number[] = [];
  readonly #telephone: Telephone;

  constructor(telephone: Telephone, session: string) {
    this.#telephone = telephone;
    this.session = session;
  }

  do(command: SessionCommand): void {
    this.#telephone.endpoint.command(this.session, command);
  }

  answer(): void {
    this.do({ type: "answer", sdp: this.#telephone.sdp() });
  }

  hangUp(): void {
    this.do({ type: "hang-up" });
  }

  /** Holds the other side, or takes it back. */
  hold(isHeld: boolean): void {
    this.do({ type: "offer", sdp: this.#telephone.sdp(isHeld ? "sendonly" : "sendrecv") });
  }

  /** How others may take its place. */
  get replaces(): Replaces {
    const found = this.#telephone.endpoint.session(this.session)?.asReplaces;
    if (!found) throw new Error("the call has no dialog yet");
    return found;
  }

  /** Asks the exchange to call somebody else; told how that goes by `transfer()`. */
  refer(user: string, replaces?: Replaces): void {
    this.do({ type: "refer", refer: "1", to: this.#telephone.uriOf(user), replaces });
  }

  /** What it was told of its transfer: statuses, the last one with `!`. */
  transfer(): string {
    return this.events
      .flatMap((event) => (event.type === "refer-progress" ? [`${event.status}${event.isFinal ? "!" : ""}`] : []))
      .join(" ");
  }

  get end(): SessionEnd | undefined {
    return this.events.flatMap((event) => (event.type === "ended" ? [event.end] : []))[0];
  }

  /** Resolves when an event of this kind has come. */
  until(type: SessionEvent["type"]): Promise<SessionEvent> {
    return eventually(
      `${this.#telephone.name} has ${type}`,
      () => this.events.find((event) => event.type === type),
      3000,
    );
  }

  take(event: SessionEvent): void {
    this.events.push(event);
    if ("sdp" in event && event.sdp) this.ports.push(portOf(event.sdp));
    if (event.type === "remote-offer" || event.type === "offer-wanted") {
      this.do({ type: "answer-offer", sdp: this.#telephone.sdp() });
    }
  }
}

/** A telephone at a free port of loopback, closed with the test. */
export class Telephone {
  readonly name: string;
  readonly endpoint: SipEndpoint;
  /** Calls that came, in order. */
  readonly incoming: TelephoneLine[] = [];
  readonly #exchangePort: number;
  readonly #rtpPort: number;
  readonly #lines: Map<string, TelephoneLine>;

  private constructor(
    name: string,
    ports: { readonly exchange: number; readonly rtp: number },
    endpoint: SipEndpoint,
    lines: Map<string, TelephoneLine>,
  ) {
    this.name = name;
    this.#exchangePort = ports.exchange;
    this.#rtpPort = ports.rtp;
    this.endpoint = endpoint;
    this.#lines = lines;
  }

  /** `rtpPort`: where its audio is wanted, PCMU; without it, somewhere. */
  static async open(name: string, exchangePort: number, rtpPort?: number): Promise<Telephone> {
    const rtp = rtpPort ?? 40_000 + Math.floor(Math.random() * 10_000) * 2;
    const lines = new Map<string, TelephoneLine>();
    const opened: { telephone?: Telephone } = {};
    const endpoint = await SipEndpoint.open({
      udp: local,
      clock: systemClock,
      random: systemRandom,
      handlers: {
        onCall: (call) => opened.telephone?.ring(call),
        onRequest: () => undefined,
        onEvent: (session, event) => lines.get(session)?.take(event),
        onClosed: () => undefined,
        onError: (error) => {
          throw error;
        },
      },
    });
    onTestFinished(() => endpoint.close());
    opened.telephone = new Telephone(name, { exchange: exchangePort, rtp }, endpoint, lines);
    return opened.telephone;
  }

  get port(): number {
    return this.endpoint.addressOf("UDP")!.port;
  }

  /** Registers by its name, which is its user name and number too. */
  async register(): Promise<void> {
    const registered = new EventTarget();
    const done = once(registered, "registered");
    this.endpoint.register(
      {
        registrar: this.uriOf(),
        address: { uri: makeSipUri({ user: this.name, host: "tandem" }), params: noParams },
        expiresS: 300,
        leastRetryMs: 60_000,
        mostRetryMs: 60_000,
        authorize: digestAuthorize(this.#credentials, systemRandom),
      },
      ({ type }) => {
        if (type === "registered") registered.dispatchEvent(new Event("registered"));
      },
    );
    await done;
  }

  /** Calls a number; `replaces`: takes that call's place. */
  call(user: string, parts: { to?: string; from?: string; replaces?: Replaces } = {}): TelephoneLine {
    const { to = user, from = this.name, replaces } = parts;
    const headers = new SipHeaders();
    if (replaces) headers.put(replacesField, replaces);
    let line: TelephoneLine | undefined;
    this.endpoint.call(
      {
        uri: this.uriOf(user),
        from: { uri: makeSipUri({ user: from, host: "tandem" }), params: noParams },
        to: { uri: this.uriOf(to), params: noParams },
        headers,
        sdp: this.sdp(),
        authorize: digestAuthorize(this.#credentials, systemRandom),
      },
      {},
      (session) => {
        line = new TelephoneLine(this, session);
        this.#lines.set(session, line);
      },
    );
    if (!line) throw new Error("no session was made");
    return line;
  }

  /** The call that rings here next, or rang already: the `n`th. */
  rings(n = 0): Promise<TelephoneLine> {
    return eventually(`${this.name} rings`, () => this.incoming[n], 3000);
  }

  uriOf(user?: string) {
    return makeSipUri({ user, host: "127.0.0.1", port: this.#exchangePort });
  }

  sdp(direction = "sendrecv"): Uint8Array {
    return audioSdp({ formats: "0", direction, address: "127.0.0.1", port: this.#rtpPort });
  }

  get rtpPort(): number {
    return this.#rtpPort;
  }

  get #credentials() {
    return { username: this.name, password: `${this.name}-secret` };
  }

  /** A call comes. */
  ring({ session, request }: IncomingCall): void {
    const line = new TelephoneLine(this, session);
    if (request.body.length > 0) line.ports.push(portOf(request.body));
    this.#lines.set(session, line);
    this.incoming.push(line);
    line.do({ type: "progress", status: 180 });
  }
}

function portOf(sdp: Uint8Array): number {
  return Number(/^m=audio (\d+)/m.exec(Buffer.from(sdp).toString("utf8"))?.[1] ?? 0);
}

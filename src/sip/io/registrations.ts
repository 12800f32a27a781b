import type { Clock } from "../../kit/clock.ts";
import type { Hop } from "../hop.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import type { RegistrationClient, RegistrationState } from "../registration-client.ts";
import type { TransactionFault } from "../transaction/types.ts";

/** The result of a request outside a call; `undefined` response: it failed. */
export type RequestResult = (
  response: SipResponse | undefined,
  fault: TransactionFault | undefined,
  from?: Hop,
) => void;

/** A registration of ours that is kept up. */
export interface Registration {
  /** Takes the binding back; the last state is `unregistered`. Twice is fine. */
  stop(): void;
}

/** Told how a registration stands; `from`: the hop the registrar answered from, where an answer brought the news. */
export type RegistrationNews = (state: RegistrationState, from?: Hop) => void;

interface Entry {
  readonly onState: RegistrationNews;
  /** The hop that was asked for. */
  readonly to: Hop | undefined;
  /** The hop the registrar answered from. */
  heardFrom?: Hop;
}

/** Sends a request outside a call. */
export type SendRequest = (
  request: SipRequest,
  onResult: RequestResult,
  way: { readonly to: Hop | undefined; readonly contactUser: string | undefined },
) => void;

/** All registrations of an endpoint: brings their requests to the network and its answers back. */
export class Registrations {
  readonly #clock: Clock;
  readonly #send: SendRequest;
  readonly #entries = new Map<RegistrationClient, Entry>();

  constructor(clock: Clock, send: SendRequest) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Monotonic ms of the earliest refresh or retry. */
  get deadline(): number | undefined {
    let next: number | undefined;
    for (const { deadline } of this.#entries.keys()) {
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
    }
    return next;
  }

  /** Where registrars have answered from. */
  registrars(): readonly Hop[] {
    return [...this.#entries.values()].flatMap(({ heardFrom }) => (heardFrom === undefined ? [] : [heardFrom]));
  }

  add(client: RegistrationClient, onState: RegistrationNews, to: Hop | undefined): Registration {
    this.#entries.set(client, { onState, to });
    this.#run(client, { type: "start" });
    return { stop: () => this.#run(client, { type: "stop" }) };
  }

  /** Runs what is due. */
  fire(): void {
    const now = this.#clock.now();
    for (const client of [...this.#entries.keys()]) {
      if (client.deadline !== undefined && client.deadline <= now) this.#run(client, { type: "timeout" });
    }
  }

  #run(client: RegistrationClient, input: Parameters<RegistrationClient["handle"]>[0], from?: Hop): void {
    const entry = this.#entries.get(client);
    if (entry === undefined) return;
    for (const order of client.handle(input, this.#clock.now())) {
      if (order.type === "state") {
        if (order.state.type === "unregistered") this.#entries.delete(client);
        entry.onState(order.state, from);
        continue;
      }
      const onResult: RequestResult = (response, fault, from) => {
        if (from !== undefined) entry.heardFrom = from;
        if (response !== undefined) this.#run(client, { type: "response", response }, from);
        else this.#run(client, { type: "failed", fault: fault ?? "transport" });
      };
      this.#send(order.request, onResult, { to: entry.to, contactUser: client.contactUser });
    }
  }
}

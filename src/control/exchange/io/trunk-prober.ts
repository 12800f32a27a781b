import type { Clock } from "../../../kit/clock.ts";
import type { RandomBytes } from "../../../kit/ids.ts";
import type { Hop } from "../../../sip/hop.ts";
import type { SipEndpoint } from "../../../sip/io/sip-endpoint.ts";
import { newRequest } from "../../../sip/new-request.ts";
import { randomFraction } from "../../../sip/tokens.ts";
import { ProbeSchedule } from "../probe-schedule.ts";
import { faultText } from "../registration-status.ts";
import type { ProbedTarget } from "../trunk-plans.ts";
import { answersProbe } from "../trunk-targets.ts";

/** What a probe came to; `error` undefined: the target works. */
export type OnProbe = (trunkId: string, target: string, error: string | undefined, from?: Hop) => void;

export interface TrunkProberParts {
  readonly endpoint: Pick<SipEndpoint, "request">;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly onProbe: OnProbe;
}

/** Sends OPTIONS to the targets of all trunks, each at its own pace (RFC 3261 §11). */
export class TrunkProber {
  readonly #parts: TrunkProberParts;
  readonly #schedule: ProbeSchedule;
  #targets: ReadonlyMap<string, ProbedTarget> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TrunkProberParts) {
    this.#parts = parts;
    this.#schedule = new ProbeSchedule(() => randomFraction(parts.random));
  }

  /** Makes these the targets that are probed. */
  replace(targets: readonly ProbedTarget[]): void {
    this.#targets = new Map(targets.map((one) => [`${one.trunkId} ${one.target}`, one]));
    this.#schedule.replace(this.#targets, this.#parts.clock.now());
    this.#arm();
  }

  /** Twice is fine. */
  close(): void {
    this.replace([]);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { deadline } = this.#schedule;
    if (deadline === undefined) return;
    const delayMs = Math.max(0, Math.ceil(deadline - this.#parts.clock.now()));
    this.#timer = setTimeout(() => this.#fire(), delayMs).unref();
  }

  #fire(): void {
    for (const order of this.#schedule.due(this.#parts.clock.now())) {
      const probed = this.#targets.get(order.key);
      if (probed === undefined) continue;
      if (order.type === "probe") this.#probe(order.key, order.serial, probed);
      else this.#parts.onProbe(probed.trunkId, probed.target, faultText("timeout"));
    }
    this.#arm();
  }

  #probe(key: string, serial: number, { trunkId, target, uri, from }: ProbedTarget): void {
    const { endpoint, random, onProbe } = this.#parts;
    const request = newRequest({ method: "OPTIONS", uri, from, to: { uri, params: new Map() } }, random);
    endpoint.request(request, (response, fault, heardFrom) => {
      if (!this.#schedule.answered(key, serial)) return;
      if (response === undefined) onProbe(trunkId, target, faultText(fault ?? "transport"));
      else if (answersProbe(response.status)) onProbe(trunkId, target, undefined, heardFrom);
      else onProbe(trunkId, target, `it answered ${response.status} to OPTIONS`, heardFrom);
    });
  }
}

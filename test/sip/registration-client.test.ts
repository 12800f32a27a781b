import { describe, expect, test } from "vitest";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import { respond, type SipRequest, sipCallIdOf } from "../../src/sip/message.ts";
import {
  RegistrationClient,
  type RegistrationOptions,
  type RegistrationOrder,
} from "../../src/sip/registration-client.ts";
import { makeSipUri } from "../../src/sip/uri.ts";
import { SeededRandom } from "../kit/seeded-random.ts";

const seeded = new SeededRandom(7);
const random = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => seeded.int(0, 255));

function client(options: Partial<RegistrationOptions> = {}): RegistrationClient {
  return new RegistrationClient(
    {
      registrar: makeSipUri({ host: "example.com" }),
      address: { uri: makeSipUri({ user: "trunk", host: "example.com" }), params: new Map() },
      expiresS: 600,
      leastRetryMs: 5000,
      mostRetryMs: 60_000,
      ...options,
    },
    random,
  );
}

const requestOf = (orders: readonly RegistrationOrder[]): SipRequest => {
  for (const order of orders) if (order.type === "request") return order.request;
  throw new Error("no request");
};
const statesOf = (orders: readonly RegistrationOrder[]) =>
  orders.flatMap((order) => (order.type === "state" ? [order.state] : []));
const answer = (request: SipRequest, status: number, ...lines: [string, string][]) =>
  ({ type: "response", response: respond(request, status, { headers: SipHeaders.of(...lines) }) }) as const;

describe("registration client", () => {
  test("registration: refreshes well before the granted time is over, with the same Call-ID (RFC 3261 §10.2.4)", () => {
    const registration = client();
    const first = requestOf(registration.handle({ type: "start" }, 0));
    expect(first.headers.get("Expires")).toBe("600");
    const orders = registration.handle(answer(first, 200, ["Contact", "<sip:trunk@192.0.2.1>;expires=300"]), 50);
    expect(statesOf(orders)).toEqual([{ type: "registered", expiresS: 300 }]);
    expect(registration.deadline).toBeGreaterThan(200_000);
    expect(registration.deadline).toBeLessThan(275_000);
    const again = requestOf(registration.handle({ type: "timeout" }, registration.deadline!));
    expect(sipCallIdOf(again)).toBe(sipCallIdOf(first));
    expect(again.headers.get("CSeq")).toBe("2 REGISTER");
    // Told anew, as the end has moved.
    const refreshed = registration.handle(answer(again, 200, ["Expires", "240"]), 250_000);
    expect(statesOf(refreshed)).toEqual([{ type: "registered", expiresS: 240 }]);
  });

  test("registration: a challenge is answered, wrong credentials are not hammered (RFC 3261 §22)", () => {
    const registration = client({ authorize: () => [["Authorization", "Digest x"]] });
    let request = requestOf(registration.handle({ type: "start" }, 0));
    for (let i = 0; i < 2; i++) request = requestOf(registration.handle(answer(request, 401), 10));
    expect(request.headers.getAll("Authorization")).toEqual(["Digest x"]);
    const orders = registration.handle(answer(request, 401), 20);
    expect(statesOf(orders)).toMatchObject([{ type: "failed", status: 401 }]);
    expect(orders).toHaveLength(1);
    expect(registration.deadline).toBeGreaterThan(2500);
  });

  test("registration: waits longer after each failure, up to a bound, and never together with others (RFC 5626 §4.5)", () => {
    const registration = client();
    let now = 0;
    let orders = registration.handle({ type: "start" }, now);
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      requestOf(orders);
      registration.handle({ type: "failed", fault: "timeout" }, now);
      waits.push(registration.deadline! - now);
      now = registration.deadline!;
      orders = registration.handle({ type: "timeout" }, now);
    }
    waits.forEach((wait, i) => {
      const most = Math.min(5000 * 2 ** i, 60_000);
      expect(wait).toBeGreaterThanOrEqual(most / 2);
      expect(wait).toBeLessThanOrEqual(most);
    });
  });

  test("registration: Retry-After is kept to, an interval too brief is raised (RFC 3261 §10.2.8)", () => {
    const registration = client({ expiresS: 60 });
    const first = requestOf(registration.handle({ type: "start" }, 0));
    const second = requestOf(registration.handle(answer(first, 423, ["Min-Expires", "1800"]), 10));
    expect(second.headers.get("Expires")).toBe("1800");
    registration.handle(answer(second, 503, ["Retry-After", "120"]), 20);
    expect(registration.deadline).toBe(120_020);
  });

  test("registration: stop takes the binding back, also while a REGISTER is under way (RFC 3261 §10.2.2)", () => {
    const registration = client();
    const first = requestOf(registration.handle({ type: "start" }, 0));
    expect(registration.handle({ type: "stop" }, 5)).toEqual([]);
    const last = requestOf(registration.handle(answer(first, 200, ["Expires", "600"]), 10));
    expect(last.headers.get("Expires")).toBe("0");
    expect(statesOf(registration.handle(answer(last, 200), 20))).toEqual([{ type: "unregistered" }]);
    expect(registration.deadline).toBeUndefined();
  });

  test("registration: stop ends even when the registrar is gone, and before anything was registered", () => {
    const registration = client();
    registration.handle({ type: "start" }, 0);
    registration.handle({ type: "stop" }, 5);
    expect(statesOf(registration.handle({ type: "failed", fault: "timeout" }, 32_000))).toEqual([
      { type: "unregistered" },
    ]);
    const waiting = client();
    waiting.handle({ type: "start" }, 0);
    waiting.handle({ type: "failed", fault: "timeout" }, 10);
    expect(statesOf(waiting.handle({ type: "stop" }, 20))).toEqual([{ type: "unregistered" }]);
    expect(waiting.deadline).toBeUndefined();
  });
});

import { expect, test } from "vitest";
import { registrationStatus } from "../../../src/control/exchange/registration-status.ts";
import type { TrunkRegistration } from "../../../src/control/exchange/trunk.ts";
import type { RegistrationState } from "../../../src/sip/registration-client.ts";

/** The states after each piece of news, one a second. */
function after(...news: readonly RegistrationState[]): TrunkRegistration[] {
  let state: TrunkRegistration | undefined;
  return news.map((one, second) => {
    state = registrationStatus(state, one, second * 1000);
    return state;
  });
}

test("registration status: a refresh moves its end and not its beginning", () => {
  const [, first, refreshed] = after(
    { type: "registering" },
    { type: "registered", expiresS: 60 },
    { type: "registered", expiresS: 60 },
  );
  expect(first).toEqual({ state: "registered", since: 1000, expiresAt: 61_000, lastError: null });
  expect(refreshed).toEqual({ state: "registered", since: 1000, expiresAt: 62_000, lastError: null });
});

test("registration status: a failure says in plain words why, and when it is tried again", () => {
  const reasons = after(
    { type: "failed", status: 401, retryInMs: 2500 },
    { type: "failed", status: 503, retryInMs: 5000 },
    { type: "failed", fault: "timeout", retryInMs: 10_000 },
    { type: "failed", fault: "transport", retryInMs: 20_000 },
  ).map(({ lastError }) => lastError);
  expect(reasons).toEqual([
    "the registrar refused the user name or password (401); the next try is in 3 s",
    "the registrar answered 503; the next try is in 5 s",
    "no answer; the next try is in 10 s",
    "it cannot be reached: its name leads nowhere, or nothing listens there; the next try is in 20 s",
  ]);
});

test("registration status: the last error stays while it is tried again, and goes with success", () => {
  const states = after(
    { type: "failed", status: 403, retryInMs: 1000 },
    { type: "registering" },
    { type: "registered", expiresS: 60 },
  );
  expect(states.map(({ lastError }) => lastError !== null)).toEqual([true, true, false]);
});

test("registration status: a refresh that failed leaves the binding until its own end", () => {
  const [, failed] = after({ type: "registered", expiresS: 60 }, { type: "failed", status: 500, retryInMs: 1000 });
  expect(failed).toMatchObject({ state: "failed", since: 1000, expiresAt: 60_000 });
});

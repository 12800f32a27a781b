import { describe, expect, test } from "vitest";
import type { PlaceCallRequest } from "../../../../src/control/calls/call-control.ts";
import { type CallId, firstOrgId } from "../../../../src/kit/ids.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { CallExchange } from "../../../kit/call-exchange.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { eventually } from "../../../kit/gateway.ts";

const order = (change: Partial<PlaceCallRequest> = {}): PlaceCallRequest => ({
  orgId: firstOrgId,
  from: "+15550122",
  to: "+15550199",
  agent: quietAgent,
  record: false,
  metadata: {},
  ...change,
});

/** What was noted of a call, as one. */
const noted = ({ facts }: CallExchange, callId: CallId) =>
  Object.assign({}, ...facts.filter(([id]) => id === callId).map(([, fact]) => fact));

describe("calls that we make", () => {
  test("to a telephone of ours: it rings, answers, and the call talks; it hangs up", async () => {
    const exchange = await CallExchange.open();
    const phone = await exchange.telephone("102");
    const callId = await exchange.calls.placeCall(order({ to: "102" }));
    const called = await phone.rings();
    expect(exchange.calls.live.get(callId)?.machine.state).toBe("accepting");
    called.answer();
    await exchange.talks(callId);
    expect(exchange.remotePorts(callId)).toEqual([phone.rtpPort]);
    expect(noted(exchange, callId)).toMatchObject({ isRinging: true, carrierCallId: expect.any(String) });
    called.hangUp();
    expect(await exchange.ending(callId)).toBe("callee-hung-up");
    await exchange.empty();
  });

  test.each([
    [486, "busy"],
    [480, "no-answer"],
    [603, "call-refused"],
  ] as const)(
    "over a trunk that refuses with %i: the call ends as %s, the status is noted, the place is free",
    async (status, cause) => {
      const exchange = await CallExchange.open();
      const carrier = await exchange.stranger("carrier");
      exchange.trunk("out", carrier);
      const callId = await exchange.calls.placeCall(order());
      expect(exchange.places.get("out")).toBe(1);
      (await carrier.rings()).do({ type: "reject", status });
      expect(await exchange.ending(callId)).toBe(cause);
      expect(noted(exchange, callId)).toMatchObject({ sipStatus: status });
      await exchange.empty();
    },
  );

  test("given up by us while it rings: the far end is told, and the call ends as cancelled", async () => {
    const exchange = await CallExchange.open();
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("out", carrier);
    const callId = await exchange.calls.placeCall(order());
    const called = await carrier.rings();
    await exchange.calls.hangUp(callId, "api-hung-up");
    await called.until("ended");
    expect(called.end).toMatchObject({ by: "remote", cause: "cancelled" });
    expect(await exchange.ending(callId)).toBe("cancelled");
    await exchange.empty();
  });

  test("a telephone that is not registered: the call has its record and its reason", async () => {
    const exchange = await CallExchange.open();
    exchange.absent("102");
    const callId = await exchange.calls.placeCall(order({ to: "102" }));
    expect(await exchange.ending(callId)).toBe("call-unreachable");
    await exchange.empty();
  });

  test("nothing leads there: refused before there is a call, and it says what is missing", async () => {
    const exchange = await CallExchange.open();
    await expect(exchange.calls.placeCall(order({ to: "999" }))).rejects.toMatchObject({ code: "invalid-request" });
    await expect(exchange.calls.placeCall(order())).rejects.toMatchObject({ code: "invalid-request", field: "to" });
    const named = exchange.calls.placeCall(order({ trunkId: "nowhere" }));
    await expect(named).rejects.toMatchObject({ code: "not-found", field: "trunk" });
    expect(exchange.created).toEqual([]);
  });

  test("a trunk that is full or too busy refuses, and no place is taken", async () => {
    const exchange = await CallExchange.open();
    exchange.trunk("out", await exchange.stranger("carrier"));
    exchange.admission = "too-many-calls";
    await expect(exchange.calls.placeCall(order())).rejects.toMatchObject({ code: "unavailable" });
    exchange.admission = "too-fast";
    await expect(exchange.calls.placeCall(order())).rejects.toMatchObject({ code: "rate-limited" });
    await exchange.empty();
  });

  test("a record that cannot be written: nobody is called, and the place is free", async () => {
    const exchange = await CallExchange.open();
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("out", carrier);
    exchange.holds.set("+15550199", () => Promise.reject(new Error("disk full")));
    await expect(exchange.calls.placeCall(order())).rejects.toThrow("disk full");
    await exchange.empty();
    expect(carrier.incoming).toEqual([]);
  });

  test("a telephone that sends a call on to a carrier by 3xx: the carrier, who takes our calls for ours, is not called", async () => {
    const exchange = await CallExchange.open();
    const phone = await exchange.telephone("102", "internal");
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("out", carrier);
    const callId = await exchange.calls.placeCall(order({ to: "102" }));
    const headers = SipHeaders.of(["Contact", `<sip:+15550199@127.0.0.1:${carrier.port}>`]);
    (await phone.rings()).do({ type: "reject", status: 302, headers });
    (await phone.rings(1)).do({ type: "reject", status: 486 });
    expect(await exchange.ending(callId)).toBe("busy");
    expect(carrier.incoming).toEqual([]);
    await exchange.empty();
  });

  test.each(["own-hosts", "any"] as const)(
    "a trunk sends a call to another host by 3xx, redirects %s",
    async (redirects) => {
      const exchange = await CallExchange.open();
      const [carrier, elsewhere] = [await exchange.stranger("carrier"), await exchange.stranger("elsewhere")];
      exchange.trunk("out", carrier, { redirects });
      const callId = await exchange.calls.placeCall(order());
      const headers = SipHeaders.of(["Contact", `<sip:+15550177@localhost:${elsewhere.port}>`]);
      (await carrier.rings()).do({ type: "reject", status: 302, headers });
      if (redirects === "any") (await elsewhere.rings()).do({ type: "reject", status: 486 });
      expect(await exchange.ending(callId)).toBe(redirects === "any" ? "busy" : "call-refused");
      expect(elsewhere.incoming).toHaveLength(redirects === "any" ? 1 : 0);
      await exchange.empty();
    },
  );

  test("a number of ours that is gone is not called by a trunk for somebody who may not call out", async () => {
    const exchange = await CallExchange.open();
    const carrier = await exchange.stranger("carrier");
    exchange.trunk("out", carrier);
    const placed = exchange.sip.outgoing.place({ ...order({ agent: undefined }), stayInside: true });
    await expect(placed).rejects.toMatchObject({ code: "not-found" });
    await exchange.empty();
    expect([exchange.created, carrier.incoming]).toEqual([[], []]);
  });

  test("one that ends while its record is written, by a drain: whoever waits for it is told", async () => {
    const exchange = await CallExchange.open();
    const [caller] = [await exchange.telephone("101"), await exchange.telephone("102")];
    const { callId } = await exchange.withAgent(caller);
    let write = (): void => undefined;
    exchange.holds.set("102", () => new Promise((resolve) => (write = resolve)));
    exchange.calls.transfers.start(callId, { to: "102", mode: "blind" });
    await eventually("its record is written", () => exchange.created.find(({ to }) => to === "102"), 3000);
    const drained = exchange.calls.drained();
    write();
    const isBack = () => exchange.commands.some((command) => command.type === "leave-room") || undefined;
    await eventually("the agent has the caller again", isBack, 3000);
    expect(exchange.transfers.at(-1)).toMatchObject({ state: "failed" });
    exchange.calls.hangUpAll("gateway-stopped");
    await drained;
    await exchange.empty();
  });
});

import { describe, expect, test } from "vitest";
import { type CallerDesks, checkCaller } from "../../../../src/control/calls/io/caller-check.ts";
import type { Phone } from "../../../../src/control/exchange/phone.ts";
import type { Trunk } from "../../../../src/control/exchange/trunk.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { sipRequest } from "../../../kit/sip-messages.ts";

const phone: Phone = {
  id: "phone_1",
  orgId: firstOrgId,
  username: "101",
  number: null,
  label: null,
  mayCall: "any",
  enabled: true,
};
const trunkOf = (id: string, username: string | null = null) =>
  ({ id, inbound: { sources: [], username } }) as unknown as Trunk;

type Answer = ReturnType<CallerDesks["phones"]["authenticate"]>;

/** Who a call is from; `answer`: what its credentials come to. */
function check(
  change: {
    address?: string;
    from?: string;
    uri?: string;
    extra?: string[];
    answer?: Answer;
    trunks?: Partial<CallerDesks["trunks"]>;
  } = {},
) {
  const { address = "192.168.1.20", from = "guest", uri = "sip:+15550100@gw.example.com", extra = [] } = change;
  let asked = 0;
  const desks = {
    phones: {
      authenticate: () => {
        asked++;
        return change.answer ?? { type: "unknown" };
      },
      findByUsername: (name: string) => (name === "101" ? phone : undefined),
    },
    trunks: {
      matchContact: () => undefined,
      matchSource: () => undefined,
      matchUser: (name: string) => (name === "pbx" ? { trunk: trunkOf("digest", "pbx"), ha1: {} } : undefined),
      mayComeFrom: () => true,
      ...change.trunks,
    },
  } as unknown as CallerDesks;
  const request = sipRequest("INVITE", { uri, extra });
  request.headers.set("From", `<sip:${from}@example.com>;tag=1`);
  const found = checkCaller(desks, request, { transport: "UDP", address, port: 5060 }, 0);
  const id = found.type === "trunk" ? found.trunk.id : found.type === "phone" ? found.phone.id : undefined;
  return { type: found.type, id, asked };
}

const challenge: Answer = { type: "challenge", headers: new SipHeaders() };

describe("who calls", () => {
  test.each(["127.0.0.1", "192.168.1.20", "10.1.2.3", "fd00::1"])(
    "somebody at %s without a name of ours is a guest",
    (address) => {
      expect(check({ address })).toMatchObject({ type: "guest", asked: 0 });
    },
  );

  test("somebody on the internet is asked for credentials, or refused where nobody could have any", () => {
    expect(check({ address: "8.8.8.8", answer: challenge }).type).toBe("challenge");
    expect(check({ address: "8.8.8.8" }).type).toBe("refused");
  });

  test("a guest who names a telephone or trunk of ours has to prove it", () => {
    expect(check({ from: "101", answer: challenge }).type).toBe("challenge");
    expect(check({ from: "pbx", answer: challenge }).type).toBe("challenge");
    expect(check({ from: "101", answer: { type: "phone", phone } })).toMatchObject({ type: "phone", id: "phone_1" });
  });

  test("wrong credentials are refused also in a private network", () => {
    const extra = ['Authorization: Digest username="x"'];
    expect(check({ extra, answer: { type: "refused" } })).toMatchObject({ type: "refused", asked: 1 });
  });

  test("a trunk is known by its address, or by its credentials where it has a user name", () => {
    const bySource = (username: string | null) => ({ matchSource: () => trunkOf("source", username) });
    const address = "8.8.8.8";
    expect(check({ address, trunks: bySource(null) })).toMatchObject({ type: "trunk", id: "source", asked: 0 });
    expect(check({ address, trunks: bySource("pbx"), answer: challenge }).type).toBe("challenge");
    const proved: Answer = { type: "trunk", username: "pbx" };
    expect(check({ address, trunks: bySource("pbx"), answer: proved })).toMatchObject({ type: "trunk", id: "digest" });
  });

  test("the address of a trunk that authenticates makes nobody a guest, private or not", () => {
    const trunks = { matchSource: () => trunkOf("source", "pbx") };
    expect(check({ address: "10.0.0.5", trunks, answer: challenge }).type).toBe("challenge");
  });

  test("a trunk's credentials from elsewhere than its sources are refused", () => {
    const answer: Answer = { type: "trunk", username: "pbx" };
    expect(check({ address: "8.8.8.8", answer, trunks: { mayComeFrom: () => false } }).type).toBe("refused");
  });

  test("a call to the Contact that a trunk registered is its own, whatever server it comes from", () => {
    const trunks = { matchContact: (user: string) => (user === "t0123" ? trunkOf("line") : undefined) };
    const uri = "sip:t0123@gw.example.com";
    expect(check({ address: "9.9.9.9", uri, trunks })).toMatchObject({ type: "trunk", id: "line", asked: 0 });
  });
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SipDial } from "../../../../src/control/calls/io/sip-dial.ts";
import { sipMediaOptions } from "../../../../src/control/calls/sip-media.ts";
import type { DialPlan } from "../../../../src/control/exchange/dial-plan.ts";
import type { CallId } from "../../../../src/kit/ids.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { noParams } from "../../../../src/sip/headers/params.ts";
import { makeSipUri } from "../../../../src/sip/uri.ts";
import { FakeSip } from "../../../kit/fake-sip.ts";
import { LiveHouse } from "../../../kit/live-house.ts";
import { audioSdp } from "../../../kit/sdp.ts";

const callId = "call_00000000000000000000000001" as CallId;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Dials groups of hosts: `["a b", "c"]` rings a and b together, then c. */
function dial(groups: readonly string[], failing?: FakeSip["failing"]) {
  const sip = new FakeSip();
  if (failing) sip.failing = failing;
  const house = new LiveHouse();
  const told: string[] = [];
  const reached: string[] = [];
  const named = (user: string) => ({ uri: makeSipUri({ user, host: "example.com" }), params: noParams });
  const plan: DialPlan = {
    groups: groups.map((group) =>
      group.split(" ").map((host) => ({
        uri: makeSipUri({ user: "+15550199", host }),
        reached: (isReached) => reached.push(`${host} ${isReached}`),
      })),
    ),
    from: named("+15550122"),
    to: named("+15550199"),
    headers: SipHeaders.of(["X-Order", "7"]),
    sdp: sipMediaOptions,
    dtmf: "auto",
    sessionExpiresS: 0,
    ringTimeoutMs: 30_000,
  };
  const one = new SipDial({
    sessions: sip.sessions,
    live: house.live,
    clock: house.clock,
    randomBytes: house.randomBytes,
    plan,
    media: { callId, port: 20_000, hasBegun: false },
    onDialog: (id, sipCallId) => told.push(`${id === callId ? "dialog" : "?"} ${sipCallId}`),
    localAddressFor: () => "192.0.2.1",
    events: {
      ringing: () => told.push("ringing"),
      answered: (leg, sipCallId) => told.push(`answered ${leg.session} ${sipCallId}`),
      failed: ({ cause, sipStatus }) => told.push(`failed ${cause} ${sipStatus ?? "-"}`),
    },
  });
  one.start();
  return { one, sip, told, reached, hosts: () => sip.made.map(({ call }) => call.uri.type === "sip" && call.uri.host) };
}

describe("dialling", () => {
  test("the INVITE has our offer, the plan's headers and its ringing time", () => {
    const { sip } = dial(["a"]);
    const { call, parts } = sip.made[0]!;
    expect(Buffer.from(call.sdp ?? []).toString()).toMatch(/c=IN IP4 192\.0\.2\.1\r\n[\s\S]*m=audio 20000 /);
    expect(call.headers?.get("X-Order")).toBe("7");
    expect(parts.options).toMatchObject({ maxRingMs: 30_000, sessionExpiresS: 0 });
  });

  test("rings once however often it is told, then the one that answers is the call's", () => {
    const { sip, told, reached } = dial(["a"]);
    sip.progress("s1", 180);
    sip.progress("s1", 183);
    sip.answered("s1", audioSdp());
    expect(told).toEqual(["dialog id of s1", "ringing", "answered s1 id of s1"]);
    expect(reached).toEqual(["a true"]);
  });

  test("an answer that came early is the answer of a 200 without one (RFC 3262 §5)", () => {
    const { sip, told } = dial(["a"]);
    sip.progress("s1", 183, audioSdp());
    sip.answered("s1");
    expect(told.at(-1)).toBe("answered s1 id of s1");
  });

  test("devices that ring together: the first that answers has the call, the others stop", () => {
    const { sip, told } = dial(["a b c"]);
    sip.progress("s2", 180);
    sip.answered("s2", audioSdp());
    expect(sip.asked().sort()).toEqual(["s1 hang-up", "s3 hang-up"]);
    // Too late: hung up by its session, and no news to anybody.
    sip.answered("s3", audioSdp());
    expect(told.filter((line) => line.startsWith("answered"))).toHaveLength(1);
  });

  test("one device is busy while another rings: the call goes on, and ends as the person said", () => {
    const { sip, told } = dial(["a b"]);
    sip.refused("s1", 486);
    expect(told).not.toContain("failed busy 486");
    sip.refused("s2", 404);
    expect(told.at(-1)).toBe("failed busy 486");
  });

  test.each([503, 500, 408])("a server that fails with %i: the next target is tried", (status) => {
    const { sip, told, reached, hosts } = dial(["a", "b"]);
    sip.refused("s1", status);
    expect(hosts()).toEqual(["a", "b"]);
    sip.answered("s2", audioSdp());
    expect(reached).toEqual(["a false", "b true"]);
    expect(told.at(-1)).toMatch(/^answered s2/);
  });

  test.each([
    [486, "busy"],
    [480, "no-answer"],
    [603, "call-refused"],
    [404, "call-refused"],
  ])("a person or network that says no with %i: no other target is tried", (status, cause) => {
    const { sip, told, reached, hosts } = dial(["a", "b"]);
    sip.refused("s1", status);
    expect(hosts()).toEqual(["a"]);
    expect(told.at(-1)).toBe(`failed ${cause} ${status}`);
    expect(reached).toEqual(["a true"]);
  });

  test("nobody answers in time: no other target is tried", () => {
    const { sip, told } = dial(["a", "b"]);
    sip.tell("s1", { type: "ended", end: { by: "local", cause: "no-answer", reasons: [] } });
    expect(told.at(-1)).toBe("failed no-answer -");
  });

  test("a target that says nothing for 5 s is left for the next one", () => {
    const { sip, hosts, reached } = dial(["a", "b"]);
    vi.advanceTimersByTime(4_999);
    expect(hosts()).toEqual(["a"]);
    vi.advanceTimersByTime(1);
    expect(hosts()).toEqual(["a", "b"]);
    expect(sip.asked()).toEqual(["s1 hang-up"]);
    expect(reached).toEqual(["a false"]);
  });

  test("a target that has the INVITE (100) is there, however long it takes to ring", () => {
    const { sip, hosts } = dial(["a", "b"]);
    sip.tell("s1", { type: "trying" });
    vi.advanceTimersByTime(60_000);
    expect(hosts()).toEqual(["a"]);
  });

  test("the last target has all the time of its transaction", () => {
    const { sip, hosts } = dial(["a"]);
    vi.advanceTimersByTime(60_000);
    expect(hosts()).toEqual(["a"]);
    expect(sip.asked()).toEqual([]);
  });

  test("all targets fail: the failure that tells most is told, a status before silence", () => {
    const { sip, told } = dial(["a", "b"]);
    sip.refused("s1", 503);
    sip.tell("s2", { type: "ended", end: { by: "network", cause: "timeout", reasons: [] } });
    expect(told.at(-1)).toBe("failed call-refused 503");
  });

  test("targets whose transport fails at once are passed over, each of a group before the next group", () => {
    const { told, hosts } = dial(["a b", "c"], () => ({ by: "network", cause: "transport", reasons: [] }));
    expect(hosts()).toEqual(["a", "b", "c"]);
    expect(told.at(-1)).toBe("failed call-unreachable -");
  });

  test("an answer with nothing in common is hung up, and the call refused with 488", () => {
    const { sip, told, reached } = dial(["a"]);
    sip.answered("s1", audioSdp({ formats: "4" }));
    expect(sip.asked()).toEqual(["s1 hang-up"]);
    expect(reached).toEqual(["a true"]);
    expect(told.at(-1)).toBe("failed call-refused 488");
  });

  test("nowhere to call: told at once", () => {
    expect(dial([]).told).toEqual(["failed call-unreachable -"]);
  });

  test("given up: everything that rings stops, and nothing is told any more", () => {
    const { one, sip, told } = dial(["a b"]);
    one.cancel();
    expect(sip.asked()).toEqual(["s1 hang-up", "s2 hang-up"]);
    sip.refused("s1", 487);
    sip.answered("s2", audioSdp());
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([]);
  });
});

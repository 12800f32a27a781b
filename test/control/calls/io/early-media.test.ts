import { describe, expect, onTestFinished, test } from "vitest";
import { SipDial } from "../../../../src/control/calls/io/sip-dial.ts";
import { sipMediaOptions } from "../../../../src/control/calls/sip-media.ts";
import type { DialPlan } from "../../../../src/control/exchange/dial-plan.ts";
import { firstOrgId } from "../../../../src/kit/ids.ts";
import type { MediaCommand } from "../../../../src/media/protocol.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import { noParams } from "../../../../src/sip/headers/params.ts";
import { makeSipUri } from "../../../../src/sip/uri.ts";
import { CallExchange } from "../../../kit/call-exchange.ts";
import { FakeSip } from "../../../kit/fake-sip.ts";
import { eventually } from "../../../kit/gateway.ts";
import { LiveHouse } from "../../../kit/live-house.ts";
import { audioSdp } from "../../../kit/sdp.ts";
import type { Telephone, TelephoneLine } from "../../../kit/telephone.ts";

/** What a media process was told of RTP: `begin early to 40000`, `change to 41000`, `answer`. */
function rtp(command: MediaCommand): string[] {
  if (command.type === "answer-rtp") return ["answer"];
  if (command.type !== "begin-rtp" && command.type !== "change-rtp") return [];
  const isEarly = command.type === "begin-rtp" && command.early ? " early" : "";
  return [`${command.type.slice(0, -4)}${isEarly} to ${command.media.remote?.port}`];
}

/** Dials groups of hosts: `["a b", "c"]` rings a and b together, then c. `agent`: early media are nobody's. */
async function dial(groups: readonly string[], agent = false) {
  const sip = new FakeSip();
  const house = new LiveHouse();
  const { callId } = await house.ringing();
  house.commands.length = 0;
  const told: string[] = [];
  const named = (user: string) => ({ uri: makeSipUri({ user, host: "example.com" }), params: noParams });
  const plan: DialPlan = {
    groups: groups.map((group) => group.split(" ").map((host) => ({ uri: makeSipUri({ user: "+15550199", host }) }))),
    from: named("+15550122"),
    to: named("+15550199"),
    headers: SipHeaders.of(),
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
    onDialog: () => undefined,
    localAddressFor: () => "192.0.2.1",
    events: {
      ringing: () => told.push("ringing"),
      ...(!agent && {
        early: (leg) => {
          told.push(`early ${leg.session}`);
          leg.startEarlyMedia();
        },
      }),
      answered: (leg) => {
        told.push(`answered ${leg.session}`);
        leg.startMedia();
      },
      failed: ({ cause }) => told.push(`failed ${cause}`),
    },
  });
  onTestFinished(() => one.cancel());
  one.start();
  return {
    sip,
    told,
    rtp: () => house.commands.splice(0).flatMap(rtp),
    /** One of several that a target forked to gives an early answer, or takes the call. */
    fork: (type: "progress" | "answered", fork: string, sdp: Uint8Array) => {
      const rest = { fork, sdp, headers: new SipHeaders() };
      if (type === "answered") sip.tell("s1", { type, ...rest });
      else sip.tell("s1", { type, status: 183, reason: "", ...rest });
    },
  };
}

describe("dialling: media before the answer (RFC 3960)", () => {
  test.each([
    ["the same again", audioSdp()],
    ["nothing", undefined],
  ])("a 183 begins them, a 200 with %s is the call's start and changes nothing", async (_what, sdp) => {
    const { sip, told, rtp } = await dial(["a"]);
    sip.progress("s1", 180);
    expect(rtp()).toEqual([]);
    sip.progress("s1", 183, audioSdp());
    sip.progress("s1", 183, audioSdp());
    expect(rtp()).toEqual(["begin early to 40000"]);
    sip.answered("s1", sdp);
    expect(rtp()).toEqual(["answer"]);
    expect(told).toEqual(["ringing", "early s1", "answered s1"]);
  });

  test("a 200 with other media changes them first", async () => {
    const { sip, rtp } = await dial(["a"]);
    sip.progress("s1", 183, audioSdp());
    sip.answered("s1", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000", "answer"]);
  });

  test("of several forks the first is heard, until another one takes the call", async () => {
    const { fork, rtp, told } = await dial(["a"]);
    fork("progress", "f1", audioSdp());
    fork("progress", "f2", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["begin early to 40000"]);
    fork("answered", "f2", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["change to 41000", "answer"]);
    expect(told).toEqual(["early s1", "ringing", "answered s1"]);
  });

  test("of several devices the first is heard, until another one answers", async () => {
    const { sip, rtp, told } = await dial(["a b"]);
    sip.progress("s1", 183, audioSdp());
    sip.progress("s2", 183, audioSdp({ port: 41_000 }));
    sip.answered("s2", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000", "answer"]);
    expect(sip.asked()).toEqual(["s1 hang-up"]);
    expect(told).toEqual(["early s1", "ringing", "answered s2"]);
  });

  test("the one that is heard fails: the next that has media is, at once or when it has them", async () => {
    const { sip, rtp, told } = await dial(["a b", "c"]);
    sip.progress("s1", 183, audioSdp());
    sip.progress("s2", 183, audioSdp({ port: 41_000 }));
    sip.refused("s1", 503);
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000"]);
    sip.refused("s2", 503);
    sip.progress("s3", 180);
    expect(rtp()).toEqual([]);
    sip.progress("s3", 183, audioSdp({ port: 42_000 }));
    sip.answered("s3");
    expect(rtp()).toEqual(["change to 42000", "answer"]);
    expect(told).toEqual(["early s1", "ringing", "early s2", "early s3", "answered s3"]);
  });

  test("the one that is heard fails, and the next one just answers", async () => {
    const { sip, rtp } = await dial(["a", "b"]);
    sip.progress("s1", 183, audioSdp());
    sip.refused("s1", 503);
    sip.answered("s2", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000", "answer"]);
  });

  test("redirected: what was heard is over", async () => {
    const { sip, fork, rtp } = await dial(["a"]);
    sip.progress("s1", 183, audioSdp());
    sip.tell("s1", { type: "redirected", to: makeSipUri({ user: "+15550199", host: "b" }) });
    fork("progress", "there", audioSdp({ port: 41_000 }));
    fork("answered", "there", audioSdp({ port: 41_000 }));
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000", "answer"]);
  });

  test("the one that is heard changes its media by UPDATE before it answers (RFC 3311): that holds", async () => {
    const { sip, rtp } = await dial(["a"]);
    sip.progress("s1", 183, audioSdp());
    sip.tell("s1", { type: "remote-offer", sdp: audioSdp({ port: 41_000 }) });
    expect(sip.asked()).toEqual(["s1 answer-offer"]);
    expect(rtp()).toEqual(["begin early to 40000", "change to 41000"]);
    sip.answered("s1", audioSdp());
    expect(rtp()).toEqual(["answer"]);
  });

  test("an early answer with nothing in common is not heard; the call is not lost by it", async () => {
    const { sip, rtp, told } = await dial(["a"]);
    sip.progress("s1", 183, audioSdp({ formats: "4" }));
    sip.answered("s1", audioSdp());
    expect(rtp()).toEqual(["begin to 40000"]);
    expect(told).toEqual(["ringing", "answered s1"]);
  });

  test("a far end that is not going to send before it answers is not waited for in silence", async () => {
    const { sip, rtp, told } = await dial(["a"]);
    sip.progress("s1", 183, audioSdp({ direction: "inactive" }));
    sip.tell("s1", { type: "remote-offer", sdp: audioSdp() });
    sip.answered("s1", audioSdp({ direction: "inactive" }));
    expect(rtp()).toEqual(["begin to 40000"]);
    expect(told).toEqual(["ringing", "answered s1"]);
  });

  test("where nobody wants them they do not begin, whatever the far end does before it answers", async () => {
    const { sip, rtp } = await dial(["a"], true);
    sip.progress("s1", 183, audioSdp());
    sip.tell("s1", { type: "remote-offer", sdp: audioSdp({ port: 41_000 }) });
    expect(rtp()).toEqual([]);
    sip.answered("s1", audioSdp());
    expect(rtp()).toEqual(["begin to 41000"]);
  });
});

interface Talk {
  readonly exchange: CallExchange;
  readonly calling: TelephoneLine;
  readonly called: TelephoneLine;
  readonly callee: Telephone;
}

/** 101 calls 102, whose side is heard before it answers. */
async function announced(): Promise<Talk> {
  const exchange = await CallExchange.open();
  const [a, callee] = [await exchange.telephone("101"), await exchange.telephone("102")];
  const calling = a.call("102");
  const called = await callee.rings();
  called.do({ type: "progress", status: 183, sdp: callee.sdp() });
  await eventually("the caller has early media", () => (calling.ports.length > 0 ? true : undefined), 3000);
  return { exchange, calling, called, callee };
}

/** Both calls, the caller's first. */
function callIds({ created }: CallExchange) {
  const [caller, callee] = created;
  if (!caller || !callee) throw new Error("there are not two calls");
  return [caller.callId, callee.callId] as const;
}

const commandsOf = ({ commands }: CallExchange, callId: string) =>
  commands.flatMap((command) => {
    if (!("callId" in command) || command.callId !== callId) return [];
    return command.type === "join-room" ? [`joins ${command.hears}`] : rtp(command).map((one) => one.split(" to ")[0]);
  });

const stateOf = ({ calls }: CallExchange, callId: ReturnType<typeof callIds>[0]) =>
  calls.live.get(callId)?.machine.state;

describe("joined calls: media before the answer", () => {
  test("the caller gets 183 with our SDP, both are in a room, and nothing has started", async () => {
    const { exchange, calling } = await announced();
    const statuses = calling.events.flatMap((event) => (event.type === "progress" ? [event.status] : []));
    expect(statuses).toEqual([180, 183]);
    for (const callId of callIds(exchange)) {
      expect(commandsOf(exchange, callId)).toEqual(["begin early", "joins room"]);
      expect(stateOf(exchange, callId)).toBe("accepting");
    }
  });

  test("answered: both start with the media that are there", async () => {
    const { exchange, calling, called } = await announced();
    called.answer();
    await calling.until("answered");
    for (const callId of callIds(exchange)) {
      await exchange.talks(callId);
      expect(commandsOf(exchange, callId)).toEqual(["begin early", "joins room", "answer"]);
    }
    expect(new Set(calling.ports).size).toBe(1);
    calling.hangUp();
    for (const callId of callIds(exchange)) expect(await exchange.ending(callId)).toBe("caller-hung-up");
    await exchange.empty();
  });

  test.each([
    [404, "call-refused"],
    [486, "busy"],
  ] as const)("refused with %i after that: the caller gets it, and both calls end as %s", async (status, cause) => {
    const { exchange, calling, called } = await announced();
    called.do({ type: "reject", status });
    await calling.until("ended");
    expect(calling.end).toMatchObject({ cause: "rejected", status });
    for (const callId of callIds(exchange)) expect(await exchange.ending(callId)).toBe(cause);
    expect(exchange.commands.some(({ type }) => type === "answer-rtp")).toBe(false);
    await exchange.empty();
  });

  test("the caller gives up while it listens: the callee's side is cancelled", async () => {
    const { exchange, calling, called } = await announced();
    calling.hangUp();
    await called.until("ended");
    expect(called.end).toMatchObject({ cause: "cancelled" });
    const [caller, callee] = callIds(exchange);
    expect([await exchange.ending(caller), await exchange.ending(callee)]).toEqual(["caller-hung-up", "cancelled"]);
    await exchange.empty();
  });

  test("an agent's call does not listen", async () => {
    const exchange = await CallExchange.open();
    const callee = await exchange.telephone("102");
    const { resolveAgent } = exchange.records;
    const agent = await resolveAgent("+15550111" as Parameters<typeof resolveAgent>[0], "");
    const callId = await exchange.calls.placeCall({
      orgId: firstOrgId,
      from: "101",
      to: "102",
      agent,
      record: false,
      metadata: {},
    });
    const called = await callee.rings();
    called.do({ type: "progress", status: 183, sdp: callee.sdp() });
    called.answer();
    await exchange.talks(callId);
    expect(commandsOf(exchange, callId)).toEqual(["begin"]);
  });
});

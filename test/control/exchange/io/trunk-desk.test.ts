import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { TrunkDesk, type TrunkEndpoint } from "../../../../src/control/exchange/io/trunk-desk.ts";
import type { Trunk, TrunkRecord } from "../../../../src/control/exchange/trunk.ts";
import { defaultTrunk } from "../../../../src/control/service/trunks.ts";
import { type E164, firstOrgId } from "../../../../src/kit/ids.ts";
import { systemRandom } from "../../../../src/kit/io/random.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { hashA1 } from "../../../../src/sip/digest.ts";
import { DigestServer, defaultDigestServer } from "../../../../src/sip/digest-server.ts";
import {
  authorizationField,
  contactField,
  fromField,
  wwwAuthenticateField,
} from "../../../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../../../src/sip/headers/headers.ts";
import type { Hop } from "../../../../src/sip/hop.ts";
import { type RegistrationNews, type RequestResult, SipEndpoint } from "../../../../src/sip/io/sip-endpoint.ts";
import { respond, type SipRequest } from "../../../../src/sip/message.ts";
import { defaultRegistrar, Registrar } from "../../../../src/sip/registrar.ts";
import type { RegistrationOptions } from "../../../../src/sip/registration-client.ts";
import { parseUri, userOf, writeUri } from "../../../../src/sip/uri.ts";
import { HeldClock, seededRandom } from "../../gateway.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A SIP endpoint that remembers what it was asked, and answers when a test says so. */
class FakeEndpoint implements TrunkEndpoint {
  readonly registrations: { options: RegistrationOptions; news: RegistrationNews; stopped: boolean }[] = [];
  readonly requests: { request: SipRequest; onResult: RequestResult }[] = [];
  /** Whether a binding is taken back without a word of the registrar. */
  unregistersAtOnce = true;

  register(options: RegistrationOptions, news: RegistrationNews) {
    const entry = { options, news, stopped: false };
    this.registrations.push(entry);
    news({ type: "registering" });
    return {
      stop: () => {
        entry.stopped = true;
        if (this.unregistersAtOnce) news({ type: "unregistered" });
      },
    };
  }

  request(request: SipRequest, onResult: RequestResult): void {
    this.requests.push({ request, onResult });
  }

  /** Targets asked since the last look. */
  asked(): string[] {
    return this.requests.splice(0).map(({ request }) => writeUri(request.uri));
  }

  /** Answers all that was asked. */
  answer(status: number, address = "192.0.2.1"): void {
    for (const { request, onResult } of this.requests.splice(0)) {
      onResult(respond(request, status), undefined, hopAt(address));
    }
  }
}

const hopAt = (address: string): Hop => ({ transport: "UDP", address, port: 5060 });

function record(id: string, change: Partial<Trunk> = {}, password: string | null = "secret"): TrunkRecord {
  const trunk = { ...defaultTrunk, probeEveryS: 0, id, orgId: firstOrgId, name: `name of ${id}`, ...change };
  return { trunk, password, contactUser: `contact-${id}` };
}

const target = (uri: string, priority = 0, weight = 1) => ({ uri, priority, weight });
const out = (...uris: readonly string[]) => ({
  targets: uris.map((uri, index) => target(uri, index)),
  username: null,
  realm: null,
});
const registering = {
  register: { registrar: "sip:192.0.2.10", aor: "sip:4930123@provider.example", expiresS: 300 },
} as const;

async function open(...records: readonly TrunkRecord[]) {
  const clock = new HeldClock();
  const store = { records: [...records], loadTrunks: async () => store.records };
  const metrics = createMetrics();
  const desk = new TrunkDesk({
    records: store,
    realm: "tandem",
    allowMd5: true,
    clock,
    random: seededRandom(),
    log: createLogger("silent", "test"),
    metrics,
    dns: async (query) =>
      query.type === "address" ? { type: "address", addresses: ["198.51.100.20"] } : { ...query, records: [] },
  });
  const endpoint = new FakeEndpoint();
  await desk.start(endpoint);
  onTestFinished(() => desk.close());
  const change = (...changed: readonly TrunkRecord[]) => {
    store.records = [...changed];
    return desk.reload();
  };
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.ms += 100;
      vi.advanceTimersByTime(100);
    }
  };
  const gauge = async (name: string) => {
    const lines = (await metrics.registry.metrics()).split("\n").filter((line) => line.startsWith(`${name}{`));
    return lines.map((line) => line.slice(name.length));
  };
  return { desk, endpoint, clock, change, pass, gauge };
}

describe("trunk desk: whose a call is", () => {
  test("sources: the most specific block's trunk; a disabled trunk's are nobody's", async () => {
    const { desk } = await open(
      record("lan", { inbound: { sources: ["10.0.0.0/8"], username: null } }),
      record("pbx", { inbound: { sources: ["10.1.2.3"], username: null } }),
      record("off", { enabled: false, inbound: { sources: ["203.0.113.7"], username: null } }),
    );
    expect(desk.matchSource("10.1.2.3")?.id).toBe("pbx");
    expect(desk.matchSource("::ffff:10.9.9.9")?.id).toBe("lan");
    expect(desk.matchSource("203.0.113.7")).toBeUndefined();
    expect(desk.get("off")).toBeUndefined();
    expect(desk.get("lan")?.name).toBe("name of lan");
  });

  test("user names: with a digest of the password in our realm, MD5 where it is allowed", async () => {
    const { desk } = await open(record("a", { inbound: { sources: [], username: "carrier" } }));
    expect(desk.matchUser("carrier")).toMatchObject({
      trunk: { id: "a" },
      ha1: {
        "SHA-256": hashA1("SHA-256", "carrier", "tandem", "secret"),
        MD5: hashA1("MD5", "carrier", "tandem", "secret"),
      },
    });
    expect(desk.matchUser("Carrier")).toBeUndefined();
  });

  test("user names: MD5 is not there where it is not allowed, and a trunk without a password matches nobody", async () => {
    const clock = new HeldClock();
    const loadTrunks = async () => [
      record("a", { inbound: { sources: [], username: "carrier" } }),
      record("b", { inbound: { sources: [], username: "nobody" } }, null),
    ];
    const [log, metrics, random] = [createLogger("silent", "test"), createMetrics(), seededRandom()];
    const parts = { records: { loadTrunks }, realm: "tandem", clock, random, log, metrics };
    const desk = new TrunkDesk({ ...parts, allowMd5: false });
    await desk.reload();
    expect(Object.keys(desk.matchUser("carrier")?.ha1 ?? {}).sort()).toEqual(["SHA-256", "SHA-512-256"]);
    expect(desk.matchUser("nobody")).toBeUndefined();
  });

  test("sources: a trunk that has a list takes calls from there alone, one without from everywhere", async () => {
    const { desk } = await open(
      record("listed", { inbound: { sources: ["192.0.2.0/24"], username: "a" } }),
      record("open", { inbound: { sources: [], username: "b" } }),
    );
    const [listed, anywhere] = [desk.get("listed")!, desk.get("open")!];
    expect(desk.mayComeFrom(listed, "192.0.2.200")).toBe(true);
    expect(desk.mayComeFrom(listed, "203.0.113.1")).toBe(false);
    expect(desk.mayComeFrom(anywhere, "203.0.113.1")).toBe(true);
  });

  test("registering trunks: calls come to the Contact, and from where the registrar is or answered", async () => {
    const { desk, endpoint } = await open(
      record("a", { ...registering, outbound: out("sip:gw.provider.example") }),
      record("static", { outbound: out("sip:192.0.2.66") }),
    );
    await vi.waitFor(() => expect(desk.matchSource("198.51.100.20")?.id).toBe("a"));
    expect(desk.matchContact("contact-a")?.id).toBe("a");
    expect(desk.matchContact("contact-static")).toBeUndefined();
    expect(desk.matchSource("192.0.2.10")?.id).toBe("a");
    expect(desk.matchSource("192.0.2.77")).toBeUndefined();
    endpoint.registrations[0]?.news({ type: "registered", expiresS: 300 }, hopAt("192.0.2.77"));
    expect(desk.matchSource("192.0.2.77")?.id).toBe("a");
    // Whoever we only call may not call us by that alone.
    expect(desk.matchSource("192.0.2.66")).toBeUndefined();
  });
});

describe("trunk desk: registrations", () => {
  test("registration: the trunk's address at its registrar, with its own Contact user, and its state for people", async () => {
    const { desk, endpoint, clock, gauge } = await open(record("a", registering));
    const { options, news } = endpoint.registrations[0]!;
    expect(writeUri(options.registrar)).toBe("sip:192.0.2.10");
    expect(writeUri(options.address.uri)).toBe("sip:4930123@provider.example");
    expect(options).toMatchObject({ expiresS: 300, contactUser: "contact-a" });
    expect(desk.state("a")?.registration?.state).toBe("registering");
    clock.ms = 1000;
    news({ type: "registered", expiresS: 300 });
    expect(desk.state("a")?.registration).toEqual({
      state: "registered",
      since: clock.wall(),
      expiresAt: clock.wall() + 300_000,
      lastError: null,
    });
    expect(await gauge("tandem_trunk_registered")).toEqual(['{trunk="name of a"} 1']);
    news({ type: "failed", status: 403, retryInMs: 5000 });
    expect(desk.state("a")?.registration?.lastError).toContain("403");
    expect(await gauge("tandem_trunk_registered")).toEqual(['{trunk="name of a"} 0']);
  });

  test("registration: goes on untouched when something else is changed", async () => {
    const { endpoint, change } = await open(record("a", registering));
    await change(record("a", { ...registering, maxCalls: 1 }), record("b"));
    expect(endpoint.registrations.map(({ stopped }) => stopped)).toEqual([false]);
  });

  test("registration: a changed one begins when the old one is taken back, so that the two never cross", async () => {
    const { desk, endpoint, change } = await open(record("a", registering));
    endpoint.unregistersAtOnce = false;
    await change(record("a", registering, "another password"));
    expect(endpoint.registrations.map(({ stopped }) => stopped)).toEqual([true]);
    endpoint.registrations[0]?.news({ type: "unregistered" });
    expect(endpoint.registrations.map(({ stopped }) => stopped)).toEqual([true, false]);
    expect(desk.state("a")?.registration?.state).toBe("registering");
    endpoint.unregistersAtOnce = true;
  });

  test("registration: ends with the trunk, when it is disabled, and when it is not wanted any more", async () => {
    for (const last of [[], [record("a", { ...registering, enabled: false })], [record("a")]]) {
      const { desk, endpoint, change, gauge } = await open(record("a", registering));
      await change(...last);
      expect(endpoint.registrations.map(({ stopped }) => stopped)).toEqual([true]);
      expect(desk.state("a")?.registration ?? null).toBeNull();
      expect(desk.matchContact("contact-a")).toBeUndefined();
      expect(await gauge("tandem_trunk_registered")).toEqual([]);
    }
  });

  test("registration: a stop takes the bindings back, and waits for a silent registrar no longer than 2 s", async () => {
    const { desk, endpoint } = await open(record("a", registering));
    endpoint.unregistersAtOnce = false;
    let closed = false;
    const closing = desk.close().then(() => {
      closed = true;
    });
    await vi.advanceTimersByTimeAsync(1999);
    expect([endpoint.registrations[0]?.stopped, closed]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    await closing;
    await desk.close();
  });
});

describe("trunk desk: targets", () => {
  const two = { outbound: out("sip:192.0.2.1", "sip:192.0.2.2") };
  const order = (desk: TrunkDesk, now: number) => desk.targets(desk.get("a")!, now).map(({ uri }) => uri.slice(-1));

  test("targets: by priority; one that failed a call is tried last until it is heard again", async () => {
    const { desk, clock } = await open(record("a", two));
    expect(order(desk, 0)).toEqual(["1", "2"]);
    desk.reportTarget("a", "sip:192.0.2.1", false, clock.now());
    expect(order(desk, 29_999)).toEqual(["2", "1"]);
    expect(order(desk, 30_000)).toEqual(["1", "2"]);
    desk.reportTarget("a", "sip:192.0.2.1", false, clock.now());
    desk.reportTarget("a", "sip:192.0.2.1", true, clock.now());
    expect(order(desk, 0)).toEqual(["1", "2"]);
  });

  test("targets: what is known of them outlives a change of the trunk", async () => {
    const { desk, clock, change } = await open(record("a", two));
    desk.reportTarget("a", "sip:192.0.2.1", false, clock.now());
    await change(record("a", { ...two, maxCalls: 7 }));
    expect(order(desk, 1000)).toEqual(["2", "1"]);
  });

  test("targets: a registering trunk without any sends its calls to the registrar", async () => {
    const { desk } = await open(record("a", registering));
    expect(desk.targets(desk.get("a")!, 0)).toEqual([target("sip:192.0.2.10")]);
  });

  test("probes: each target is asked at its pace; two silences take it down, an answer brings it back", async () => {
    const { desk, endpoint, clock, pass, gauge } = await open(record("a", { ...two, probeEveryS: 10 }));
    pass(1000);
    expect(endpoint.requests.map(({ request }) => request.method)).toEqual(["OPTIONS", "OPTIONS"]);
    endpoint.answer(404);
    const states = () => desk.state("a")?.targets.map(({ state }) => state);
    expect(states()).toEqual(["up", "up"]);
    expect(desk.state("a")?.targets[0]?.lastOkAt).toBe(clock.wall());
    for (let round = 0; round < 2; round++) {
      pass(10_000);
      for (const { request, onResult } of endpoint.requests.splice(0)) {
        if (writeUri(request.uri).endsWith("2")) onResult(respond(request, 200), undefined, hopAt("192.0.2.2"));
      }
    }
    pass(10_000);
    expect(states()).toEqual(["down", "up"]);
    expect(desk.state("a")?.targets[0]?.lastError).toBe("no answer");
    expect(order(desk, clock.now())).toEqual(["2", "1"]);
    expect(await gauge("tandem_trunk_target_up")).toEqual([
      '{trunk="name of a",target="sip:192.0.2.1"} 0',
      '{trunk="name of a",target="sip:192.0.2.2"} 1',
    ]);
    endpoint.answer(200);
    pass(10_000);
    endpoint.answer(200);
    expect(states()).toEqual(["up", "up"]);
  });

  test("probes: a 503 and a name that leads nowhere say what is wrong", async () => {
    const { desk, endpoint, pass } = await open(record("a", { ...two, probeEveryS: 10 }));
    for (let round = 0; round < 2; round++) {
      pass(round === 0 ? 1000 : 10_000);
      const [first, second] = endpoint.requests.splice(0);
      for (const { request, onResult } of [first!, second!]) {
        if (writeUri(request.uri).endsWith("1")) onResult(respond(request, 503), undefined, hopAt("192.0.2.1"));
        else onResult(undefined, "transport");
      }
    }
    expect(desk.state("a")?.targets.map(({ state, lastError }) => [state, lastError])).toEqual([
      ["down", "it answered 503 to OPTIONS"],
      ["down", "it cannot be reached: its name leads nowhere, or nothing listens there"],
    ]);
  });

  test("probes: none for a trunk that wants none, is disabled or gone", async () => {
    const { endpoint, change, pass } = await open(
      record("none", two),
      record("off", { ...two, enabled: false, probeEveryS: 10 }),
      record("a", { outbound: out("sip:192.0.2.9"), probeEveryS: 10 }),
    );
    pass(1000);
    expect(endpoint.asked()).toEqual(["sip:192.0.2.9"]);
    await change();
    pass(60_000);
    expect(endpoint.asked()).toEqual([]);
  });

  test("probes: come from the registered address, or from our name at the trunk's domain", async () => {
    const { endpoint, pass } = await open(
      record("a", { ...registering, probeEveryS: 10 }),
      record("b", { outbound: out("sip:192.0.2.9"), fromDomain: "us.example", probeEveryS: 10 }),
    );
    pass(1000);
    const from = endpoint.requests.map(({ request }) => writeUri(request.headers.first(fromField)!.uri)).sort();
    expect(from).toEqual(["sip:4930123@provider.example", "sip:tandem@us.example"]);
  });
});

describe("trunk desk: calls out", () => {
  const from = "+15550100" as E164;

  test("choice: the trunk that is named, by id or name, and none in its place", async () => {
    const { desk } = await open(
      record("a", { outbound: out("sip:192.0.2.1") }),
      record("b", { outbound: out("sip:192.0.2.2") }),
      record("off", { outbound: out("sip:192.0.2.3"), enabled: false }),
      record("in", { inbound: { sources: ["192.0.2.4"], username: null } }),
    );
    expect(desk.choose(firstOrgId, from, "+1555", "b")?.id).toBe("b");
    expect(desk.choose(firstOrgId, from, "+1555", "name of b")?.id).toBe("b");
    expect(["off", "in", "nobody"].map((name) => desk.choose(firstOrgId, from, "+1555", name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("choice: the oldest that works; one that is down or not registered only when none does", async () => {
    const { desk, endpoint } = await open(
      record("registering", registering),
      record("down", { outbound: out("sip:192.0.2.1") }),
      record("good", { outbound: out("sip:192.0.2.2") }),
    );
    desk.reportTarget("down", "sip:192.0.2.1", false, 0);
    expect(desk.choose(firstOrgId, from, "+1555")?.id).toBe("good");
    desk.reportTarget("good", "sip:192.0.2.2", false, 0);
    expect(desk.choose(firstOrgId, from, "+1555")?.id).toBe("registering");
    desk.reportTarget("good", "sip:192.0.2.2", true, 0);
    endpoint.registrations[0]?.news({ type: "registered", expiresS: 60 });
    expect(desk.choose(firstOrgId, from, "+1555")?.id).toBe("registering");
  });

  test("choice: the trunk that registers the calling number goes before older ones", async () => {
    const { desk, endpoint } = await open(
      record("a", { outbound: out("sip:192.0.2.1") }),
      record("b", { ...registering, rewriting: { inbound: [], outbound: [] } }),
    );
    endpoint.registrations[0]?.news({ type: "registered", expiresS: 60 });
    expect(desk.choose(firstOrgId, "+4930123" as E164, "+1555")?.id).toBe("b");
    expect(desk.choose(firstOrgId, from, "+1555")?.id).toBe("a");
  });

  test("limits: places are taken and given back, counted in state and metrics", async () => {
    const { desk, gauge, change } = await open(record("a", { maxCalls: 1, callsPerSecond: 0 }));
    expect([desk.admit("a", 0), desk.admit("a", 0)]).toEqual(["ok", "too-many-calls"]);
    expect(desk.state("a")?.callsNow).toBe(1);
    expect(await gauge("tandem_trunk_calls")).toEqual(['{trunk="name of a"} 1']);
    await change(record("a", { maxCalls: 2, callsPerSecond: 0 }));
    expect([desk.admit("a", 0), desk.admit("a", 0)]).toEqual(["ok", "too-many-calls"]);
    desk.release("a");
    desk.release("a");
    expect(desk.state("a")?.callsNow).toBe(0);
    expect(desk.admit("gone", 0)).toBe("too-many-calls");
    desk.release("gone");
  });

  test("credentials: answered for the trunk's realm alone, by its own user name or that of the registered address", async () => {
    const { desk } = await open(
      record("a", { outbound: { ...out("sip:192.0.2.1"), username: "account", realm: "provider.example" } }),
      record("b", registering),
      record("c", { outbound: out("sip:192.0.2.1") }),
      record("d", { outbound: { ...out("sip:192.0.2.1"), username: "account" } }, null),
    );
    const answerTo = (id: string, ...realms: readonly string[]) => {
      const request: SipRequest = {
        type: "request",
        method: "INVITE",
        uri: parseUri("sip:+1555@192.0.2.1")!,
        headers: new SipHeaders(),
        body: new Uint8Array(0),
      };
      const headers = new SipHeaders();
      for (const realm of realms) {
        headers.add("WWW-Authenticate", `Digest realm="${realm}", nonce="n", algorithm=SHA-256, qop="auth"`);
      }
      const lines = desk.authorize(desk.get(id)!)?.(request, { ...respond(request, 401), headers });
      return lines && SipHeaders.of(...lines).first(authorizationField)?.params;
    };
    expect(answerTo("a", "stranger.example")).toBeUndefined();
    expect(answerTo("a", "stranger.example", "provider.example")?.get("realm")).toBe("provider.example");
    expect(answerTo("a", "provider.example")?.get("username")).toBe("account");
    expect(answerTo("b", "whoever.example")?.get("username")).toBe("4930123");
    expect([desk.authorize(desk.get("c")!), desk.authorize(desk.get("d")!)]).toEqual([undefined, undefined]);
    expect(desk.password(desk.get("a")!)).toBe("secret");
  });

  test("a store that fails leaves the trunks as they were", async () => {
    const broken = { fails: false };
    const loadTrunks = async () => {
      if (broken.fails) throw new Error("the disk is gone");
      return [record("a")];
    };
    const [clock, log, metrics] = [new HeldClock(), createLogger("silent", "test"), createMetrics()];
    const parts = { realm: "tandem", allowMd5: true, clock, random: seededRandom(), log, metrics };
    const desk = new TrunkDesk({ ...parts, records: { loadTrunks } });
    await desk.reload();
    broken.fails = true;
    await desk.reload();
    expect(desk.get("a")?.id).toBe("a");
  });
});

describe("trunk desk on loopback", () => {
  test("a trunk registers with digest at a real registrar, is probed, and takes its binding back", async () => {
    vi.useRealTimers();
    const local = { address: "127.0.0.1", port: 0 };
    const parts = { udp: local, clock: systemClock, random: systemRandom };
    const quiet = { onCall: () => {}, onEvent: () => {}, onClosed: () => {}, onRequest: () => {} };
    const onError = (error: unknown) => {
      throw error;
    };
    const digest = new DigestServer({ ...defaultDigestServer, realm: "provider", nonceKey: systemRandom(32) });
    const registrar = new Registrar(defaultRegistrar);
    const contacts = () => registrar.lookup("alice", systemClock.now()).map(({ contact }) => userOf(contact));
    const methods: string[] = [];
    const provider: SipEndpoint = await SipEndpoint.open({
      ...parts,
      handlers: {
        ...quiet,
        onError,
        onRequest: (key, request, from) => {
          methods.push(request.method);
          const credentials = request.headers.first(authorizationField);
          const wall = systemClock.wall();
          const secret = () => ({ type: "password", password: "secret" }) as const;
          if (request.method !== "REGISTER") provider.respond(key, respond(request, 200, { toTag: "t" }));
          else if (credentials && digest.check(credentials, "REGISTER", secret, wall).type === "ok") {
            expect(request.headers.all(contactField)).toHaveLength(1);
            provider.respond(key, registrar.register("alice", request, from, systemClock.now()));
          } else {
            const headers = new SipHeaders();
            for (const challenge of digest.challenges(wall)) headers.put(wwwAuthenticateField, challenge);
            provider.respond(key, respond(request, 401, { headers, toTag: "t" }));
          }
        },
      },
    });
    onTestFinished(() => provider.close());
    const ours = await SipEndpoint.open({ ...parts, handlers: { ...quiet, onError } });
    onTestFinished(() => ours.close());
    const server = `sip:127.0.0.1:${provider.addressOf("UDP")?.port}`;
    const register = { registrar: server, aor: "sip:alice@127.0.0.1", expiresS: 300 };
    const loadTrunks = async () => [record("a", { register, probeEveryS: 30 })];
    const [log, metrics] = [createLogger("silent", "test"), createMetrics()];
    const options = { realm: "tandem", allowMd5: true, clock: systemClock, random: systemRandom, log, metrics };
    const desk = new TrunkDesk({ ...options, records: { loadTrunks } });
    await desk.start(ours);
    await vi.waitFor(() => expect(desk.state("a")?.registration?.state).toBe("registered"), 5000);
    expect(contacts()).toEqual(["contact-a"]);
    expect(desk.matchSource("127.0.0.1")?.id).toBe("a");
    await vi.waitFor(() => expect(desk.state("a")?.targets[0]?.state).toBe("up"), 5000);
    expect(methods).toContain("OPTIONS");
    await desk.close();
    expect(contacts()).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { LiveTrunks, TrunkState } from "../../../src/control/exchange/trunk.ts";
import { storedRows, testGateway, testServices } from "../gateway.ts";

const carrier = { name: "Carrier", inbound: { sources: ["203.0.113.0/24"] } };

/** Trunks at work that never change. */
class HeldTrunks implements LiveTrunks {
  reloads = 0;
  readonly states = new Map<string, TrunkState>();
  reload = async (): Promise<void> => {
    this.reloads += 1;
  };
  state = (id: string): TrunkState | undefined => this.states.get(id);
}

async function trunkGateway() {
  const gateway = await testGateway();
  const live = new HeldTrunks();
  gateway.services.trunks.attach(live);
  return { ...gateway, live };
}

describe("native API, trunks", () => {
  test("trunks: a name and a way in are enough, the rest has its defaults", async () => {
    const { ask, clock } = await trunkGateway();
    const made = await ask("POST", "/trunks", carrier);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^trunk_[0-9a-z]{26}$/),
      name: "Carrier",
      enabled: true,
      shared: false,
      inbound: { sources: ["203.0.113.0/24"], username: null },
      outbound: { targets: [], username: null, realm: null },
      register: null,
      from_domain: null,
      media: {
        codecs: ["opus", "g722", "pcmu", "pcma"],
        preference: "offered",
        srtp: "optional",
        dtmf: "auto",
        ptime_ms: 20,
      },
      session_expires_s: 1800,
      assert_identity: false,
      rewriting: { inbound: [], outbound: [] },
      max_calls: 100,
      calls_per_second: 10,
      probe_every_s: 30,
      transfer: "bridge",
      redirects: "own-hosts",
      ring_timeout_ms: 60_000,
      has_password: false,
      registration: null,
      targets: [],
      calls_now: 0,
      created_at: new Date(clock.wall()).toISOString(),
      updated_at: new Date(clock.wall()).toISOString(),
    });
    expect((await ask("GET", `/trunks/${made.body.id}`)).body).toEqual(made.body);
  });

  test("trunks: everything that can be set comes back as it was set", async () => {
    const { ask } = await trunkGateway();
    const settings = {
      name: "Provider",
      enabled: false,
      inbound: { sources: ["2001:db8::/32", "198.51.100.7"], username: "carrier" },
      outbound: {
        targets: [{ uri: "sips:a.example.com:5061;transport=tcp", priority: 10, weight: 3 }],
        username: "account",
        realm: "example.com",
      },
      register: { registrar: "sip:example.com", aor: "sip:account@example.com", expires_s: 300 },
      from_domain: "example.com",
      media: { codecs: ["pcma", "g722"], preference: "ours", srtp: "required", dtmf: "info", ptime_ms: 30 },
      session_expires_s: 0,
      assert_identity: true,
      rewriting: { inbound: [{ match: "0", replace: "+49" }], outbound: [{ match: "+", replace: "00" }] },
      max_calls: 4,
      calls_per_second: 1,
      probe_every_s: 0,
      transfer: "refer",
      redirects: "any",
      ring_timeout_ms: 30_000,
    };
    const { body } = await ask("POST", "/trunks", { ...settings, password: "trunk-password" });
    expect(body).toMatchObject({ ...settings, has_password: true });
  });

  test("trunks: the password is neither shown nor readable in the database", async () => {
    const gateway = await trunkGateway();
    const { ask } = gateway;
    const made = await ask("POST", "/trunks", { ...carrier, password: "trunk-password" });
    const answers = [made, await ask("GET", `/trunks/${made.body.id}`), await ask("GET", "/trunks")];
    const [stored] = await gateway.services.trunks.loadTrunks();
    expect(stored?.password).toBe("trunk-password");
    for (const { body } of answers) {
      expect(JSON.stringify(body)).not.toContain("trunk-password");
      expect(JSON.stringify(body)).not.toContain(stored?.contactUser);
    }
    await gateway.services.close();
    const rows = await storedRows(gateway.dataDir, "trunks");
    expect(rows).toContain("Carrier");
    expect(rows).not.toContain("trunk-password");
  });

  test("trunks: PATCH keeps what is missing, merges groups, replaces lists, clears with null", async () => {
    const { ask, services } = await trunkGateway();
    const { body: made } = await ask("POST", "/trunks", {
      ...carrier,
      password: "p",
      register: { registrar: "sip:example.com", aor: "sip:account@example.com" },
      outbound: { targets: [{ uri: "sip:a.example.com" }, { uri: "sip:b.example.com" }], username: "account" },
      media: { codecs: ["pcma"] },
    });
    expect(made.register.expires_s).toBe(600);
    expect(made.outbound.targets[0]).toEqual({ uri: "sip:a.example.com", priority: 0, weight: 1 });
    const [before] = await services.trunks.loadTrunks();
    const changed = await ask("PATCH", `/trunks/${made.id}`, {
      register: null,
      outbound: { username: null, targets: [{ uri: "sip:c.example.com", weight: 2 }] },
      media: { ptime_ms: 40 },
      password: null,
    });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      name: "Carrier",
      inbound: carrier.inbound,
      register: null,
      outbound: { username: null, targets: [{ uri: "sip:c.example.com", priority: 0, weight: 2 }] },
      media: { codecs: ["pcma"], ptime_ms: 40 },
      has_password: false,
    });
    // The Contact stays the same, so that a registrar never holds two of one trunk.
    expect((await services.trunks.loadTrunks())[0]?.contactUser).toBe(before?.contactUser);
  });

  test("trunks: every change is told to those who keep them at work, before the answer", async () => {
    const { ask, live } = await trunkGateway();
    const { body } = await ask("POST", "/trunks", carrier);
    expect(live.reloads).toBe(1);
    await ask("PATCH", `/trunks/${body.id}`, { enabled: false });
    expect(live.reloads).toBe(2);
    await ask("PATCH", `/trunks/${body.id}`, { from_domain: "not a host" });
    expect(live.reloads).toBe(2);
    await ask("DELETE", `/trunks/${body.id}`);
    expect(live.reloads).toBe(3);
  });

  test("trunks: how it does is told with it", async () => {
    const { ask, live, clock } = await trunkGateway();
    const { body: made } = await ask("POST", "/trunks", carrier);
    live.states.set(made.id, {
      registration: { state: "failed", since: clock.wall(), expiresAt: null, lastError: "the registrar answered 503" },
      targets: [{ uri: "sip:a.example.com", state: "up", lastOkAt: clock.wall(), lastError: null }],
      callsNow: 3,
    });
    const now = new Date(clock.wall()).toISOString();
    expect((await ask("GET", `/trunks/${made.id}`)).body).toMatchObject({
      registration: { state: "failed", since: now, expires_at: null, last_error: "the registrar answered 503" },
      targets: [{ uri: "sip:a.example.com", state: "up", last_ok_at: now, last_error: null }],
      calls_now: 3,
    });
    expect((await ask("GET", "/trunks")).body.data[0].calls_now).toBe(3);
  });

  test("trunks: one with a call on it is not deleted; without one it is, once", async () => {
    const { ask, live } = await trunkGateway();
    const { body: made } = await ask("POST", "/trunks", carrier);
    live.states.set(made.id, { registration: null, targets: [], callsNow: 1 });
    const refused = await ask("DELETE", `/trunks/${made.id}`);
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
    live.states.clear();
    expect((await ask("DELETE", `/trunks/${made.id}`)).status).toBe(204);
    expect((await ask("DELETE", `/trunks/${made.id}`)).status).toBe(404);
    expect((await ask("GET", `/trunks/${made.id}`)).status).toBe(404);
    expect((await ask("PATCH", `/trunks/${made.id}`, {})).status).toBe(404);
  });

  test.each([
    ["block", { inbound: { sources: ["203.0.113.0/24"] } }],
    ["user name", { inbound: { username: "carrier" }, password: "p" }],
  ])("trunks: of ten at once with one %s one is made, and one is changed to it", async (_what, way) => {
    const { ask } = await trunkGateway();
    const ten = Array.from({ length: 10 }, (_, n) => n);
    const made = await Promise.all(ten.map((n) => ask("POST", "/trunks", { name: `made ${n}`, ...way })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(409)]);
    const first = made.find(({ status }) => status === 201);
    await ask("DELETE", `/trunks/${first?.body.id}`);
    const others = await Promise.all(
      ten.map((n) => ask("POST", "/trunks", { name: `other ${n}`, inbound: { sources: [`198.51.100.${n}`] } })),
    );
    const changed = await Promise.all(others.map(({ body }) => ask("PATCH", `/trunks/${body.id}`, way)));
    expect(changed.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
  });

  test("trunks: two changes of one at once both count", async () => {
    const { ask } = await trunkGateway();
    const { body } = await ask("POST", "/trunks", carrier);
    await Promise.all([
      ask("PATCH", `/trunks/${body.id}`, { max_calls: 3 }),
      ask("PATCH", `/trunks/${body.id}`, { probe_every_s: 60 }),
      ask("PATCH", `/trunks/${body.id}`, { media: { codecs: ["pcma"] } }),
    ]);
    const after = await ask("GET", `/trunks/${body.id}`);
    expect(after.body).toMatchObject({ max_calls: 3, probe_every_s: 60, media: { codecs: ["pcma"] } });
  });

  test("trunks: are listed newest first, page by page", async () => {
    const { ask, clock } = await trunkGateway();
    for (const octet of [1, 2, 3]) {
      await ask("POST", "/trunks", { name: `trunk ${octet}`, inbound: { sources: [`203.0.113.${octet}`] } });
      clock.ms += 10;
    }
    const first = await ask("GET", "/trunks?limit=2");
    const second = await ask("GET", `/trunks?limit=2&cursor=${first.body.next_cursor}`);
    const names = [...first.body.data, ...second.body.data].map(({ name }: { name: string }) => name);
    expect(names).toEqual(["trunk 3", "trunk 2", "trunk 1"]);
    expect(second.body.next_cursor).toBeNull();
  });

  test.each([
    ["name", { name: "Carrier", inbound: { sources: ["198.51.100.1"] } }, "name"],
    ["block, however it is written", { name: "B", inbound: { sources: ["203.0.113.77/24"] } }, "inbound.sources[0]"],
    ["user name", { name: "B", inbound: { username: "carrier" }, password: "p" }, "inbound.username"],
  ])("trunks: no two have the same %s", async (_what, body, field) => {
    const { ask } = await trunkGateway();
    const inbound = { ...carrier.inbound, username: "carrier" };
    const { body: made } = await ask("POST", "/trunks", { ...carrier, inbound, password: "p" });
    const refused = await ask("POST", "/trunks", body);
    expect(refused.status).toBe(409);
    expect(refused.body.error).toMatchObject({ code: "conflict", field });
    // A trunk is not in its own way.
    expect((await ask("PATCH", `/trunks/${made.id}`, { inbound, name: "Carrier" })).status).toBe(200);
  });

  const long = "x".repeat(101);
  const target = (uri: string) => ({ name: "A", outbound: { targets: [{ uri }] } });
  const register = (change: object) => ({
    name: "A",
    register: { registrar: "sip:example.com", aor: "sip:a@example.com", ...change },
  });
  test.each([
    ["nothing leads in or out", { name: "A" }, "inbound"],
    ["the name is missing", {}, "name"],
    ["the name is too long", { ...carrier, name: long }, "name"],
    ["the name breaks the line", { ...carrier, name: "a\r\nb" }, "name"],
    ["the name looks like an id", { ...carrier, name: "trunk_1" }, "name"],
    ["a field is unknown", { ...carrier, colour: "red" }, "colour"],
    ["a group's field is unknown", { ...carrier, media: { codec: "pcma" } }, "media.codec"],
    ["a source is a name", { name: "A", inbound: { sources: ["sip.example.com"] } }, "inbound.sources[0]"],
    ["a source is half the internet", { name: "A", inbound: { sources: ["0.0.0.0/1"] } }, "inbound.sources[0]"],
    ["a source is all of IPv6", { name: "A", inbound: { sources: ["::/0"] } }, "inbound.sources[0]"],
    ["a user name has no password to check", { name: "A", inbound: { username: "a" } }, "password"],
    ["a user name has no password to answer", { ...carrier, outbound: { username: "a" } }, "password"],
    ["a user name breaks the line", { ...carrier, outbound: { username: "a\r\nb" } }, "outbound.username"],
    ["a target is no SIP URI", target("https://example.com"), "outbound.targets[0].uri"],
    ["a target has a user", target("sip:bob@example.com"), "outbound.targets[0].uri"],
    ["a target has headers", target("sip:example.com?Replaces=x"), "outbound.targets[0].uri"],
    ["a target's transport is unknown", target("sip:example.com;transport=sctp"), "outbound.targets[0].uri"],
    ["a target leads elsewhere by maddr", target("sip:example.com;maddr=192.0.2.1"), "outbound.targets[0].uri"],
    ["a target breaks the line", target("sip:example.com\r\nVia: x"), "outbound.targets[0].uri"],
    [
      "a target is there twice",
      { name: "A", outbound: { targets: [{ uri: "sip:192.0.2.1" }, { uri: "sip:192.0.2.1" }] } },
      "outbound.targets[1].uri",
    ],
    ["the registrar has a user", register({ registrar: "sip:bob@example.com" }), "register.registrar"],
    ["the registered address has no user", register({ aor: "sip:example.com" }), "register.aor"],
    ["the registered address is a number", register({ aor: "tel:+15550100" }), "register.aor"],
    ["a registration is too short", register({ expires_s: 59 }), "register.expires_s"],
    ["the domain is none", { ...carrier, from_domain: "a b" }, "from_domain"],
    ["a codec is unknown", { ...carrier, media: { codecs: ["g729"] } }, "media.codecs[0]"],
    ["a codec is named twice", { ...carrier, media: { codecs: ["pcma", "pcma"] } }, "media.codecs"],
    ["there is no codec", { ...carrier, media: { codecs: [] } }, "media.codecs"],
    ["a packet has an odd length", { ...carrier, media: { ptime_ms: 25 } }, "media.ptime_ms"],
    ["a session timer is too short", { ...carrier, session_expires_s: 89 }, "session_expires_s"],
    ["probes come too often", { ...carrier, probe_every_s: 1 }, "probe_every_s"],
    ["a limit is negative", { ...carrier, max_calls: -1 }, "max_calls"],
    [
      "a rule is a pattern",
      { ...carrier, rewriting: { inbound: [{ match: "0.*", replace: "+49" }] } },
      "rewriting.inbound[0].match",
    ],
  ])("trunks: refused with the field's name when %s", async (_what, body, field) => {
    const { ask } = await trunkGateway();
    const refused = await ask("POST", "/trunks", body);
    expect(refused.status).toBe(400);
    expect(refused.body.error).toEqual({ code: "invalid_request", message: expect.any(String), field });
    expect((await ask("GET", "/trunks")).body.data).toEqual([]);
  });

  test("trunks: private addresses are fine, as a PBX stands in the house", async () => {
    const { ask } = await trunkGateway();
    const made = await ask("POST", "/trunks", {
      name: "PBX",
      inbound: { sources: ["192.168.1.10", "fd00::/16"] },
      outbound: { targets: [{ uri: "sip:192.168.1.10:5060;transport=tcp" }, { uri: "sip:[fd00::10]" }] },
    });
    expect(made.status).toBe(201);
  });

  test("trunks: one whose password cannot be opened is still there, without it", async () => {
    const { services, dataDir } = await testServices({ secretKey: "k".repeat(32) });
    await services.own.trunks.create({ name: "Carrier", inbound: { sources: ["203.0.113.1"] }, password: "p" });
    const other = await testServices({ secretKey: "q".repeat(32), dataDir });
    expect(await other.services.trunks.loadTrunks()).toMatchObject([{ trunk: { name: "Carrier" }, password: null }]);
  });

  test("documentation: every example of a trunk is taken, and every field stands in its table", async () => {
    const { ask } = await trunkGateway();
    const page = readFileSync(join(import.meta.dirname, "../../../docs/trunks.md"), "utf8");
    const examples = [...page.matchAll(/\$API\/trunks [^']*-d '(\{.*?\n {4}\})'/gs)].map(([, body = ""]) => body);
    expect(examples.length).toBeGreaterThanOrEqual(3);
    const made = [];
    for (const example of examples) made.push(await ask("POST", "/trunks", example));
    expect(made.map(({ status, body }) => [status, body.error])).toEqual(examples.map(() => [201, undefined]));

    const told = [...page.matchAll(/^\| `([a-z._]+)` \| .* \| .* \|$/gm)].map(([, field = ""]) => field);
    const { body: openApi } = await ask("GET", "/openapi.json");
    const { properties } = openApi.paths["/api/v1/trunks"].post.requestBody.content["application/json"].schema;
    const fields = Object.entries<{ type: unknown; properties?: object }>(properties).flatMap(([name, shape]) =>
      shape.type === "object" ? Object.keys(shape.properties ?? {}).map((member) => `${name}.${member}`) : [name],
    );
    expect(told.filter((field) => !field.startsWith("registration")).sort()).toEqual(fields.sort());
  });

  test("OpenAPI: describes the trunks", async () => {
    const { ask } = await trunkGateway();
    const { body } = await ask("GET", "/openapi.json");
    expect(Object.keys(body.paths["/api/v1/trunks"])).toEqual(expect.arrayContaining(["get", "post"]));
    expect(Object.keys(body.paths["/api/v1/trunks/{id}"])).toEqual(expect.arrayContaining(["get", "patch", "delete"]));
  });
});

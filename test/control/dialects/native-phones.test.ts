import { describe, expect, test } from "vitest";
import { openServices } from "../../../src/control/service/services.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { farHop, sipRequest } from "../../kit/sip-messages.ts";
import { databaseOf, storedRows, testGateway, testServices, testSettings, withOwn } from "../gateway.ts";

describe("native API, phones", () => {
  test("phones: a user name is enough; the password made up is shown once", async () => {
    const { ask, clock, services } = await testGateway();
    const made = await ask("POST", "/phones", { username: "101" });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^phone_[0-9a-z]{26}$/),
      username: "101",
      number: null,
      label: null,
      may_call: "any",
      enabled: true,
      registrations: [],
      created_at: new Date(clock.wall()).toISOString(),
      updated_at: new Date(clock.wall()).toISOString(),
      password: expect.stringMatching(/^[0-9A-Za-z]{20}$/),
    });
    const { password, ...shown } = made.body;
    expect((await ask("GET", `/phones/${made.body.id}`)).body).toEqual(shown);
    expect(services.phoneBook.secretOf("101")).toEqual({ type: "password", password });
  });

  test("phones: everything that can be set comes back as it was set, a given password never", async () => {
    const { ask } = await testGateway();
    const settings = {
      username: "front.desk",
      number: "+15550123",
      label: "Front desk",
      may_call: "internal",
      enabled: false,
    };
    const { status, body } = await ask("POST", "/phones", { ...settings, password: "chosen by hand" });
    expect(status).toBe(201);
    expect(body).toMatchObject(settings);
    expect(body).not.toHaveProperty("password");
    expect((await ask("GET", "/phones")).body).toMatchObject({ data: [settings], next_cursor: null });
  });

  test.each([
    [{}, "username"],
    [{ username: "a b" }, "username"],
    [{ username: "" }, "username"],
    [{ username: "101", number: "1" }, "number"],
    [{ username: "101", number: "1234567" }, "number"],
    [{ username: "101", number: "+0123" }, "number"],
    [{ username: "101", may_call: "all" }, "may_call"],
    [{ username: "101", password: "short" }, "password"],
    [{ username: "101", password: "line\nbreak in it" }, "password"],
    [{ username: "101", ha1: "x" }, "ha1"],
  ])("phones: %j is refused for %s", async (body, field) => {
    const { ask } = await testGateway();
    const answer = await ask("POST", "/phones", body);
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
  });

  test("phones: PATCH keeps what is missing, and takes effect at once", async () => {
    const { ask, services } = await testGateway();
    const { body } = await ask("POST", "/phones", { username: "101", number: "101", label: "Desk" });
    const changed = await ask("PATCH", `/phones/${body.id}`, { number: "102", label: null });
    expect(changed.body).toMatchObject({ username: "101", number: "102", label: null, may_call: "any" });
    expect(services.phoneBook.findByNumber("102", firstOrgId)).toMatchObject({ id: body.id });
    expect(services.phoneBook.findByNumber("101", firstOrgId)).toBeUndefined();
    await ask("PATCH", `/phones/${body.id}`, { password: "chosen by hand" });
    expect(services.phoneBook.secretOf("101")).toEqual({ type: "password", password: "chosen by hand" });
    await ask("PATCH", `/phones/${body.id}`, { enabled: false });
    expect(services.phoneBook.secretOf("101")).toBeUndefined();
  });

  test("phones: the password can be made anew, and a phone deleted", async () => {
    const { ask, services } = await testGateway();
    const { body } = await ask("POST", "/phones", { username: "101" });
    const rotated = await ask("POST", `/phones/${body.id}/rotate-password`);
    expect(rotated.body.password).not.toBe(body.password);
    expect(services.phoneBook.secretOf("101")).toEqual({ type: "password", password: rotated.body.password });
    expect((await ask("DELETE", `/phones/${body.id}`)).status).toBe(204);
    expect(services.phoneBook.findByUsername("101")).toBeUndefined();
    for (const [method, path] of [
      ["GET", `/phones/${body.id}`],
      ["DELETE", `/phones/${body.id}`],
      ["PATCH", `/phones/${body.id}`],
      ["POST", `/phones/${body.id}/rotate-password`],
    ] as const) {
      expect((await ask(method, path, method === "PATCH" ? {} : undefined)).status).toBe(404);
    }
  });

  test("phones: a number leads to one place, an agent or one phone, whichever came first", async () => {
    const { ask } = await testGateway();
    expect((await ask("POST", "/numbers", { number: "+15550111" })).status).toBe(201);
    const taken = await ask("POST", "/phones", { username: "101", number: "+15550111" });
    expect([taken.status, taken.body.error.field]).toEqual([409, "number"]);
    const { body } = await ask("POST", "/phones", { username: "101", number: "+15550112" });
    expect((await ask("PATCH", `/phones/${body.id}`, { number: "+15550111" })).status).toBe(409);
    const other = await ask("POST", "/numbers", { number: "+15550112" });
    expect([other.status, other.body.error.field]).toEqual([409, "number"]);
    expect((await ask("POST", "/phones", { username: "102", number: "+15550112" })).status).toBe(409);
  });

  test("phones: a user name is nobody else's name or number", async () => {
    const { ask } = await testGateway();
    await ask("POST", "/phones", { username: "kitchen", number: "101" });
    for (const body of [{ username: "kitchen" }, { username: "101" }]) {
      const answer = await ask("POST", "/phones", body);
      expect([answer.status, answer.body.error.field]).toEqual([409, "username"]);
    }
    // Its own number is fine: most houses name a telephone by its extension.
    expect((await ask("POST", "/phones", { username: "102", number: "102" })).status).toBe(201);
  });

  test("phones: shows what has registered, and no longer when it has expired", async () => {
    const { ask, clock, services } = await testGateway();
    const { body } = await ask("POST", "/phones", { username: "101" });
    const phone = services.phoneBook.findByUsername("101")!;
    const request = sipRequest("REGISTER", { extra: ["Expires: 120", "User-Agent: Desk 7"] });
    services.phoneBook.register(phone, request, farHop, clock.now());
    clock.ms += 1000;
    expect((await ask("GET", `/phones/${body.id}`)).body.registrations).toEqual([
      {
        contact: "sip:alice@192.0.2.1:5060",
        user_agent: "Desk 7",
        expires_at: new Date(clock.wall() + 119_000).toISOString(),
        transport: "UDP",
        address: "192.0.2.1",
        port: 5060,
      },
    ]);
    clock.ms += 119_000;
    expect((await ask("GET", `/phones/${body.id}`)).body.registrations).toEqual([]);
  });

  test("phones: are there again after a restart, and their passwords unreadable in the database", async () => {
    const first = await testServices();
    const { password } = await first.services.own.phones.create({ username: "101" });
    await first.services.close();
    const rows = await storedRows(first.dataDir, "phones");
    expect(rows).toContain("101");
    expect(rows).not.toContain(password);
    const { services } = await testServices({ dataDir: first.dataDir });
    expect(services.phoneBook.secretOf("101")).toEqual({ type: "password", password });
  });

  test("phones: one whose password was sealed under another key is shown and can be given a new one", async () => {
    const { services, dataDir, clock, random } = await testServices({ secretKey: "first key of at least 32 letters" });
    const { phone } = await services.own.phones.create({ username: "101" });
    await services.close();
    const databaseUrl = await databaseOf(dataDir);
    const settings = { ...testSettings, databaseUrl, dataDir, secretKey: "another key of at least 32 letters" };
    const other = withOwn(await openServices(settings, clock, random));
    try {
      expect(other.phoneBook.findByUsername("101")).toBeUndefined();
      expect(await other.own.phones.get(phone.id)).toMatchObject({ username: "101" });
      const password = await other.own.phones.rotatePassword(phone.id);
      expect(other.phoneBook.secretOf("101")).toEqual({ type: "password", password });
    } finally {
      await other.close();
    }
  });
});

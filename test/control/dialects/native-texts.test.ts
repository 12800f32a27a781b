import { describe, expect, test } from "vitest";
import type { NewText } from "../../../src/control/service/texts/texts.ts";
import type { E164 } from "../../../src/kit/ids.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { type TestGateway, testGateway } from "../gateway.ts";

interface Carried extends NewText {
  readonly textId: string;
  readonly direction: string;
}

/** A gateway with a number and a phone, and a carrier that remembers. */
async function withCarrier(): Promise<TestGateway & { readonly carried: Carried[] }> {
  const gateway = await testGateway();
  const carried: Carried[] = [];
  await gateway.services.texts.connect({
    carry: (textId, text, direction) => carried.push({ textId, ...text, direction }),
  });
  await gateway.ask("POST", "/numbers", { number: "+15550111" });
  await gateway.ask("POST", "/phones", { username: "kitchen", number: "101" });
  return { ...gateway, carried };
}

describe("native API, texts", () => {
  test("texts: one is queued and carried, and later shows what became of it", async () => {
    const { ask, services, clock, carried } = await withCarrier();
    const sent = await ask("POST", "/texts", { from: "+15550111", to: "+15550177", text: "Grüße" });
    expect(sent.status).toBe(201);
    expect(sent.body).toEqual({
      id: expect.stringMatching(/^text_[0-9a-z]{26}$/),
      conversation_id: expect.stringMatching(/^conv_[0-9a-z]{26}$/),
      direction: "outbound",
      from: "+15550111",
      to: "+15550177",
      text: "Grüße",
      status: "queued",
      detail: null,
      segments: 1,
      otp: null,
      metadata: {},
      created_at: new Date(clock.wall()).toISOString(),
      updated_at: new Date(clock.wall()).toISOString(),
    });
    const { id } = sent.body;
    expect(carried).toEqual([
      { textId: id, orgId: firstOrgId, from: "+15550111", to: "+15550177", body: "Grüße", direction: "outbound" },
    ]);
    clock.ms += 500;
    await services.texts.records.settle(id, { status: "failed", detail: "nobody answered" });
    expect((await ask("GET", `/texts/${id}`)).body).toMatchObject({
      status: "failed",
      detail: "nobody answered",
      updated_at: new Date(clock.wall()).toISOString(),
    });
    // What has found its end once keeps it.
    await services.texts.records.settle(id, { status: "sent", detail: null });
    expect((await ask("GET", `/texts/${id}`)).body).toMatchObject({ status: "failed" });
  });

  test("texts: to a phone of ours, by number or name, is internal; to an agent's number it is there", async () => {
    const { ask, carried } = await withCarrier();
    for (const to of ["101", "kitchen"]) {
      expect((await ask("POST", "/texts", { from: "+15550111", to, text: "x" })).body).toMatchObject({
        direction: "internal",
        status: "queued",
      });
    }
    const own = await ask("POST", "/texts", { from: "kitchen", to: "+15550111", text: "x" });
    expect(own.body).toMatchObject({ direction: "internal", status: "received" });
    expect(carried.map(({ to }) => to)).toEqual(["101", "kitchen"]);
  });

  test.each([
    [{ from: "+15550199", to: "+15550177", text: "x" }, "from"],
    [{ from: "+15550111", to: "102", text: "x" }, "to"],
    [{ from: "+15550111", to: "sip:x@y", text: "x" }, "to"],
    [{ from: "+15550111", to: "+15550177", text: "" }, "text"],
    [{ from: "+15550111", to: "+15550177", text: "a\0b" }, "text"],
    [{ from: "+15550111", to: "+15550177", text: "é".repeat(2049) }, "text"],
    [{ from: "+15550111", to: "+15550177" }, "text"],
  ])("texts: %j is refused for %s", async (body, field) => {
    const { ask, carried } = await withCarrier();
    const answer = await ask("POST", "/texts", body);
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
    expect(carried).toEqual([]);
  });

  test("texts: a list is narrowed by direction, status, from and to", async () => {
    const { ask, services } = await withCarrier();
    await ask("POST", "/texts", { from: "+15550111", to: "101", text: "1" });
    await services.texts.records.add(
      { orgId: firstOrgId, from: "+15550188", to: "+15550111", body: "2" },
      "inbound",
      "received",
    );
    const found = async (query: string) =>
      (await ask("GET", `/texts?${query}`)).body.data.map(({ text }: { text: string }) => text);
    expect(await found("direction=inbound")).toEqual(["2"]);
    expect(await found("status=queued")).toEqual(["1"]);
    expect(await found("to=%2B15550111")).toEqual(["2"]);
    expect(await found("from=%2B15550111&to=101")).toEqual(["1"]);
    expect((await ask("GET", "/texts?direction=up")).status).toBe(400);
    expect((await ask("GET", "/texts/text_none")).status).toBe(404);
  });

  test("texts: queued ones of a former life have failed, and nothing is sent before somebody carries", async () => {
    const { ask, services } = await testGateway();
    await ask("POST", "/numbers", { number: "+15550111" });
    const id = await services.texts.records.add(
      { orgId: firstOrgId, from: "+1", to: "+15550177", body: "x" },
      "outbound",
      "queued",
    );
    expect((await ask("POST", "/texts", { from: "+15550111", to: "+15550177", text: "x" })).status).toBe(503);
    await services.texts.connect({ carry: () => undefined });
    expect((await ask("GET", `/texts/${id}`)).body).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("gateway stopped"),
    });
  });
});

describe("native API, conversations and codes", () => {
  /** A gateway that has kept a text from a stranger. */
  async function withStranger(body: string): Promise<TestGateway> {
    const gateway = await withCarrier();
    await gateway.services.texts.receive({ from: "+15550188", to: "+15550111" as E164, body });
    return gateway;
  }

  test("conversations: listed, shown with their texts, answered once a key", async () => {
    const { ask, clock } = await withStranger("hi");
    const { data } = (await ask("GET", "/conversations?number=%2B15550111&contact=%2B15550188")).body;
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^conv_[0-9a-z]{26}$/),
        number: "+15550111",
        contact: "+15550188",
        last_text: "hi",
        text_count: 1,
        created_at: new Date(clock.wall()).toISOString(),
        updated_at: new Date(clock.wall()).toISOString(),
      },
    ]);
    const path = `/conversations/${data[0].id}`;
    clock.ms += 5;
    const answer = { text: "3 emails need you today.", idempotency_key: "turn_8842" };
    const first = await ask("POST", `${path}/texts`, answer);
    expect([first.status, first.body.to, first.headers["idempotent-replayed"]]).toEqual([201, "+15550188", undefined]);
    const again = await ask("POST", `${path}/texts`, answer);
    expect([again.status, again.body.id, again.headers["idempotent-replayed"]]).toEqual([201, first.body.id, "true"]);
    expect((await ask("POST", `${path}/texts`, { ...answer, text: "other" })).body.error).toMatchObject({
      code: "conflict",
      field: "idempotency_key",
    });
    const shown = (await ask("GET", path)).body;
    expect(shown).toMatchObject({ text_count: 2, opted_out: false });
    expect(shown.texts.map(({ text }: { text: string }) => text)).toEqual(["hi", answer.text]);
    expect((await ask("GET", `${path}/texts?limit=1`)).body).toMatchObject({
      data: [{ text: answer.text }],
      next_cursor: expect.any(String),
    });
  });

  test("conversations: a contact who said STOP is not written to", async () => {
    const { ask } = await withStranger("STOP");
    const [{ id }] = (await ask("GET", "/conversations")).body.data;
    expect((await ask("GET", `/conversations/${id}`)).body).toMatchObject({ opted_out: true });
    for (const [path, body] of [
      [`/conversations/${id}/texts`, { text: "buy" }],
      ["/texts", { from: "+15550111", to: "+15550188", text: "buy" }],
    ] as const) {
      expect((await ask("POST", path, body)).status).toBe(403);
    }
  });

  test("inbox: by a number's id or digits, with codes only when asked", async () => {
    const { ask, services } = await withStranger("hi");
    await services.texts.receive({ from: "+15550188", to: "+15550111" as E164, body: "Your code is 482913" });
    const [{ id }] = (await ask("GET", "/numbers")).body.data;
    const texts = async (path: string) =>
      (await ask("GET", path)).body.data.map(({ text }: { text: string }) => text).toSorted();
    expect(await texts(`/numbers/${id}/texts`)).toEqual(["Your code is 482913", "hi"]);
    expect(await texts("/numbers/%2B15550111/texts?otp_only=true")).toEqual(["Your code is 482913"]);
  });

  test("codes: the answer comes with the code, or without one when time is up", async () => {
    const { ask, services } = await withStranger("hi");
    const waiting = ask("GET", "/numbers/%2B15550111/otp");
    await services.texts.receive({ from: "+15550188", to: "+15550111" as E164, body: "G-482913 is your code" });
    expect((await waiting).body).toMatchObject({ otp: "482913", text: { text: "G-482913 is your code" } });
    const since = "2030-01-01T00:00:00Z";
    const none = await ask("GET", `/numbers/%2B15550111/otp?timeout_ms=0&since=${since}`);
    expect([none.status, none.body]).toEqual([200, { otp: null, text: null }]);
    expect((await ask("GET", "/numbers/%2B15550111/otp?timeout_ms=60001")).body.error.field).toBe("timeout_ms");
    expect((await ask("GET", "/numbers/%2B15550111/otp?since=yesterday")).body.error.field).toBe("since");
  });

  test("codes: a gateway that stops lets those go who wait", async () => {
    const { ask, services } = await withStranger("hi");
    const waiting = ask("GET", "/numbers/%2B15550111/otp");
    services.texts.stopWaiting();
    expect((await waiting).body).toEqual({ otp: null, text: null });
  });

  test("texts: another organisation's texts, conversations and numbers are not there", async () => {
    const { ask, app, services } = await withStranger("hi");
    const { id: orgId } = await services.orgs.create({ name: "Other" });
    const { secret } = await services.keys.create({ orgId, dialect: "native", name: "other" });
    const [conversation] = (await ask("GET", "/conversations")).body.data;
    const [text] = (await ask("GET", "/texts")).body.data;
    const asked = async (method: "GET" | "POST", path: string, payload?: object) => {
      const headers = { authorization: `Bearer ${secret}` };
      return app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
    };
    for (const path of [
      `/texts/${text.id}`,
      `/conversations/${conversation.id}`,
      `/conversations/${conversation.id}/texts`,
      "/numbers/%2B15550111/texts",
      "/numbers/%2B15550111/otp?timeout_ms=0",
    ]) {
      expect([path, (await asked("GET", path)).statusCode]).toEqual([path, 404]);
    }
    const reply = await asked("POST", `/conversations/${conversation.id}/texts`, { text: "x" });
    expect(reply.statusCode).toBe(404);
    expect((await asked("GET", "/conversations")).json().data).toEqual([]);
    expect((await asked("GET", "/texts")).json().data).toEqual([]);
  });
});

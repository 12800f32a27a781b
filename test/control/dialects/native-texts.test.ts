import { describe, expect, test } from "vitest";
import type { NewText } from "../../../src/control/service/texts.ts";
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
      direction: "outbound",
      from: "+15550111",
      to: "+15550177",
      text: "Grüße",
      status: "queued",
      detail: null,
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
    const id = await services.texts.records.add(
      { orgId: firstOrgId, from: "+1", to: "+15550177", body: "x" },
      "outbound",
      "queued",
    );
    expect((await ask("POST", "/texts", { from: "a1", to: "b1", text: "x" })).status).toBe(503);
    await services.texts.connect({ carry: () => undefined });
    expect((await ask("GET", `/texts/${id}`)).body).toMatchObject({
      status: "failed",
      detail: expect.stringContaining("gateway stopped"),
    });
  });
});

import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { answer as refusalAnswer } from "../../../src/control/dialects/native/errors.ts";
import { nativeEvents } from "../../../src/control/dialects/native/voice.ts";
import { webhookRoutes } from "../../../src/control/dialects/native/webhooks.ts";
import type { TypedApp } from "../../../src/control/dialects/shapes.ts";
import { toRefusal } from "../../../src/control/http/errors.ts";
import { compileSchema } from "../../../src/control/http/validation.ts";
import type { Tenant } from "../../../src/control/service/tenant.ts";
import { notice, type WebhookHouse, webhookHouse } from "../webhook-house.ts";

interface Asked extends WebhookHouse {
  ask(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    body?: unknown,
    orgId?: string,
  ): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>;
}

/** The routes alone; the organisation that asks comes in a header. */
async function withRoutes(): Promise<Asked> {
  const house = await webhookHouse();
  const app = Fastify();
  onTestFinished(() => app.close());
  app.setValidatorCompiler(compileSchema);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.setErrorHandler<Error>((error, _request, reply) => {
    const { status, body } = refusalAnswer(toRefusal(error));
    reply.code(status).send(body);
  });
  let asking = "org_default";
  app.decorateRequest("tenant", { getter: () => ({ webhooks: () => house.webhooks(asking) }) as unknown as Tenant });
  webhookRoutes(app as unknown as TypedApp);
  return {
    ...house,
    ask: async (method, url, body, orgId = "org_default") => {
      asking = orgId;
      const answer = await app.inject({ method, url, ...(body !== undefined && { payload: body as object }) });
      return { status: answer.statusCode, body: answer.body === "" ? undefined : JSON.parse(answer.body) };
    },
  };
}

const hook = { url: "https://customer.example/hook", events: ["call.ended"] };

describe("native API, webhooks", () => {
  test("webhooks: one is made, its secret shown once, changed, listed and deleted", async () => {
    const { ask } = await withRoutes();
    const made = await ask("POST", "/webhooks", { ...hook, events: ["call.ended", "call.ended", "*"] });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^hook_[0-9a-z]{26}$/),
      url: hook.url,
      events: ["call.ended", "*"],
      enabled: true,
      former_secret_until: null,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      secret: expect.stringMatching(/^whsec_[0-9A-Za-z]{40}$/),
    });
    const { secret: _, ...shown } = made.body;
    expect((await ask("GET", `/webhooks/${shown.id}`)).body).toEqual(shown);
    const changed = await ask("PATCH", `/webhooks/${shown.id}`, { enabled: false, events: ["number.released"] });
    expect(changed.body).toMatchObject({ url: hook.url, enabled: false, events: ["number.released"] });
    expect((await ask("GET", "/webhooks")).body).toEqual({ data: [changed.body], next_cursor: null });
    expect((await ask("DELETE", `/webhooks/${shown.id}`)).status).toBe(204);
    expect((await ask("GET", `/webhooks/${shown.id}`)).status).toBe(404);
  });

  test("webhooks: rotating shows another secret once and tells how long both sign", async () => {
    const { ask, clock } = await withRoutes();
    const { body: made } = await ask("POST", "/webhooks", hook);
    const usual = await ask("POST", `/webhooks/${made.id}/rotate`);
    expect(usual.body.secret).not.toBe(made.secret);
    expect(Date.parse(usual.body.former_secret_until)).toBeGreaterThan(clock.wall() + 23 * 3_600_000);
    const atOnce = await ask("POST", `/webhooks/${made.id}/rotate`, { overlap_ms: 0 });
    expect(atOnce.body.former_secret_until).toBeNull();
    const tooLong = await ask("POST", `/webhooks/${made.id}/rotate`, { overlap_ms: 604_800_001 });
    expect([tooLong.status, tooLong.body.error.field]).toEqual([400, "overlap_ms"]);
  });

  test("webhooks: secrets are sealed in the database", async () => {
    const { ask, database } = await withRoutes();
    const { body: made } = await ask("POST", "/webhooks", hook);
    const { body: rotated } = await ask("POST", `/webhooks/${made.id}/rotate`, {});
    const rows = JSON.stringify(await database.db.selectFrom("webhooks").selectAll().execute());
    expect(rows).toContain(made.id);
    for (const { secret } of [made, rotated]) expect(rows).not.toContain(secret);
  });

  test("webhooks: deliveries are listed newest first, narrowed by status, and those that ended sent again", async () => {
    const { ask, tell, clock, database } = await withRoutes();
    const { body: made } = await ask("POST", "/webhooks", hook);
    for (const subject of ["call_1", "call_2", "call_3"]) {
      await tell([notice("call.ended", subject), notice("call.ringing", subject)]);
      clock.aheadMs += 10;
    }
    const path = `/webhooks/${made.id}/deliveries`;
    const first = await ask("GET", `${path}?limit=2`);
    const second = await ask("GET", `${path}?limit=2&cursor=${first.body.next_cursor}`);
    const listed = [...first.body.data, ...second.body.data];
    expect(listed.map(({ subject }: { subject: string }) => subject)).toEqual(["call_3", "call_2", "call_1"]);
    expect(second.body.next_cursor).toBeNull();
    expect(listed[0]).toMatchObject({ webhook_id: made.id, event: "call.ended", status: "pending", attempts: 0 });
    const again = `${path}/${listed[0].id}/redeliver`;
    expect((await ask("POST", again)).status).toBe(409);
    await database.db
      .updateTable("webhook_deliveries")
      .set({ status: "dead", attempts: 9, settled_at: clock.wall() })
      .where("id", "=", listed[0].id)
      .execute();
    expect((await ask("GET", `${path}?status=dead`)).body.data).toHaveLength(1);
    const revived = await ask("POST", again);
    expect([revived.status, revived.body.status, revived.body.attempts]).toEqual([202, "pending", 0]);
    expect((await ask("POST", `${path}/dlv_none/redeliver`)).status).toBe(404);
  });

  test("webhooks: another organisation's are not there, on any route", async () => {
    const { ask, tell } = await withRoutes();
    const { body: made } = await ask("POST", "/webhooks", hook);
    await tell([notice("call.ended", "call_1")]);
    const { body: deliveries } = await ask("GET", `/webhooks/${made.id}/deliveries`);
    const foreign = async (method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown) =>
      (await ask(method, `/webhooks/${made.id}${path}`, body, "org_other")).status;
    expect([
      await foreign("GET", ""),
      await foreign("PATCH", "", { enabled: false }),
      await foreign("DELETE", ""),
      await foreign("POST", "/rotate"),
      await foreign("GET", "/deliveries"),
      await foreign("POST", `/deliveries/${deliveries.data[0].id}/redeliver`),
    ]).toEqual([404, 404, 404, 404, 404, 404]);
    expect((await ask("GET", "/webhooks", undefined, "org_other")).body.data).toEqual([]);
    expect((await ask("GET", `/webhooks/${made.id}`)).body.enabled).toBe(true);
  });

  test.each([
    [{ ...hook, url: "ftp://customer.example" }, "url"],
    [{ ...hook, url: "https://user:word@customer.example" }, "url"],
    [{ ...hook, url: "customer.example" }, "url"],
    [{ ...hook, url: `https://customer.example/${"x".repeat(2048)}` }, "url"],
    [{ ...hook, events: [] }, "events"],
    [{ ...hook, events: ["call.nonsense"] }, "events[0]"],
    [{ url: hook.url }, "events"],
    [{ ...hook, secret: "mine" }, "secret"],
  ])("webhooks: %j is refused for %s", async (body, field) => {
    const { ask } = await withRoutes();
    const answer = await ask("POST", "/webhooks", body);
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
  });

  test("webhooks: an organisation has fifty at most", async () => {
    const { ask } = await withRoutes();
    for (let n = 0; n < 50; n++) expect((await ask("POST", "/webhooks", hook)).status).toBe(201);
    expect((await ask("POST", "/webhooks", hook)).status).toBe(409);
    expect((await ask("POST", "/webhooks", hook, "org_other")).status).toBe(201);
  });

  test("webhooks: every notice is an event of this API", () => {
    expect(nativeEvents).toContain("call.transcript-line");
    expect(new Set(nativeEvents).size).toBe(14);
  });
});

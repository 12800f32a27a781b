import Fastify, { type FastifyInstance } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import { paymentPageRoutes } from "../../../src/control/http/payment-page.ts";
import type { Org } from "../../../src/control/service/orgs/orgs.ts";
import { dollar, type MoneyHouse, moneyHouse } from "../service/money/house.ts";

async function pageHouse(): Promise<MoneyHouse & { app: FastifyInstance; acme: Org; path: string }> {
  const house = await moneyHouse();
  const app = Fastify();
  app.register(async (scope) => paymentPageRoutes(scope, house.page));
  onTestFinished(() => app.close());
  const acme = await house.org({ hasPaymentMethod: false });
  const path = (house.billing(acme).links().setupUrl ?? "").replace("https://gw.example.com", "");
  return { ...house, app, acme, path };
}

function post(app: FastifyInstance, path: string, form: string) {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return app.inject({ method: "POST", url: path, headers, payload: form });
}

describe("page of payment over HTTP", () => {
  test("page: says that it is test mode, and looking at it changes nothing", async () => {
    const { app, path, billing, acme } = await pageHouse();
    for (let time = 0; time < 2; time += 1) {
      const { statusCode, headers, body } = await app.inject(path);
      expect(statusCode).toBe(200);
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(body).toContain("Test mode: no money moves");
    }
    expect(await billing(acme).account()).toMatchObject({ terms: { hasPaymentMethod: false }, availableMicros: 0 });
  });

  test("page: its forms put a payment method on file, or add credit", async () => {
    const { app, path, billing, acme } = await pageHouse();
    expect((await post(app, path, "action=accept")).statusCode).toBe(200);
    const next = (billing(acme).links().setupUrl ?? "").replace("https://gw.example.com", "");
    expect((await post(app, next, "dollars=12.50&action=credit")).statusCode).toBe(200);
    expect(await billing(acme).account()).toMatchObject({
      terms: { hasPaymentMethod: true },
      availableMicros: 12.5 * dollar,
    });
  });

  test.each(["", "action=steal", "action=credit", "action=credit&dollars=-1", "action=credit&dollars=1e9"])(
    "page: %j is no form of ours, and uses nothing up",
    async (form) => {
      const { app, path, billing, acme } = await pageHouse();
      expect((await post(app, path, form)).statusCode).toBeGreaterThanOrEqual(400);
      expect((await post(app, path, "action=credit&dollars=1")).statusCode).toBe(200);
      expect(await billing(acme).account()).toMatchObject({ availableMicros: dollar });
    },
  );

  test("page: without its signature it opens for nobody", async () => {
    const { app, path } = await pageHouse();
    const bare = path.replace(/\?.*/, "");
    for (const url of [bare, `${bare}?signature=x`, `${bare}?signature=a&signature=b`]) {
      expect((await app.inject(url)).body).toContain("this link is not valid");
    }
  });
});

import { describe, expect, test } from "vitest";
import { compileNow } from "../../../src/control/http/validation.ts";
import { testGateway } from "../gateway.ts";

describe("validation", () => {
  test("each schema of each route can be checked against, though most are only made ready when they are needed", async () => {
    const { app } = await testGateway();
    await app.ready();
    const found: string[] = [];
    for (const { method, url, schema } of app.routeBook) {
      for (const httpPart of ["body", "params", "querystring", "headers"] as const) {
        const part = schema?.[httpPart] as object | undefined;
        if (part === undefined) continue;
        expect(() => compileNow({ schema: part, httpPart }), `${method} ${url} ${httpPart}`).not.toThrow();
        found.push(url);
      }
    }
    for (const mount of ["/api/v1/", "/jagcall/", "/agentcall/"]) {
      expect(found.filter((url) => url.startsWith(mount)).length).toBeGreaterThan(5);
    }
  });

  test("what has not the form of a telephone number is told so in words, in every API", async () => {
    const { ask } = await testGateway();
    const { body } = await ask("POST", "/numbers", { number: "5551234" });
    expect(body.error).toMatchObject({ field: "number" });
    expect(body.error.message).toBe("number must be an E.164 number such as +14155551234");
  });

  test("a schema that is none is refused", () => {
    expect(() => compileNow({ schema: { type: "sentence" }, httpPart: "body" })).toThrow();
    expect(() => compileNow({ schema: { type: "string", misspelt: 1 }, httpPart: "body" })).toThrow();
  });
});

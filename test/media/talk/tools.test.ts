import { describe, expect, test } from "vitest";
import type { ToolDeclaration } from "../../../src/media/ai/session.ts";
import type { ToolSpec, TransferTarget } from "../../../src/media/protocol.ts";
import { builtInTools, checkArguments, toolCatalogue } from "../../../src/media/talk/tools.ts";

const order: ToolDeclaration = {
  name: "order",
  description: "Orders something.",
  parameters: {
    type: "object",
    properties: {
      item: { type: "string" },
      count: { type: "integer", minimum: 1 },
      at: { type: "string", format: "date-time" },
      address: { type: "object", properties: { zip: { type: "string" } }, required: ["zip"] },
    },
    required: ["item"],
    additionalProperties: false,
  },
};

function errorOf(argumentsJson: string, tool = order) {
  const checked = checkArguments(tool, argumentsJson);
  return checked.ok ? undefined : checked.error;
}

describe("tools", () => {
  test("a call's catalogue has the agent's tools and the built-in ones, without addresses and secrets", () => {
    const spec: ToolSpec = { ...order, url: "https://x.example/", secret: "whsec", timeoutMs: 1_000, headers: {} };
    const catalogue = toolCatalogue([spec, { ...spec, name: "hang_up", description: "mine" }], []);
    expect(catalogue.map((tool) => tool.name)).toEqual(["order", "hang_up", "send_dtmf"]);
    expect(JSON.stringify(catalogue)).not.toMatch(/whsec|x\.example|mine/);
  });

  test("transfer_call is there for agents with somebody to put callers through to, and knows them by name", () => {
    const sales: TransferTarget = { name: "Sales", description: "Buyers.", to: "201", mode: "blind", confirm: "none" };
    const anna: TransferTarget = { name: "Anna", description: "", to: "+15550144", mode: "attended", confirm: "key" };
    const own: ToolSpec = { ...order, name: "transfer_call", url: "", secret: "", timeoutMs: 1_000, headers: {} };
    const toolOf = (...transfers: readonly TransferTarget[]) =>
      toolCatalogue([own], transfers).filter(({ name }) => name === "transfer_call");
    expect(toolOf()).toMatchObject([{ description: "Orders something." }]);
    const [blind, ...none] = toolOf(sales);
    expect(none).toEqual([]);
    expect(blind?.parameters.properties).toEqual({
      target: { type: "string", enum: ["Sales"], description: "Sales: Buyers." },
    });
    const [attended] = toolOf(sales, anna);
    expect(attended?.parameters.properties).toMatchObject({
      target: { enum: ["Sales", "Anna"], description: "Sales: Buyers.\nAnna" },
      briefing: { type: "string" },
    });
    expect(JSON.stringify(attended)).not.toMatch(/201|15550144/);
  });

  test("good arguments pass as an object; none at all is {}", () => {
    expect(checkArguments(order, '{"item":"tea","count":2,"at":"2026-11-22T10:00:00Z"}')).toEqual({
      ok: true,
      value: { item: "tea", count: 2, at: "2026-11-22T10:00:00Z" },
    });
    expect(checkArguments({ ...order, parameters: { type: "object" } }, "")).toEqual({ ok: true, value: {} });
  });

  test.each([
    ['{"item":5}', "item", "It must be string."],
    ["{}", "item", "It must have required property 'item'."],
    ['{"item":"tea","count":0}', "count", "It must be >= 1."],
    ['{"item":"tea","size":1}', "size", "It must NOT have additional properties."],
    ['{"item":"tea","address":{}}', "address.zip", "It must have required property 'zip'."],
    ['{"item":"tea","at":"tomorrow"}', "at", 'It must match format "date-time".'],
  ])("wrong arguments name the field and never their value: %s", (json, field, message) => {
    expect(errorOf(json)).toEqual({ code: "invalid_arguments", message, field });
  });

  test.each(["{", "[]", "null", '"x"', "undefined", `{"item":"${"x".repeat(70_000)}"}`])(
    "no object, no call: %#",
    (json) => {
      expect(errorOf(json)?.code).toBe("invalid_arguments");
    },
  );

  test.each<Record<string, unknown>>([{ $async: true, type: "object" }, { type: "nonsense" }, { $ref: "#/nowhere" }])(
    "a schema that cannot be used is the tool's fault: %j",
    (parameters) => {
      expect(errorOf("{}", { ...order, parameters })?.code).toBe("misconfigured_tool");
    },
  );

  test("schemas with the same $id do not get into each other's way", () => {
    const withId = (type: string) => ({
      ...order,
      parameters: { $id: "https://x.example/s", type: "object", properties: { a: { type } } },
    });
    expect(errorOf('{"a":1}', withId("integer"))).toBeUndefined();
    expect(errorOf('{"a":1}', withId("string"))?.field).toBe("a");
  });

  test("send_dtmf takes keys only", () => {
    const sendDtmf = builtInTools[1];
    expect(errorOf('{"digits":"12*#D"}', sendDtmf)).toBeUndefined();
    expect(errorOf('{"digits":"12 34"}', sendDtmf)?.field).toBe("digits");
    expect(errorOf("{}", sendDtmf)?.field).toBe("digits");
  });
});

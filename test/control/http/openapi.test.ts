import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { testGateway } from "../gateway.ts";

/** What OpenAPI 3.1 asks of the parts that we use (§4.8). */
const shape = {
  type: "object",
  required: ["openapi", "info", "paths", "components"],
  properties: {
    openapi: { const: "3.1.0" },
    info: {
      type: "object",
      required: ["title", "version"],
      properties: { title: { type: "string" }, version: { type: "string" } },
    },
    paths: {
      type: "object",
      propertyNames: { pattern: "^/" },
      additionalProperties: {
        type: "object",
        propertyNames: { enum: ["get", "put", "post", "delete", "patch"] },
        additionalProperties: { $ref: "#/$defs/operation" },
      },
    },
  },
  $defs: {
    operation: {
      type: "object",
      required: ["operationId", "tags", "responses"],
      properties: {
        operationId: { type: "string", pattern: "^[a-z][A-Za-z]+$" },
        tags: { type: "array", minItems: 1, items: { type: "string" } },
        parameters: { type: "array", items: { $ref: "#/$defs/parameter" } },
        requestBody: { type: "object", required: ["content"], properties: { content: { $ref: "#/$defs/content" } } },
        responses: {
          type: "object",
          minProperties: 1,
          propertyNames: { pattern: "^[1-5][0-9]{2}$" },
          additionalProperties: {
            type: "object",
            required: ["description"],
            properties: { description: { type: "string" }, content: { $ref: "#/$defs/content" } },
          },
        },
      },
    },
    parameter: {
      type: "object",
      required: ["name", "in", "schema"],
      properties: { name: { type: "string" }, in: { enum: ["path", "query", "header"] }, schema: { type: "object" } },
      // A parameter in the path is always there.
      anyOf: [
        { properties: { in: { enum: ["query", "header"] } } },
        { required: ["required"], properties: { required: { const: true } } },
      ],
    },
    content: {
      type: "object",
      minProperties: 1,
      additionalProperties: { type: "object", required: ["schema"], properties: { schema: { type: "object" } } },
    },
  },
};

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

async function describedApi() {
  const { app } = await testGateway();
  const document = (await app.inject("/api/v1/openapi.json")).json();
  const paths = document.paths as Record<string, Record<string, Operation>>;
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  return { app, document, operations };
}

describe("OpenAPI", () => {
  test("openapi: the document is one of OpenAPI 3.1, and every operation has a name, a tag and answers", async () => {
    const { document, operations } = await describedApi();
    const ajv = new Ajv2020({ strict: false });
    const isValid = ajv.compile(shape);
    isValid(document);
    expect(isValid.errors).toBeNull();
    expect(operations.length).toBeGreaterThan(70);
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  test("openapi: every schema in it is one of JSON Schema 2020-12", async () => {
    const { operations } = await describedApi();
    const ajv = addFormats.default(new Ajv2020({ strict: true, allowUnionTypes: true, keywords: ["example"] }));
    let seen = 0;
    for (const { operation } of operations) {
      const contents = [
        operation.requestBody?.content,
        ...Object.values(operation.responses).map((one) => one.content),
      ];
      const bodies = contents.flatMap((content) => Object.values(content ?? {}).map(({ schema }) => schema));
      for (const schema of [...bodies, ...(operation.parameters ?? []).map((one) => one.schema)]) {
        expect(() => ajv.compile(schema), operation.operationId).not.toThrow();
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThan(300);
  });

  test("openapi: what stands in braces in a path is a parameter of it, and no other", async () => {
    const { operations } = await describedApi();
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
      const told = (operation.parameters ?? []).filter((one) => one.in === "path").map(({ name }) => name);
      expect([operation.operationId, told.sort()]).toEqual([operation.operationId, inPath.sort()]);
    }
  });

  test("openapi: every operation says what it answers when it goes well, and to a wrong key when it asks for one", async () => {
    const { operations, app } = await describedApi();
    for (const { path, method, operation } of operations) {
      const statuses = Object.keys(operation.responses);
      expect([operation.operationId, statuses.filter((status) => status.startsWith("2")).length]).not.toEqual([
        operation.operationId,
        0,
      ]);
      const url = path.replaceAll(/\{[^}]+\}/g, "x");
      const { statusCode } = await app.inject({ method: method.toUpperCase() as "GET", url });
      // Without a key there is 401 wherever it is told, and success where it is not.
      expect([operation.operationId, statusCode]).toEqual([
        operation.operationId,
        statuses.includes("401") ? 401 : 200,
      ]);
    }
  });
});

/** Makes the smallest value that a JSON schema accepts, from a list of likely words. */
import { Ajv } from "ajv";
import addFormats from "ajv-formats";

/** The parts of a JSON schema that are looked at. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly anyOf?: readonly JsonSchema[];
}

const ajv = addFormats.default(new Ajv({ strict: false, allowUnionTypes: true }));

const likely = [
  "sample",
  "+15550142",
  "https://example.com/hook",
  "2026-11",
  "1",
  "sk-sample-0123456789abcdef",
  "a@b.c",
];

/** A value with the required members only. */
export function sampleOf(schema: JsonSchema): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return sampleOf(schema.anyOf[0] ?? {});
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  switch (type) {
    case "object": {
      const names = schema.required ?? [];
      return Object.fromEntries(names.map((name) => [name, sampleOf(schema.properties?.[name] ?? {})]));
    }
    case "array":
      return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}));
    case "integer":
    case "number":
      return Math.max(schema.minimum ?? 1, 1);
    case "boolean":
      return true;
    case "null":
      return null;
    default: {
      const accepts = ajv.compile(schema);
      const found = [...likely, "2026-11-22T12:00:00Z"].find((word) => accepts(word));
      if (found === undefined) throw new Error(`no likely word is a ${JSON.stringify(schema)}: add one`);
      return found;
    }
  }
}

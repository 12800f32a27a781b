/** Checks requests against their schemas, and says which field is wrong in the user's own words. */
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import type { FastifySchemaCompiler } from "fastify";

const strict = { strict: true, allowUnionTypes: true, allErrors: false, removeAdditional: false, useDefaults: false };
const bodyAjv = addFormats.default(new Ajv({ ...strict, coerceTypes: false }), ["date-time"]);
/** What stands in a URL is text: numbers are read from it. */
const urlAjv = addFormats.default(new Ajv({ ...strict, coerceTypes: true }), ["date-time"]);

type RouteSchema = Parameters<FastifySchemaCompiler<object>>[0];
type Validator = ReturnType<FastifySchemaCompiler<object>>;

/** Validator for Fastify, made when the first request needs it: all of them at once would take most of a start. */
export const compileSchema: FastifySchemaCompiler<object> = (route) => {
  let made: ValidateFunction | undefined;
  const validate: Validator = (data) => {
    made ??= compileNow(route);
    const isValid = made(data);
    validate.errors = made.errors as Validator["errors"];
    return isValid;
  };
  return validate;
};

/** A schema's validator: bodies as they are, URLs with their numbers read. Throws when the schema is none. */
export function compileNow({ schema, httpPart }: Pick<RouteSchema, "schema" | "httpPart">): ValidateFunction {
  return (httpPart === "body" ? bodyAjv : urlAjv).compile(schema);
}

/** Forms that people know by a name, by their pattern. */
const formOf: ReadonlyMap<string, string> = new Map([
  ["^\\+[1-9][0-9]{1,14}$", "must be an E.164 number such as +14155551234"],
  ["^(\\+[1-9][0-9]{1,14}|[0-9]{2,6})$", "must be an E.164 number such as +14155551234, or an extension"],
  ["^[A-Z]{2}$", "must be a country code of two letters such as US"],
]);

/** What is wrong with a request. */
export interface FieldFault {
  /** `turn.endpointing_ms`, `tools[0].url`; "" when it is the whole. */
  readonly field: string;
  readonly message: string;
}

/** Puts Ajv's first error into the user's words; never repeats a value. */
export function describeFault(errors: readonly Partial<ErrorObject>[]): FieldFault {
  const error = errors[0];
  const params: Record<string, unknown> = error?.params ?? {};
  const path = fieldPath(error?.instancePath ?? "");
  const below = (name: unknown) => (path === "" ? String(name) : `${path}.${name}`).slice(0, 200);
  switch (error?.keyword) {
    case "required":
      return { field: below(params.missingProperty), message: "is required" };
    case "additionalProperties":
      return { field: below(params.additionalProperty), message: "is not a known field" };
    case "propertyNames":
      return { field: below(params.propertyName), message: "is not a valid name here" };
    case "enum":
      return { field: path, message: `must be one of ${(params.allowedValues as unknown[]).join(", ")}` };
    default:
      // An invalid name is reported on the object, with the name beside it.
      if (error?.propertyName !== undefined) {
        return { field: below(error.propertyName), message: "is not a valid name here" };
      }
      return { field: path, message: formOf.get(String(params.pattern)) ?? error?.message ?? "is not valid" };
  }
}

/** JSON pointer (RFC 6901) to the way people write it: `/tools/0/url` is `tools[0].url`. */
function fieldPath(pointer: string): string {
  let path = "";
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path += /^[0-9]+$/.test(name) ? `[${name}]` : path === "" ? name : `.${name}`;
  }
  return path.slice(0, 200);
}

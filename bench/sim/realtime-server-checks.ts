/** What strict checks are made of: every known field has a type, every other field is refused by name. */

/** Why an event is refused, in the protocol's own words. */
export interface Refusal {
  readonly code: "unknown_parameter" | "invalid_value" | "missing_required_parameter" | "string_above_max_length";
  /** Path of the field, `session.audio.input.format`. */
  readonly param: string;
  readonly message: string;
}

/** Looks at one value; undefined when it is fine. */
export type Check = (value: unknown, path: string) => Refusal | undefined;
export type CheckedFields = Readonly<Record<string, Check>>;

/** The refusal of a value. */
export function invalid(path: string, expected: string): Refusal {
  return { code: "invalid_value", param: path, message: `Invalid value: '${path}'. Expected ${expected}.` };
}

/** A text of at most so many characters. */
export function text(maxLength = 1_000_000): Check {
  return (value, path) => {
    if (typeof value !== "string") return invalid(path, "a string");
    if (value.length <= maxLength) return undefined;
    return {
      code: "string_above_max_length",
      param: path,
      message: `'${path}' is longer than ${maxLength} characters.`,
    };
  };
}

/** A number inside both bounds. */
export function numberBetween(least: number, most: number, whole: boolean): Check {
  return (value, path) =>
    typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value))
      ? undefined
      : invalid(path, `${whole ? "an integer" : "a number"} from ${least} to ${most}`);
}

/** A boolean. */
export const flag: Check = (value, path) => (typeof value === "boolean" ? undefined : invalid(path, "a boolean"));
/** Any value. */
export const anything: Check = () => undefined;

/** One of these values. */
export function word(...allowed: readonly (string | number)[]): Check {
  return (value, path) =>
    allowed.some((one) => one === value) ? undefined : invalid(path, `one of ${allowed.join(", ")}`);
}

/** `null`, or what passes the check. */
export function nullable(check: Check): Check {
  return (value, path) => (value === null ? undefined : check(value, path));
}

/** What passes one of the checks. */
export function either(...checks: readonly Check[]): Check {
  return (value, path) => {
    let last: Refusal | undefined;
    for (const check of checks) {
      last = check(value, path);
      if (!last) return undefined;
    }
    return last;
  };
}

/** A list of at most so many. */
export function listOf(check: Check, most: number): Check {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > most) return invalid(path, `an array of at most ${most}`);
    for (const [index, one] of value.entries()) {
      const refusal = check(one, `${path}[${index}]`);
      if (refusal) return refusal;
    }
    return undefined;
  };
}

/** A JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object with these fields and no others. */
export function strictObject(fields: CheckedFields, required: readonly string[] = []): Check {
  return (value, path) => {
    if (!isObject(value)) return invalid(path, "an object");
    const at = (name: string): string => (path === "" ? name : `${path}.${name}`);
    for (const name of required) {
      if (value[name] !== undefined) continue;
      const message = `Missing required parameter: '${at(name)}'.`;
      return { code: "missing_required_parameter", param: at(name), message };
    }
    for (const [name, one] of Object.entries(value)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (!check) return { code: "unknown_parameter", param: at(name), message: `Unknown parameter: '${at(name)}'.` };
      const refusal = check(one, at(name));
      if (refusal) return refusal;
    }
    return undefined;
  };
}

/** An object whose `key` decides which fields it has. */
export function variants(key: string, table: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return invalid(path, "an object");
    const name = value[key];
    const at = path === "" ? key : `${path}.${key}`;
    if (name === undefined) {
      return { code: "missing_required_parameter", param: at, message: `Missing required parameter: '${at}'.` };
    }
    const check = typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
    return check ? check(value, path) : invalid(at, `one of ${Object.keys(table).join(", ")}`);
  };
}

/** A client event with these fields beside its type and id. */
export function event(fields: CheckedFields = {}, required: readonly string[] = []): Check {
  return strictObject({ type: text(), event_id: text(512), ...fields }, required);
}

/** Base64 of at most 15 MiB, in whole groups. */
export const audio: Check = (value, path) =>
  typeof value === "string" &&
  value.length <= 15 * 1024 * 1024 &&
  value.length % 4 === 0 &&
  /^[A-Za-z0-9+/]*={0,2}$/.test(value)
    ? undefined
    : invalid(path, "base64 audio of at most 15 MiB");

/** `/llms.txt`: the API in plain text, written from the routes there are. */
import type { NotedRoute } from "../../http/route-book.ts";
import type { TypedApp } from "../shapes.ts";
import { errorWords } from "./errors.ts";
import { eventNames } from "./events.ts";
import { agentcallLimits } from "./limits.ts";
import { callStatuses } from "./words.ts";

/** Where the APIs on the page are, and what their keys begin with. */
const apis = [
  { title: "AgentCall API", below: "/agentcall/v1/", shownFrom: "/agentcall".length, key: "ac_live_…" },
  { title: "Tandem API (native)", below: "/api/v1/", shownFrom: 0, key: "tk_live_…" },
] as const;

/** Answers without a key. The page is made when it is first asked for: by then all routes are there. */
export function llmsRoute(app: TypedApp): void {
  let page: string | undefined;
  app.get("/llms.txt", { schema: { hide: true } }, async (_request, reply) => {
    page ??= writePage(app.routeBook);
    return reply.type("text/plain; charset=utf-8").send(page);
  });
}

/** The whole page. */
export function writePage(routes: readonly NotedRoute[]): string {
  const { global, aiCalls } = agentcallLimits.said;
  const intro = [
    "# AgentCall on Tandem: phone numbers for AI agents",
    "",
    "Authentication: Authorization: Bearer <key>. Bodies and answers are JSON; telephone numbers are E.164 (+14155551234).",
    "Fields marked * are required. Unknown fields are passed over. Lists answer {data, hasMore, nextCursor}.",
    "Errors: {error: {code, message, field?, setupUrl?, upgradeUrl?}}.",
    `Error codes: ${[...new Set(errorWords.map(({ status, code }) => `${status} ${code}`))].sort().join(", ")}.`,
    `Call statuses: ${callStatuses.join(", ")}.`,
    `Webhook events: ${eventNames.join(", ")}. Bodies are signed: X-AgentCall-Signature is the hex HMAC-SHA256 of the body.`,
    `Rate limits: ${global} requests a minute, ${aiCalls} a minute for POST /v1/calls/ai; see Retry-After.`,
  ];
  return `${[...intro, ...apis.flatMap((api) => ["", ...writeApi(routes, api)])].join("\n")}\n`;
}

function writeApi(routes: readonly NotedRoute[], { title, below, shownFrom, key }: (typeof apis)[number]): string[] {
  const shown = routes.filter(({ url, schema }) => url.startsWith(below) && schema !== undefined && !schema.hide);
  const groups = [...new Set(shown.map(groupOf))];
  const told: Told = new Map();
  const lines = groups.flatMap((group) => [
    "",
    `### ${group}`,
    ...shown.filter((route) => groupOf(route) === group).flatMap((r) => ["", ...writeRoute(r, shownFrom, told)]),
  ]);
  return [`## ${title} (keys begin with ${key})`, ...lines];
}

function groupOf({ schema }: NotedRoute): string {
  return schema?.tags?.[0] ?? "Other";
}

/** Shapes of answers that were spelled out, and the route it was done at: once is enough. */
type Told = Map<string, string>;

function writeRoute({ method, url, schema = {} }: NotedRoute, shownFrom: number, told: Told): string[] {
  const name = `${method} ${url.slice(shownFrom)}`;
  const what = schema.summary ?? schema.description ?? wordsOf(schema.operationId ?? "");
  const open = schema.security?.length === 0 ? " (no key needed)" : "";
  const answers = Object.entries(schema.response ?? {}).filter(([status]) => status.startsWith("2"));
  return [
    `${name}${open}`,
    ...(what === "" ? [] : [what]),
    ...writeFields("Query", schema.querystring),
    ...writeFields("Headers", schema.headers),
    ...writeFields("Body", schema.body),
    ...answers.flatMap(([status, shape]) => writeAnswer(`Answer ${status}`, shape, name, told)),
  ];
}

/** `placeCall`: Place call. */
function wordsOf(name: string): string {
  const spaced = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** The part of JSON Schema that our routes use. */
interface Shape {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Shape;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** An answer, or list of answers, that was told before is named after the route it was told at. */
function writeAnswer(title: string, schema: unknown, route: string, told: Told): string[] {
  const shape = (schema ?? {}) as Shape;
  const item = shape.properties?.data?.items;
  const key = JSON.stringify((item ?? shape).properties);
  const before = told.get(key);
  if (before !== undefined) return [`${title}: ${item ? "a list of what" : "what"} ${before} answers`];
  if (key !== undefined) told.set(key, route);
  return writeFields(title, schema, "lists");
}

/** What is spelled out within fields: objects and lists, or lists alone where the objects stand elsewhere too. */
type Within = "all" | "lists";

/** How deep that goes. */
const maxDepth = 3;

function writeFields(title: string, schema: unknown, within: Within = "all"): string[] {
  const shape = (schema ?? {}) as Shape;
  const lines = fieldsOf(shape, within, 1);
  if (lines.length > 0) return [`${title}:`, ...lines];
  return shape.type === undefined || shape.type === "object" || shape.type === "null"
    ? []
    : [`${title}: ${typeOf(shape)}`];
}

function fieldsOf({ properties = {}, required = [] }: Shape, within: Within, depth: number): string[] {
  if (depth > maxDepth) return [];
  return Object.entries(properties).flatMap(([name, shape]) => {
    const inner = shape.properties && within === "all" ? shape : shape.items;
    const mark = required.includes(name) ? "*" : "";
    const about = shape.description === undefined ? "" : `: ${shape.description}`;
    const line = `${"  ".repeat(depth)}- ${name}${mark} (${typeOf(shape)})${about}`;
    return [line, ...(inner ? fieldsOf(inner, within, depth + 1) : [])];
  });
}

function typeOf(shape: Shape): string {
  const { type, enum: values, const: only, items, minimum, maximum, maxLength, format } = shape;
  if (values) return values.map(String).join(" | ");
  if (only !== undefined) return String(only);
  if (shape.anyOf) return shape.anyOf.map(typeOf).join(" | ");
  const types = [type ?? "any"].flat().map((one) => (one === "array" && items ? `array of ${typeOf(items)}` : one));
  const bounds = minimum !== undefined && maximum !== undefined ? [`${minimum} to ${maximum}`] : [];
  const length = maxLength === undefined ? [] : [`at most ${maxLength} characters`];
  const otherwise = shape.default === undefined ? [] : [`default ${shape.default}`];
  return [types.join(" | "), ...(format ? [format] : []), ...bounds, ...length, ...otherwise].join(", ");
}

// Makes src/client/operations.ts from what the native API says of itself. Needs the build.
//
//     npm run build && node scripts/make-client.mjs
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(fileURLToPath(import.meta.url), "..", "..");
const base = "/api/v1";

/** The TypeScript of a JSON schema. */
function typeOf(schema = {}) {
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return types.map((type) => typeOfOne(schema, type)).join(" | ");
}

function typeOfOne(schema, type) {
  switch (type) {
    case "string":
    case "boolean":
    case "null":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `readonly (${typeOf(schema.items)})[]`;
    case "object":
      return objectType(schema);
    default:
      return "unknown";
  }
}

function objectType({ properties, required = [], additionalProperties }) {
  if (!properties) {
    const values = typeof additionalProperties === "object" ? typeOf(additionalProperties) : "unknown";
    return `Readonly<Record<string, ${values}>>`;
  }
  const members = Object.entries(properties).map(([name, schema]) =>
    member(name, schema, required.includes(name), typeOf(schema)),
  );
  return members.length === 0 ? "Readonly<Record<string, never>>" : `{\n${members.join("\n")}\n}`;
}

function member(name, { description }, isRequired, type) {
  const comment = description ? `/** ${description.replaceAll("*/", "* /")} */\n` : "";
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  return `${comment}readonly ${key}${isRequired ? "" : "?"}: ${type};`;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The text of src/client/operations.ts. */
export function renderClient(openapi) {
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  const args = [biome, "format", "--stdin-file-path=src/client/operations.ts"];
  return execFileSync(process.execPath, args, { input: renderText(openapi), cwd: root, encoding: "utf8" });
}

function renderText({ paths }) {
  const types = [];
  const known = new Map();
  /** The name of a type; what looks alike has one name. */
  const named = (name, type) => {
    const before = known.get(type);
    if (before !== undefined || !/^\{.*\}$/s.test(type)) return before ?? type;
    known.set(type, name);
    types.push(`export interface ${name} ${type}\n`);
    return name;
  };
  const methods = [];
  const table = [];
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
  );
  for (const { path, method, operationId, description, parameters = [], requestBody, responses } of operations) {
    const name = capital(operationId);
    const isHere = (place) => parameters.filter((parameter) => parameter.in === place);
    const body = requestBody?.content?.["application/json"]?.schema;
    const members = [
      ...isHere("path").map((one) => member(one.name, one, true, typeOf(one.schema))),
      ...isHere("query").map((one) => member(one.name, one, one.required === true, typeOf(one.schema))),
      ...(body ? [`readonly body${isOptionalBody(body) ? "?" : ""}: ${named(`${name}Body`, typeOf(body))};`] : []),
    ];
    const isFree = members.every((text) => /readonly [^:]*\?:/.test(text));
    const request =
      members.length > 0 ? named(`${name}Request`, `{\n${members.join("\n")}\n}`) : "Record<string, never>";
    const success = Object.entries(responses).filter(([status]) => status.startsWith("2"));
    const isStream = success.some(([, { content }]) => content?.["text/event-stream"]);
    const answers = success.map(([, { content }]) => content?.["application/json"]?.schema);
    const answer = answers.map((schema) => (schema ? named(`${name}Answer`, typeOf(schema)) : "undefined"));
    const result = isStream ? "AsyncIterable<StreamedEvent>" : `Promise<${[...new Set(answer)].join(" | ")}>`;
    const shown = path.replace(base, "");
    methods.push(
      `/** \`${method.toUpperCase()} ${shown}\`${description ? `: ${description.replaceAll("*/", "* /")}` : ""} */`,
      `${operationId}(request${isFree ? "?" : ""}: ${request}, options?: RequestOptions): ${result};`,
    );
    const query = isHere("query").map((one) => one.name);
    table.push(
      `${operationId}: ${JSON.stringify({ method: method.toUpperCase(), path: shown, query, streams: isStream })},`,
    );
  }
  return `// Made by scripts/make-client.mjs from the API's own description: do not edit.
import type { OperationShape, RequestOptions, StreamedEvent } from "./shapes.ts";

${types.join("\n")}
/** Everything the native API can do; a request has the members of path and query side by side, and its \`body\`. */
export interface TandemOperations {
${methods.join("\n")}
}

/** Where each operation is. */
export const operations = {
${table.join("\n")}
} as const satisfies Readonly<Record<keyof TandemOperations, OperationShape>>;
`;
}

function isOptionalBody({ type }) {
  return Array.isArray(type) && type.includes("null");
}

/** The API's description, from the built gateway; nothing listens and nothing is kept. */
async function readOpenApi() {
  const dist = (path) => import(pathToFileURL(join(root, "dist", "src", path)).href);
  const { openServices } = await dist("control/service/services.js");
  const { createHttpServer } = await dist("control/http/server.js");
  const { createLogger } = await dist("kit/log.js");
  const { createMetrics } = await dist("kit/metrics.js");
  const { systemClock: clock } = await dist("kit/io/system-clock.js");
  const { systemRandom } = await dist("kit/io/random.js");
  const dataDir = mkdtempSync(join(tmpdir(), "tandem-client-"));
  const config = { publicUrl: "http://127.0.0.1:8080", twilioAuthToken: "" };
  const settings = { ...config, dataDir, databaseUrl: "", secretKey: "", prices: "", payments: "test" };
  const given = { ...settings, allowPrivateTargets: false, defaultProvider: "local" };
  const services = await openServices(given, clock, systemRandom);
  const log = createLogger("silent", "client");
  const app = createHttpServer({ services, calls: {}, metrics: createMetrics(), log, clock, config });
  try {
    return (await app.inject(`${base}/openapi.json`)).json();
  } finally {
    await app.close();
    await services.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const openapi = await readOpenApi();
  writeFileSync(join(root, "src", "client", "operations.ts"), renderClient(openapi));
}

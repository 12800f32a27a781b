/** What an agent's settings must obey beyond their shape. Field paths are in inner words. */
import { Ajv } from "ajv";
import { GatewayError } from "../../../kit/errors.ts";
import type { TransferTarget } from "../../../media/protocol.ts";
import type { AgentSettings, Tool } from "./kept-agent.ts";

/** Tools that every agent has, by the names `media/talk/tools.ts` gives them; no other tool may take one. */
const builtInTools = ["hang_up", "send_dtmf"] as const;
/** And the one of an agent that can put callers through. */
const transferTool = "transfer_call";
/** Names of tools that the gateway runs itself. */
export const gatewayTools: readonly string[] = [...builtInTools, transferTool];

/** Headers that the request itself decides. */
const reservedHeaders = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const maxParametersLength = 16_384;
/** Deep enough for any form; deeper would only try how far our own recursion goes. */
const maxParametersDepth = 32;

const schemaChecker = new Ajv({ strict: false, logger: false });

/** Throws a `GatewayError` naming the first field that is wrong. */
export function checkAgent(agent: AgentSettings, allowHttp: boolean): void {
  if (agent.webhookUrl !== null) checkUrl(agent.webhookUrl, allowHttp, "webhookUrl");
  if (agent.provider === "chat-webhook" && agent.webhookUrl === null) {
    throw new GatewayError("invalid-request", "the provider chat-webhook needs a URL to ask", "webhookUrl");
  }
  const { endpointingMs, maxEndpointingMs } = agent.turn;
  if (endpointingMs !== undefined && maxEndpointingMs !== undefined && endpointingMs > maxEndpointingMs) {
    throw new GatewayError("invalid-request", "must not be less than the endpointing time", "turn.maxEndpointingMs");
  }
  checkTransfers(agent.transfers);
  checkTools(agent.tools, agent.transfers.length > 0 ? gatewayTools : builtInTools, allowHttp);
}

/** Throws a `GatewayError` unless tools can work beside others whose names are `taken`. */
export function checkTools(tools: readonly Tool[], taken: readonly string[], allowHttp: boolean): void {
  const names = new Set<string>(taken);
  tools.forEach((tool, index) => {
    const field = `tools[${index}]`;
    if (names.has(tool.name)) {
      throw new GatewayError("invalid-request", "the name is taken by another tool or built in", `${field}.name`);
    }
    names.add(tool.name);
    checkTool(tool, allowHttp, field);
  });
}

function checkTransfers(transfers: readonly TransferTarget[]): void {
  const names = new Set<string>();
  transfers.forEach(({ name, mode, confirm }, index) => {
    const field = `transfers[${index}]`;
    // A model that writes "sales" for "Sales" must not reach somebody else.
    const folded = name.toLowerCase();
    if (names.has(folded)) {
      throw new GatewayError("invalid-request", "the name is taken by another target", `${field}.name`);
    }
    names.add(folded);
    if (confirm === "key" && mode === "blind") {
      throw new GatewayError("invalid-request", "asks for a key, which needs the mode attended", `${field}.confirm`);
    }
  });
}

function checkTool(tool: Tool, allowHttp: boolean, field: string): void {
  checkUrl(tool.url, allowHttp, `${field}.url`);
  if (isDeeperThan(tool.parameters, maxParametersDepth)) {
    throw new GatewayError("invalid-request", `is deeper than ${maxParametersDepth} levels`, `${field}.parameters`);
  }
  if (JSON.stringify(tool.parameters).length > maxParametersLength) {
    throw new GatewayError(
      "invalid-request",
      `is longer than ${maxParametersLength} characters`,
      `${field}.parameters`,
    );
  }
  if (tool.parameters.type !== "object" || !isJsonSchema(tool.parameters)) {
    throw new GatewayError("invalid-request", "must be a JSON Schema of type object", `${field}.parameters`);
  }
  for (const name of Object.keys(tool.headers).map((given) => given.toLowerCase())) {
    if (reservedHeaders.has(name)) {
      throw new GatewayError("invalid-request", "this header is set by the gateway", `${field}.headers.${name}`);
    }
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

function isJsonSchema(schema: Readonly<Record<string, unknown>>): boolean {
  try {
    return schemaChecker.validateSchema(schema) === true;
  } catch {
    return false; // `$schema` names a language we do not know
  }
}

/** Throws unless a customer's server may be reached by that URL. */
export function checkUrl(text: string, allowHttp: boolean, field: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new GatewayError("invalid-request", "must be an https:// URL", field);
  }
  if (url.protocol === "http:" && !allowHttp) {
    throw new GatewayError("invalid-request", "must be https (TANDEM_ALLOW_PRIVATE_TARGETS allows http)", field);
  }
  if (url.username !== "" || url.password !== "") {
    throw new GatewayError("invalid-request", "must not hold a user name or password; use a header", field);
  }
}

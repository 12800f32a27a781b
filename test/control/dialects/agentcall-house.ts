/** A gateway and a client of AgentCall's, on the shared paths with its own key. */
import type { HttpServerDeps } from "../../../src/control/http/server.ts";
import type { OrgSettings } from "../../../src/control/service/orgs/orgs.ts";
import { type CallId, firstOrgId, type OrgId } from "../../../src/kit/ids.ts";
import type { Utterance } from "../../../src/media/protocol.ts";
import { type Answer, type TestGateway, type TestServicesOptions, testGateway } from "../gateway.ts";

type Method = "GET" | "POST" | "PATCH" | "DELETE";
export type Ask = (method: Method, path: string, payload?: unknown) => Promise<Answer>;

export interface AgentCallHouse extends Omit<TestGateway, "ask"> {
  /** Asks with an AgentCall key of the first organisation. */
  readonly ask: Ask;
  /** The same with the native API. */
  readonly askNative: TestGateway["ask"];
  /** Asks as another organisation, made for it. */
  askAs(settings: Partial<OrgSettings>): Promise<Ask & { readonly orgId: OrgId }>;
  /** Buys a number; its id and digits. */
  buy(ask?: Ask): Promise<{ readonly id: string; readonly number: string }>;
  /** A text comes in from outside. */
  arrive(to: string, body: string, from?: string): Promise<void>;
  /** A placed call rings, is answered, says the lines and ends after so long. */
  talk(callId: string, lines: readonly (readonly [Utterance["role"], string])[], durationMs: number): Promise<void>;
}

export async function agentCallHouse(
  deps: Partial<HttpServerDeps> = {},
  options: TestServicesOptions = {},
): Promise<AgentCallHouse> {
  const { ask: askNative, ...gateway } = await testGateway(deps, options);
  const { services, clock } = gateway;
  const asker = async (orgId: OrgId): Promise<Ask> => {
    const { secret } = await services.keys.create({ orgId, dialect: "agentcall", name: "test" });
    return (method, path, payload) => send(gateway, secret, method, path, payload);
  };
  await services.texts.connect({ carry: () => {} });
  const ask = await asker(firstOrgId);
  const { applyMediaEvent, endCall, noteSignalling } = services.callRecords;
  return {
    ...gateway,
    ask,
    askNative,
    askAs: async (settings) => {
      const { id: orgId } = await services.orgs.create({ name: "Another", ...settings });
      return Object.assign(await asker(orgId), { orgId });
    },
    buy: async (as = ask) => (await as("POST", "/v1/numbers/provision", { type: "local" })).body,
    arrive: async (to, body, from = "+14155550199") => {
      await services.texts.receive({ from, to: to as never, body });
    },
    talk: async (id, lines, durationMs) => {
      const callId = id as CallId;
      const startedAt = clock.wall();
      await noteSignalling(callId, { isRinging: true });
      await applyMediaEvent({ type: "call-started", callId, wallMs: startedAt });
      for (const [n, [role, text]] of lines.entries()) {
        const times = { startMs: n * 1000, endMs: n * 1000 + 900 };
        const utterance = { utteranceId: `utt_${n}`, role, text, ...times, interrupted: false, via: "speech" } as const;
        await applyMediaEvent({ type: "utterance", callId, utterance });
      }
      clock.ms += durationMs;
      await endCall(callId, "callee-hung-up", "");
    },
  };
}

async function send(
  { app }: Pick<TestGateway, "app">,
  secret: string,
  method: Method,
  url: string,
  payload: unknown,
): Promise<Answer> {
  const { statusCode, body, headers } = await app.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${secret}`,
      ...(payload !== undefined && { "content-type": "application/json" }),
    },
    ...(payload !== undefined && { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
  });
  return { status: statusCode, body: body === "" ? undefined : JSON.parse(body), headers };
}

/** A gateway asked by a vendor's client: its base path, its key, and calls that can be brought to their end. */
import { writeFileSync } from "node:fs";
import type { InjectOptions } from "fastify";
import type { Dialect } from "../../../src/control/service/orgs/keys.ts";
import type { OrgSettings } from "../../../src/control/service/orgs/orgs.ts";
import { type CallId, firstOrgId, type OrgId } from "../../../src/kit/ids.ts";
import type { EndCause } from "../../../src/media/protocol.ts";
import { type Answer, type TestGateway, testGateway } from "../gateway.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface VendorHouse extends TestGateway {
  readonly vendorKey: string;
  /** Asks the vendor's API at its shared path with its key; `payload` goes as JSON, text as it is. */
  request(method: Method, path: string, payload?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A call of another organisation's, say; asked with its key. */
  keyOf(orgId: OrgId): Promise<string>;
  /** Has a call answered now and its two sides say something. */
  converse(callId: string): Promise<void>;
  /** Ends a call; answered ones have lasted as long as it is since. */
  end(callId: string, cause?: EndCause): Promise<void>;
}

/** `base`: `/v1`, `/api/v0`. The organisation pays afterwards, unless `terms` say something else. */
export async function vendorHouse(
  dialect: Dialect,
  base: string,
  terms: Partial<OrgSettings> = {},
  options: Parameters<typeof testGateway>[1] = {},
): Promise<VendorHouse> {
  const gateway = await testGateway({}, options);
  const { services, app, clock } = gateway;
  await services.orgs.update(firstOrgId, terms);
  await services.texts.connect({ carry: () => undefined });
  const keyOf = async (orgId: OrgId) => (await services.keys.create({ orgId, dialect, name: "vendor" })).secret;
  const vendorKey = await keyOf(firstOrgId);
  const { calls } = services.own;
  return {
    ...gateway,
    vendorKey,
    keyOf,
    request: async (method, path, payload, headers = {}) => {
      const request: InjectOptions = {
        method,
        url: `${base}${path}`,
        headers: { authorization: `Bearer ${vendorKey}`, "content-type": "application/json", ...headers },
        ...(payload !== undefined && { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
      };
      const reply = await app.inject(request);
      return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
    },
    converse: async (callId) => {
      await calls.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
      const said = { endMs: 5000, interrupted: false, via: "speech" } as const;
      for (const [role, text, startMs] of [
        ["agent", "Hi, this is JagCall...", 500],
        ["caller", "Hello, I am interested in...", 3200.4],
      ] as const) {
        const utterance = { ...said, utteranceId: `utt_${role}`, role, text, startMs };
        await calls.applyMediaEvent({ type: "utterance", callId, utterance });
      }
    },
    end: async (callId, cause = "caller-hung-up") => {
      await calls.endCall(callId as CallId, cause, "");
    },
  };
}

/** Puts the file of a recording where the gateway looks for it. */
export function writeRecording({ services }: TestGateway, callId: string): void {
  writeFileSync(services.own.calls.recordingPath(callId as CallId), Buffer.alloc(1000, 1));
}

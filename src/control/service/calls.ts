import { GatewayError } from "../../kit/errors.ts";
import { type OrgId, parseCallId } from "../../kit/ids.ts";
import { interruptionsOf, toolCallsOf, turnsOf, utterancesOf } from "../store/call-details.ts";
import { type CallFilter, type CallRow, findCallByKey, findCallOf, pageOfCalls, usageOfCalls } from "../store/calls.ts";
import type { Page, PageRequest } from "../store/page.ts";
import type { ServiceDeps } from "./deps.ts";
import { type Call, toCall } from "./kept-call.ts";
import {
  type CallTimeline,
  type ToolCall,
  type TranscriptLine,
  toTimeline,
  toToolCall,
  toUtterance,
} from "./timeline.ts";

export type { CallFilter };

/** Calls, and everything that can be asked of them. */
export interface Calls {
  get(id: string): Promise<Call>;
  list(filter: CallFilter, page: PageRequest): Promise<Page<Call>>;
  /** The call an idempotency key names, with the hash of the request that placed it. */
  findByKey(key: string): Promise<{ readonly call: Call; readonly requestHash: string } | undefined>;
  transcript(id: string): Promise<TranscriptLine[]>;
  toolCalls(id: string): Promise<ToolCall[]>;
  timeline(id: string): Promise<CallTimeline>;
}

/** The calls of one organisation. */
export function createCalls({ database: { db } }: Pick<ServiceDeps, "database">, orgId: OrgId): Calls {
  const need = async (id: string): Promise<CallRow> => {
    const row = parseCallId(id) && (await findCallOf(db, orgId, id));
    if (!row) throw new GatewayError("not-found", "there is no such call");
    return row;
  };
  return {
    get: async (id) => {
      const row = await need(id);
      return toCall(row, (await usageOfCalls(db, [id])).get(id));
    },
    list: async (filter, page) => {
      const { data, next } = await pageOfCalls(db, orgId, filter, page);
      const usage = await usageOfCalls(
        db,
        data.map((row) => row.id),
      );
      return { data: data.map((row) => toCall(row, usage.get(row.id))), next };
    },
    findByKey: async (key) => {
      const row = await findCallByKey(db, orgId, key);
      return (
        row && {
          call: toCall(row, (await usageOfCalls(db, [row.id])).get(row.id)),
          requestHash: row.request_hash ?? "",
        }
      );
    },
    transcript: async (id) => {
      await need(id);
      return (await utterancesOf(db, id)).map(toUtterance);
    },
    toolCalls: async (id) => {
      await need(id);
      return (await toolCallsOf(db, id)).map(toToolCall);
    },
    timeline: async (id) => {
      await need(id);
      return toTimeline(await turnsOf(db, id), await interruptionsOf(db, id), await utterancesOf(db, id));
    },
  };
}

import { GatewayError } from "../../../kit/errors.ts";
import { type OrgId, parseCallId } from "../../../kit/ids.ts";
import { interruptionsOf, toolCallsOf, turnsOf, utterancesOf } from "../../store/call-details.ts";
import { type CallFilter, numberedPageOfCalls, pageOfCalls } from "../../store/call-lists.ts";
import { type CallRow, findCallByKey, findCallOf } from "../../store/calls.ts";
import type { NumberedPage, NumberedPageRequest, Page, PageRequest } from "../../store/page.ts";
import { summariesOf } from "../../store/summaries.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Money } from "../money/money.ts";
import { readTerms } from "../money/standing.ts";
import type { CallSummary } from "../webhooks/notices.ts";
import { costSoFar } from "./call-money.ts";
import { type SummaryDelivery, toSummaryDelivery } from "./call-summaries.ts";
import { type CallerNumber, callerNumberOf } from "./caller-number.ts";
import { type Call, countsOf, toCall } from "./kept-call.ts";
import { summariseByRules } from "./summary.ts";
import {
  type CallTimeline,
  type ToolCall,
  type TranscriptLine,
  toTimeline,
  toToolCall,
  toUtterance,
} from "./timeline.ts";

export type { CallerNumber, CallFilter, SummaryDelivery };

/** Calls, and everything that can be asked of them. */
export interface Calls {
  get(id: string): Promise<Call>;
  list(filter: CallFilter, page: PageRequest): Promise<Page<Call>>;
  /** The same list by the number of its page, with how many calls there are in all. */
  listPage(filter: CallFilter, page: NumberedPageRequest): Promise<NumberedPage<Call>>;
  /** The call an idempotency key names, with the hash of the request that placed it. `scope`: "" is the organisation. */
  findByKey(key: string, scope?: string): Promise<{ readonly call: Call; readonly requestHash: string } | undefined>;
  /** The number a call may show; refuses with field `from` what is not the organisation's to show. */
  callerNumber(from: string): Promise<CallerNumber>;
  /** Refuses what the plan does not allow (any more), or cannot be paid, before anything is done. */
  checkPlan(what: "voice" | "ai-outbound" | "recording"): Promise<void>;
  transcript(id: string): Promise<TranscriptLine[]>;
  /** What its conversation came to; null while it lasts, or where no agent talked. */
  summary(id: string): Promise<CallSummary | null>;
  /** What became of the summaries that its number's `notify` asks for; none before the call has ended. */
  summaries(id: string): Promise<SummaryDelivery[]>;
  toolCalls(id: string): Promise<ToolCall[]>;
  timeline(id: string): Promise<CallTimeline>;
}

export interface CallsDeps extends Pick<ServiceDeps, "database" | "clock"> {
  readonly money: Pick<Money, "runningCostMicros" | "checkPlan">;
}

/** The calls of one organisation. */
export function createCalls({ database: { db }, clock, money }: CallsDeps, orgId: OrgId): Calls {
  const need = async (id: string): Promise<CallRow> => {
    const row = parseCallId(id) && (await findCallOf(db, orgId, id));
    if (!row) throw new GatewayError("not-found", "there is no such call");
    return row;
  };
  /** With what they used and cost; calls in progress cost more by the minute. */
  const render = async (rows: readonly CallRow[]): Promise<Call[]> => {
    const counts = await countsOf(
      db,
      rows.map((row) => row.id),
    );
    const isLive = rows.some((row) => row.status === "in-progress");
    const terms = isLive ? await readTerms(db, orgId) : undefined;
    const now = clock.wall();
    const cost: Parameters<typeof costSoFar>[1] = (items, durationMs) =>
      terms ? money.runningCostMicros(terms, items, durationMs) : 0;
    return rows.map((row) => toCall(row, counts(row.id), costSoFar(row, cost, now)));
  };
  const renderOne = async (row: CallRow): Promise<Call> => (await render([row]))[0]!;
  return {
    get: async (id) => renderOne(await need(id)),
    list: async (filter, page) => {
      const { data, next } = await pageOfCalls(db, orgId, filter, page);
      return { data: await render(data), next };
    },
    listPage: async (filter, page) => {
      const { data, total } = await numberedPageOfCalls(db, orgId, filter, page);
      return { data: await render(data), total };
    },
    findByKey: async (key, scope = "") => {
      const row = await findCallByKey(db, orgId, scope, key);
      return row && { call: await renderOne(row), requestHash: row.request_hash ?? "" };
    },
    checkPlan: (what) => money.checkPlan(db, orgId, what),
    callerNumber: (from) => callerNumberOf(db, orgId, from),
    transcript: async (id) => {
      await need(id);
      return (await utterancesOf(db, id)).map(toUtterance);
    },
    summary: async (id) => {
      const { status, agent_id: agentId } = await need(id);
      if (status !== "ended" || agentId === null) return null;
      return summariseByRules((await utterancesOf(db, id)).map(toUtterance));
    },
    summaries: async (id) => {
      await need(id);
      return (await summariesOf(db, orgId, id)).map(toSummaryDelivery);
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

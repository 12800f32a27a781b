import { GatewayError } from "../../kit/errors.ts";
import { type CallId, type OrgId, parseCallId } from "../../kit/ids.ts";
import { SipTrace, type TraceDialog } from "../exchange/sip-trace.ts";
import { type TraceMessage, viewEntry } from "../exchange/sip-trace-view.ts";
import { callLegs } from "../store/call-legs.ts";
import type { ServiceDeps } from "./deps.ts";

export type { TraceMessage };

/** A Call-ID in the list. */
export interface SipDialogSummary {
  readonly sipCallId: string;
  /** Null: it never became a call. */
  readonly callId: CallId | null;
  readonly method: string;
  readonly from: string;
  readonly to: string;
  readonly peer: string;
  /** Final status of the first request. */
  readonly status: number | null;
  /** Messages seen, also those that are not kept any more. */
  readonly messages: number;
  /** Wall ms. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Messages in the order of time. */
export interface SipLadder {
  readonly callId: CallId | null;
  /** Messages that are not kept any more. */
  readonly dropped: number;
  readonly messages: readonly TraceMessage[];
}

/** The signalling of calls, as far as it is remembered. */
export interface SipTraces {
  /** What is fed with messages. */
  readonly trace: SipTrace;
  /** Everything of a call: all its Call-IDs, and those of the call it is joined with. */
  ofCall(orgId: OrgId, id: string): Promise<SipLadder>;
  /** Everything of one Call-ID. */
  ofDialog(sipCallId: string): SipLadder;
  /** The Call-IDs heard of last, latest first: refused calls, registrations and probes too. */
  latest(limit: number): readonly SipDialogSummary[];
}

export function createSipTraces({ database }: Pick<ServiceDeps, "database">, trace = new SipTrace()): SipTraces {
  return {
    trace,
    ofCall: async (orgId, id) => {
      const legs = parseCallId(id) ? await callLegs(database.db, orgId, id) : [];
      if (legs.length === 0) throw new GatewayError("not-found", "there is no such call");
      const dialogs = new Set<TraceDialog>();
      for (const leg of legs) {
        const own = leg.carrier === "sip" && leg.carrierCallId ? trace.dialog(leg.carrierCallId) : undefined;
        for (const dialog of [own, ...trace.dialogsOf(leg.id as CallId)]) if (dialog) dialogs.add(dialog);
      }
      return ladder(id as CallId, [...dialogs]);
    },
    ofDialog: (sipCallId) => {
      const dialog = trace.dialog(sipCallId);
      if (!dialog) throw new GatewayError("not-found", "no message of this Call-ID is remembered", "sip_call_id");
      return ladder(dialog.callId ?? null, [dialog]);
    },
    latest: (limit) => trace.latest(limit).map(summary),
  };
}

function ladder(callId: CallId | null, dialogs: readonly TraceDialog[]): SipLadder {
  // By the first message, so that of two at the same instant the older dialog's comes first.
  const messages = [...dialogs]
    .sort((a, b) => a.firstWall - b.firstWall)
    .flatMap(({ sipCallId, entries }) => entries.map((entry) => viewEntry(sipCallId, entry)))
    .sort((a, b) => a.at - b.at);
  return { callId, dropped: dialogs.reduce((sum, { dropped }) => sum + dropped, 0), messages };
}

function summary(dialog: TraceDialog): SipDialogSummary {
  const { sipCallId, callId, method, from, to, peer, status, entries, dropped, firstWall, lastAt } = dialog;
  return {
    sipCallId,
    callId: callId ?? null,
    method,
    from,
    to,
    peer,
    status: status ?? null,
    messages: entries.length + dropped,
    firstAt: firstWall,
    lastAt,
  };
}

import { GatewayError } from "../../../kit/errors.ts";
import type { CallId, E164 } from "../../../kit/ids.ts";
import type { EndCause, MediaEvent } from "../../../media/protocol.ts";
import type { CallRecords, ResolvedAgent } from "../../calls/call-control.ts";
import { hasUtterance } from "../../store/call-details.ts";
import {
  findCall,
  findCallState,
  findOpenCallId,
  insertCall,
  openCalls,
  updateCall,
  updateOpenCall,
} from "../../store/calls.ts";
import { deleteEventsOfType, lastEventAt } from "../../store/events.ts";
import type { RecordingFiles } from "../../store/recordings.ts";
import type { WriteBatch, WriteQueue } from "../../store/write-queue.ts";
import type { ServiceDeps } from "../deps.ts";
import type { Money } from "../money/money.ts";
import type { Nodes } from "../nodes.ts";
import type { Outbox } from "../webhooks/outbox.ts";
import type { NewCallEvent } from "./call-events.ts";
import { holdForCall, itemsOfNewCall, settleCall } from "./call-money.ts";
import { createCallNotices } from "./call-notices.ts";
import { putSummaries } from "./call-summaries.ts";
import { toNewRow } from "./kept-call.ts";
import { type CallReport, writeReport } from "./media-events.ts";
import { type Summarise, summariseByRules } from "./summary.ts";

export interface CallRecordsDeps extends ServiceDeps {
  readonly queue: WriteQueue;
  readonly recordings: RecordingFiles;
  readonly money: Pick<Money, "hold" | "settle">;
  readonly outbox: Pick<Outbox, "put">;
  /** The gateways on this database. */
  readonly nodes: Pick<Nodes, "id" | "others">;
  /** What a conversation came to; undefined: by rules. */
  readonly summarise?: Summarise;
  readonly resolveInbound: (to: E164, from: string) => Promise<ResolvedAgent | undefined>;
}

type CallEnding = Extract<MediaEvent, { type: "call-ended" }>;

/** The record of all calls, as call control writes it. */
export function createCallRecords({
  database,
  queue,
  clock,
  recordings,
  money,
  outbox,
  nodes,
  summarise = summariseByRules,
  resolveInbound,
}: CallRecordsDeps): CallRecords {
  const { db, kind } = database;
  const notices = createCallNotices({ outbox, summarise });

  /**
   * Writes the ending if the call has none yet, with its price, its event, its notices and who is to have its summary;
   * partial transcripts have served their purpose.
   */
  const end = async (
    batch: WriteBatch,
    callId: string,
    cause: EndCause,
    detail: string,
    at: { endedAt: number; durationMs: number | null },
  ): Promise<boolean> => {
    const change = {
      status: "ended",
      cause,
      detail,
      ended_at: at.endedAt,
      duration_ms: at.durationMs === null ? null : Math.round(at.durationMs),
    };
    if (!(await updateOpenCall(batch.db, callId, change))) return false;
    await deleteEventsOfType(batch.db, callId, "transcript.partial");
    // In the same batch there may be partials that have not been written yet.
    const kept = batch.events.filter((event) => event.callId !== callId || event.type !== "transcript.partial");
    batch.events.splice(0, batch.events.length, ...kept);
    const row = await findCall(batch.db, callId);
    if (!row) return false;
    const recorded = row.record === 1 && (row.recording_bytes ?? 0) > 0;
    tell(batch, { callId, type: "call.ended", data: { cause, detail, durationMs: at.durationMs, recorded } });
    const costMicros = await settleCall(money, batch.db, row);
    await updateCall(batch.db, callId, { cost_micros: costMicros });
    await notices.tellEnding(batch.db, { ...row, cost_micros: costMicros });
    await putSummaries(batch.db, row, summarise, clock.wall());
    return true;
  };

  /** After an ending that no media process reported: the recording is whatever had reached the disk. */
  const keepRecording = async (batch: WriteBatch, callId: CallId): Promise<void> => {
    const sizeBytes = recordings.sizeBytes(callId);
    if (sizeBytes) await updateOpenCall(batch.db, callId, { recording_bytes: sizeBytes });
  };

  const applyEnding = (ending: CallEnding) =>
    queue.add(async (batch) => {
      const before = await findCall(batch.db, ending.callId);
      // Also when the call has its ending already: only the media process knows these.
      await updateCall(batch.db, ending.callId, {
        stats: JSON.stringify(ending.stats),
        ...(ending.recording && {
          recording_bytes: ending.recording.sizeBytes,
          recording_duration_ms: Math.round(ending.recording.durationMs),
        }),
      });
      const at = { endedAt: Math.round(ending.wallMs), durationMs: ending.durationMs };
      if (await end(batch, ending.callId, ending.cause, ending.detail, at)) return;
      // Its ending was told without the recording, which was not there yet.
      const isNews = before?.status === "ended" && before.recording_bytes === null && ending.recording !== undefined;
      const row = isNews ? await findCall(batch.db, ending.callId) : undefined;
      if (row) await notices.tell(batch.db, row, ["call.recording-ready"]);
    }, "must");

  const applyReport = (report: CallReport) =>
    queue.add(
      async (batch) => {
        const state = await findCallState(batch.db, report.callId);
        if (state === undefined) return;
        const isLine = report.type === "utterance" && state.live_transcript === 1 && state.status !== "ended";
        // Words that are corrected later have been told; the whole transcript has them as they are then.
        const isNewLine = isLine && !(await hasUtterance(batch.db, report.callId, report.utterance.utteranceId));
        const event = await writeReport(batch.db, report);
        // What comes after the ending is kept, but `call.ended` stays the last event.
        if (event && state.status !== "ended") tell(batch, event);
        if (isNewLine) await notices.tellLine(batch.db, report.callId, report.utterance);
        if (event?.type === "call.started") {
          const row = await findCall(batch.db, report.callId);
          if (row) await notices.tell(batch.db, row, ["call.answered"]);
        }
      },
      report.type === "transcript-partial" ? "droppable" : report.type === "call-started" ? "must" : "normal",
    );

  return {
    createCall: async (call) => {
      const made = await queue.add(async (batch) => {
        const fresh = toNewRow(call, itemsOfNewCall(call), clock.wall());
        try {
          await insertCall(batch.db, { ...fresh, node_id: nodes.id ?? null });
        } catch (error) {
          if (!kind.isDuplicate(error)) throw error;
          throw new GatewayError("conflict", "the call is there already: its carrier's id or idempotency key is taken");
        }
        const { callId, carrier, direction, from, to } = call;
        const data = { carrier, direction, from, to, agentId: call.agent?.agentId ?? null };
        const isInbound = direction === "inbound";
        tell(batch, { callId, type: isInbound ? "call.ringing" : "call.queued", data });
        const held = await holdForCall(money, batch.db, call);
        // What we did not do needs no record; that somebody called in vain is worth knowing.
        if (held.type === "refused" && !isInbound) throw held.refusal;
        const row = await findCall(batch.db, callId);
        if (row) await notices.tell(batch.db, row, isInbound ? ["call.inbound", "call.ringing"] : ["call.initiated"]);
        if (held.type === "refused") {
          const at = { endedAt: clock.wall(), durationMs: null };
          await end(batch, callId, "out-of-credit", held.refusal.message, at);
        }
        return held;
      }, "must");
      if (made.type === "refused") throw made.refusal;
      return made.credit;
    },
    noteTransfer: (callId, { state, to, cause, calleeId }) =>
      queue.add(async (batch) => {
        const before = await findCallState(batch.db, callId);
        if (before === undefined || before.status === "ended") return;
        const data = { state, to, cause: cause ?? null, calleeId: calleeId ?? null };
        tell(batch, { callId, type: "call.transfer", data });
      }, "normal"),
    noteSignalling: (callId, facts) =>
      queue.add(async (batch) => {
        const { carrierCallId, sipStatus, isRinging, peerCallId } = facts;
        const change = {
          ...(carrierCallId !== undefined && { carrier_call_id: carrierCallId }),
          ...(sipStatus !== undefined && { sip_status: sipStatus }),
          ...(peerCallId !== undefined && { peer_call_id: peerCallId }),
        };
        if (Object.keys(change).length > 0) await updateOpenCall(batch.db, callId, change);
        if (!isRinging || (await findCallState(batch.db, callId))?.status !== "queued") return;
        await updateOpenCall(batch.db, callId, { status: "ringing" });
        const row = await findCall(batch.db, callId);
        if (!row) return;
        const { carrier, direction, from_number: from, to_number: to, agent_id: agentId } = row;
        tell(batch, { callId, type: "call.ringing", data: { carrier, direction, from, to, agentId } });
        await notices.tell(batch.db, row, ["call.ringing"]);
      }, "must"),
    applyMediaEvent: async (event) => {
      if (event.type === "call-ended") await applyEnding(event);
      else if (
        "callId" in event &&
        event.type !== "rtp-opened" &&
        event.type !== "rtp-silent" &&
        event.type !== "keys-wanted"
      )
        await applyReport(event);
    },
    endCall: (callId, cause, detail) =>
      queue.add(async (batch) => {
        const row = await findCall(batch.db, callId);
        if (!row) return false;
        const endedAt = clock.wall();
        await keepRecording(batch, callId);
        const durationMs = row.started_at === null ? null : Math.max(0, endedAt - row.started_at);
        return end(batch, callId, cause, detail, { endedAt, durationMs });
      }, "must"),
    failCallsLeftOver: async (cause, nodeId) => {
      const others = await nodes.others();
      const isLeft = (owner: string | null) =>
        nodeId === undefined ? owner === null || !others.has(owner) : owner === nodeId;
      const left = (await openCalls(db)).filter((call) => isLeft(call.node_id));
      for (const { id: callId } of left) {
        await queue.add(async (batch) => {
          const row = await findCall(batch.db, callId);
          if (!row) return;
          // Nobody saw it end; the last thing we know of it is the best guess.
          const endedAt = (await lastEventAt(batch.db, callId)) ?? row.created_at;
          await keepRecording(batch, callId as CallId);
          const durationMs = row.started_at === null ? null : Math.max(0, endedAt - row.started_at);
          await end(batch, callId, cause, "the gateway stopped during the call", { endedAt, durationMs });
        }, "must");
      }
      return left.length;
    },
    resolveAgent: resolveInbound,
    findOpenCall: async (carrier, carrierCallId) =>
      (await findOpenCallId(db, carrier, carrierCallId)) as CallId | undefined,
    recordingPath: (callId) => recordings.path(callId),
  };
}

/** Puts an event beside the change it tells of; the type checker holds its data to its type. */
function tell(batch: WriteBatch, event: NewCallEvent): void {
  batch.events.push(event);
}

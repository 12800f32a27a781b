/** What webhooks are told of a call, as its record changes. */
import type { MediaEvent } from "../../../media/protocol.ts";
import { utterancesOf } from "../../store/call-details.ts";
import { type CallRow, countTranscriptLine } from "../../store/calls.ts";
import type { Db } from "../../store/database.ts";
import { listeningWebhooks } from "../../store/webhooks.ts";
import type { Notice, NoticeType } from "../webhooks/notices.ts";
import type { Outbox } from "../webhooks/outbox.ts";
import { type Call, countsOf, toCall } from "./kept-call.ts";
import type { Summarise } from "./summary.ts";
import { toUtterance } from "./timeline.ts";

type Utterance = Extract<MediaEvent, { type: "utterance" }>["utterance"];

/** Notices that say no more than how a call stands. */
type PlainNotice = Extract<
  NoticeType,
  "call.initiated" | "call.inbound" | "call.ringing" | "call.answered" | "call.ended" | "call.recording-ready"
>;

/** Puts notices of calls into the outbox, each in the transaction of the change it tells of. */
export interface CallNotices {
  tell(db: Db, row: CallRow, types: readonly PlainNotice[]): Promise<void>;
  /** The call has ended: that, its recording and its transcript, as far as they are there. */
  tellEnding(db: Db, row: CallRow): Promise<void>;
  /** An utterance is finished, on a call that is told line by line. */
  tellLine(db: Db, callId: string, utterance: Utterance): Promise<void>;
}

export function createCallNotices({
  outbox,
  summarise,
}: {
  readonly outbox: Pick<Outbox, "put">;
  readonly summarise: Summarise;
}): CallNotices {
  /** Nothing is read for nobody. */
  const put = async (db: Db, row: CallRow, notices: (call: Call) => Promise<Notice[]> | Notice[]): Promise<void> => {
    if ((await listeningWebhooks(db, row.org_id)).length === 0) return;
    const counts = await countsOf(db, [row.id]);
    const call = toCall(row, counts(row.id), row.cost_micros ?? 0);
    await outbox.put(db, row.org_id, await notices(call));
  };
  return {
    tell: (db, row, types) => put(db, row, (call) => types.map((type) => ({ type, subject: row.id, call }))),
    tellEnding: (db, row) =>
      put(db, row, async (call) => {
        const notices: Notice[] = [{ type: "call.ended", subject: row.id, call }];
        if (call.recording) notices.push({ type: "call.recording-ready", subject: row.id, call });
        if (row.agent_id !== null && row.started_at !== null) {
          const transcript = (await utterancesOf(db, row.id)).map(toUtterance);
          const summary = summarise(transcript);
          notices.push({ type: "call.transcript-ready", subject: row.id, call, transcript, summary });
        }
        return notices;
      }),
    tellLine: async (db, callId, utterance) => {
      const row = await countTranscriptLine(db, callId);
      if (!row) return;
      const sequence = row.transcript_sequence;
      await put(db, row, (call) => [{ type: "call.transcript-line", subject: callId, call, sequence, utterance }]);
    },
  };
}

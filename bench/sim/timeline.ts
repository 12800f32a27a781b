import type { PhoneMeasures } from "./phone-measures.ts";

/** Words of the call from elsewhere (the API's transcript), to be shown beside the phone's own times. */
export interface SpokenText {
  readonly role: "agent" | "caller";
  readonly text: string;
  /** Start in ms since the call's media began. */
  readonly startMs: number;
  readonly endMs: number;
}

/** One line of a call's timeline; times in ms since the socket opened. */
export interface TimelineRow {
  readonly who: "agent" | "caller";
  readonly startMs: number;
  readonly endMs: number;
  /** The agent's answer: how long after the caller's last sound it began. */
  readonly latencyMs: number | undefined;
  /** The caller spoke over the agent: how long until he was silent. */
  readonly stopMs: number | undefined;
  readonly text: string;
}

/** Keys further apart than this are not one number. */
const maxKeyPauseMs = 1000;

/** Puts both sides of a call in order, with the latency of each answer. */
export function timelineOf(measures: PhoneMeasures, spoken: readonly SpokenText[] = []): readonly TimelineRow[] {
  const callerRows = measures.callerSpeech.map((span): TimelineRow => {
    const bargeIn = measures.bargeIns.find(({ onsetMs }) => onsetMs === span.startMs);
    const stopMs = bargeIn?.silentMs === undefined ? undefined : bargeIn.silentMs - bargeIn.onsetMs;
    const heardText = wordsWithin(spoken, "caller", span.startMs, span.endMs);
    const text = heardText === "" ? `(${span.label})` : heardText;
    return { who: "caller", startMs: span.startMs, endMs: span.endMs, latencyMs: undefined, stopMs, text };
  });
  const keyRows = keyRowsOf(measures.keys);
  const asking = [...measures.callerSpeech, ...keyRows].sort((a, b) => a.endMs - b.endMs);
  let answeredUntilMs = Number.NEGATIVE_INFINITY;
  const agentRows = measures.agentSpeech.map((span): TimelineRow => {
    const asked = asking.findLast((caller) => caller.endMs <= span.startMs);
    // Only the first thing said after the caller is an answer to him.
    const latencyMs = asked && asked.endMs > answeredUntilMs ? span.startMs - asked.endMs : undefined;
    answeredUntilMs = span.endMs;
    const text = wordsWithin(spoken, "agent", span.startMs, span.endMs);
    return { who: "agent", startMs: span.startMs, endMs: span.endMs, latencyMs, stopMs: undefined, text };
  });
  return [...callerRows, ...keyRows, ...agentRows].sort((a, b) => a.startMs - b.startMs);
}

/** Keys pressed one after the other are one act of the caller. */
function keyRowsOf(keys: PhoneMeasures["keys"]): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  for (const { atMs, digit } of keys) {
    const last = rows.at(-1);
    const joins = last !== undefined && atMs - last.endMs < maxKeyPauseMs;
    const startMs = joins ? last.startMs : atMs;
    const text = joins ? `${last.text}${digit}` : `[keys] ${digit}`;
    const row: TimelineRow = { who: "caller", startMs, endMs: atMs, latencyMs: undefined, stopMs: undefined, text };
    if (joins) rows[rows.length - 1] = row;
    else rows.push(row);
  }
  return rows;
}

/** The two clocks start a little apart: words count for the speech that holds the middle of them. */
function wordsWithin(spoken: readonly SpokenText[], role: SpokenText["role"], startMs: number, endMs: number): string {
  const slackMs = 300;
  return spoken
    .filter((one) => one.role === role && one.startMs <= endMs + slackMs && one.endMs >= startMs - slackMs)
    .filter((one) => {
      const middle = (one.startMs + one.endMs) / 2;
      return middle >= startMs - slackMs && middle <= endMs + slackMs;
    })
    .map((one) => one.text)
    .join(" ");
}

/** One line of the timeline for a terminal: `00:03.2–00:05.0  agent   +640 ms  "…"`. */
export function renderRow(row: TimelineRow): string {
  const remarks = [
    row.latencyMs === undefined ? "" : `answered after ${Math.round(row.latencyMs)} ms`,
    row.stopMs === undefined ? "" : `agent silent after ${Math.round(row.stopMs)} ms`,
  ].filter((remark) => remark !== "");
  const note = remarks.length === 0 ? "" : `  [${remarks.join(", ")}]`;
  const text = row.text === "" ? "" : `  ${printable(row.text)}`;
  return `${clockText(row.startMs)}–${clockText(row.endMs)}  ${row.who.padEnd(6)}${text}${note}`;
}

/** The whole timeline with its sums, one string a line. */
export function renderTimeline(measures: PhoneMeasures, spoken: readonly SpokenText[] = []): readonly string[] {
  const rows = timelineOf(measures, spoken);
  const latencies = rows.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs])).sort((a, b) => a - b);
  const median = latencies[Math.floor((latencies.length - 1) / 2)];
  const facts = [
    `first audio after ${measures.firstAudioMs === undefined ? "–" : `${Math.round(measures.firstAudioMs)} ms`}`,
    median === undefined ? "no answers" : `${latencies.length} answers, median ${Math.round(median)} ms`,
    `${measures.underruns.length} underruns`,
    `at most ${Math.round(measures.maxBufferedMs)} ms buffered`,
    `${measures.faultCount} faults`,
  ];
  return [...rows.map(renderRow), facts.join(" · "), ...measures.faults.map((fault) => `fault at ${printable(fault)}`)];
}

/** `01:02.3` for 62 345 ms. */
export function clockText(ms: number): string {
  const tenths = Math.floor(ms / 100);
  const seconds = Math.floor(tenths / 10);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}.${tenths % 10}`;
}

/** Text from a call cannot move the terminal's cursor. */
function printable(text: string): string {
  return [...text].map((char) => (char < " " || (char >= "\x7f" && char < "\xa0") ? " " : char)).join("");
}

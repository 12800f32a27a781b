/** A call's summary in the words of an e-mail and of a text. Whatever the caller said cannot add a header or a line of its own. */
import type { CallSummary } from "../webhooks/notices.ts";

/** What is told of a call, as it was when the call ended. */
export interface SummaryContent {
  readonly summary: CallSummary;
  /** Who called; "": withheld. */
  readonly from: string;
  /** The number that was called, E.164. */
  readonly number: string;
  /** When the call came in, wall ms. */
  readonly calledAt: number;
  readonly businessName: string | null;
  readonly agencyName: string | null;
}

/** An e-mail's words; both are plain text. */
export interface MailWords {
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

const maxSubjectChars = 200;
const maxNameChars = 80;
const maxAskChars = 600;
/** Of a text, which is to be a short one. */
const maxTextNameChars = 40;
const maxTextAskChars = 200;

const urgencyTags = { high: "High", medium: "Medium", low: "Low" } as const satisfies Record<
  CallSummary["urgency"],
  string
>;

/** The e-mail about a call. */
export function mailWords({ summary, from, number, calledAt, businessName, agencyName }: SummaryContent): MailWords {
  const { name, phone } = callerOf(summary, from, maxNameChars);
  const business = oneLine(businessName ?? number, maxNameChars);
  const urgency = urgencyTags[summary.urgency];
  const when = `${new Date(calledAt).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  const lines = [
    `Caller: ${name ?? "no name given"}`,
    `Phone: ${phone}`,
    `Urgency: ${urgency}`,
    ...(summary.callbackBy === null ? [] : [`Wants to hear from you: ${oneLine(summary.callbackBy, maxNameChars)}`]),
    `Called: ${when}, ${number}`,
    "",
    oneLine(summary.summary, maxAskChars),
    ...(agencyName === null ? [] : ["", `-- ${oneLine(agencyName, maxNameChars)}`]),
  ];
  const caller = name === undefined ? phone : `${name}, ${phone}`;
  return {
    subject: oneLine(`[${urgency}] ${business}: call from ${caller}`, maxSubjectChars),
    text: `${lines.join("\n")}\n`,
  };
}

/** The text about a call. */
export function textWords({ summary, from }: SummaryContent): string {
  const { name, phone } = callerOf(summary, from, maxTextNameChars);
  const wish = summary.callbackBy === null ? "" : ` Call back ${oneLine(summary.callbackBy, maxTextNameChars)}.`;
  const ask = oneLine(summary.summary, maxTextAskChars);
  const caller = name === undefined ? phone : `${name}, ${phone}`;
  return `Call from ${caller}. ${ask} Urgency: ${summary.urgency}.${wish} Reply STOP to opt out.`;
}

function callerOf({ callerName }: CallSummary, from: string, maxChars: number) {
  const name = oneLine(callerName ?? "", maxChars);
  return { name: name === "" ? undefined : name, phone: oneLine(from, maxChars) || "a withheld number" };
}

/** One line without control characters, cut between characters. */
function oneLine(text: string, maxChars: number): string {
  const plain = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  const characters = Array.from(plain);
  return characters.length <= maxChars
    ? plain
    : `${characters
        .slice(0, maxChars - 1)
        .join("")
        .trimEnd()}…`;
}

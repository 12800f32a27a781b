/** What customers' webhooks may be told, in inner words, and how each public API says it. */
import type { Utterance } from "../../../media/protocol.ts";
import type { Call } from "../calls/kept-call.ts";
import type { TelephoneNumber } from "../numbers/numbers.ts";
import type { Dialect } from "../orgs/keys.ts";
import type { Text } from "../texts/texts.ts";

/** What a conversation came to, as a model read it from the transcript. */
export interface CallSummary {
  /** One or two sentences. */
  readonly summary: string;
  readonly callerName: string | null;
  readonly intent: CallIntent;
  readonly urgency: "high" | "medium" | "low";
  /** When the caller wants to hear from us, in the caller's words. */
  readonly callbackBy: string | null;
  readonly spam: boolean;
}

export type CallIntent =
  | "service_request"
  | "quote_request"
  | "scheduling"
  | "complaint"
  | "spam"
  | "general_inquiry"
  | "other";

type AboutCall<Type extends string, More = unknown> = { readonly type: Type; readonly call: Call } & More;
type AboutText<Type extends string, More = unknown> = { readonly type: Type; readonly text: Text } & More;

/** Something a customer may want to hear of. */
export type Notice = { readonly subject: string } & (
  | AboutCall<"call.initiated">
  | AboutCall<"call.inbound">
  | AboutCall<"call.ringing">
  | AboutCall<"call.answered">
  | AboutCall<"call.ended">
  | AboutCall<"call.recording-ready">
  | AboutCall<
      "call.transcript-ready",
      { readonly transcript: readonly Utterance[]; readonly summary: CallSummary | null }
    >
  /** `sequence` counts the call's finished utterances from 1. */
  | AboutCall<"call.transcript-line", { readonly sequence: number; readonly utterance: Utterance }>
  | AboutText<"text.sent">
  | AboutText<"text.delivered">
  | AboutText<"text.failed">
  | AboutText<"text.received">
  | AboutText<"text.otp", { readonly otp: string }>
  | { readonly type: "number.released"; readonly number: TelephoneNumber }
);

export type NoticeType = Notice["type"];

/** An event as one webhook is told of it. */
export interface NoticeEvent {
  /** `evt_…`, the same for every webhook and every attempt. */
  readonly id: string;
  /** In the dialect's words. */
  readonly name: string;
  /** Grows with the events of a webhook; with gaps. */
  readonly sequence: number;
  /** Wall ms. */
  readonly createdAt: number;
}

/** How a public API tells of events. */
export interface DialectVoice {
  /** Every event name a webhook may ask for. */
  readonly events: readonly string[];
  /** The name of a notice; undefined: this API does not speak of it. */
  eventOf(notice: Notice): string | undefined;
  /** The body, as JSON will be made of it. */
  payloadOf(notice: Notice, event: NoticeEvent): unknown;
  /** Headers of this API; `signatures`: hex HMAC-SHA256 of the body, one for each secret, the newest first. */
  headers(event: NoticeEvent, signatures: readonly string[]): Readonly<Record<string, string>>;
}

/** The voices of the public APIs; a webhook of one that is missing is told nothing. */
export type Voices = Readonly<Partial<Record<Dialect, DialectVoice>>>;

/** The dialect's own header of a body's signature; while a secret is being changed, `…-Previous` is signed with the former one. */
export function signatureHeaders(
  name: string,
  [current = "", previous]: readonly string[],
): Readonly<Record<string, string>> {
  return previous === undefined ? { [name]: current } : { [name]: current, [`${name}-Previous`]: previous };
}

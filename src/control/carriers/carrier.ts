/** What the gateway wants from a telephone company: numbers and texts. One file a carrier; their media streams are in `media/streams`. */
import type { E164 } from "../../kit/ids.ts";

/** What kind of number it is, as it is sold and charged. */
export type NumberType = "local" | "tollfree" | "mobile";
/** What a number can do. */
export type NumberCapability = "voice" | "sms";

/** What numbers are looked for; what is missing is of no importance. */
export interface NumberSearch {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string;
  readonly type?: NumberType;
  /** Digits after the country's calling code. */
  readonly areaCode?: string;
  readonly capabilities?: readonly NumberCapability[];
  /** Most that are wanted; at least 1. */
  readonly limit: number;
}

/** A number that can be bought. */
export interface AvailableNumber {
  readonly number: E164;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** Null: the country has none for this type. */
  readonly areaCode: string | null;
  readonly type: NumberType;
  readonly capabilities: readonly NumberCapability[];
}

/** What became of a purchase. */
export type Purchase =
  | { readonly type: "bought"; readonly carrierNumberId: string }
  /** Somebody else has it, or the carrier never had it. */
  | { readonly type: "not-available" };

/** Where a carrier tells us of what comes in for a number; https:// URLs. */
export interface NumberRouting {
  readonly voiceUrl: string;
  readonly textUrl: string;
}

/** A text to be sent. */
export interface CarrierText {
  /** Our own id of it: given again, it is the same text and is not sent twice. */
  readonly textId: string;
  readonly from: E164;
  readonly to: E164;
  /** Private, as words are. */
  readonly body: string;
}

/** How far a text has come; `detail` is one sentence, "" when there is nothing to say. */
export interface TextReceipt {
  /** Null: the carrier has no id for it. */
  readonly carrierTextId: string | null;
  readonly status: "sent" | "delivered" | "failed";
  readonly detail: string;
}

/** A webhook as it came in. */
export interface CarrierRequest {
  /** Full public URL, with its query. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Uint8Array;
}

/** What a carrier's webhook tells. */
export type CarrierNews =
  | {
      readonly type: "text-received";
      /** The same one again is the same text. */
      readonly carrierTextId: string;
      readonly from: string;
      readonly to: E164;
      readonly body: string;
    }
  | { readonly type: "text-receipt"; readonly receipt: TextReceipt }
  /** The carrier took the number back. */
  | { readonly type: "number-lost"; readonly number: E164 }
  /** Something we do not know; counted. */
  | { readonly type: "ignored"; readonly name: string };

/** A webhook that was read: nobody's (its signature is wrong), or the carrier's, with the answer it expects. */
export type CarrierReading =
  | { readonly type: "forged" }
  | {
      readonly type: "news";
      readonly news: readonly CarrierNews[];
      readonly answer: { readonly status: number; readonly contentType: string; readonly body: string };
    };

/** Sends texts from numbers of a telephone company. */
export interface TextCarrier {
  /** Sends a text; what cannot be delivered is a receipt that says `failed`. */
  sendText(text: CarrierText): Promise<TextReceipt>;
}

/** A telephone company. What it cannot reach or does not understand it rejects with `GatewayError` unavailable. */
export interface Carrier {
  /** As kept with its numbers. */
  readonly name: string;
  /** Numbers that can be bought now, the same ones in the same order as long as nobody buys. */
  search(search: NumberSearch): Promise<readonly AvailableNumber[]>;
  /** What is known of a number the carrier sells; undefined when it never did. */
  describe(number: E164): Promise<AvailableNumber | undefined>;
  /** Buys a number. Said again for a number of ours it gives the same answer and costs nothing more. */
  buy(number: E164): Promise<Purchase>;
  /** Our carrier's id of a number, if it is ours; how a purchase that was cut off is found again. */
  findBought(number: E164): Promise<string | undefined>;
  /** Gives a number back. No harm when it is not ours any more. */
  release(carrierNumberId: string): Promise<void>;
  /** Says where calls and texts for a number go. */
  configure(carrierNumberId: string, routing: NumberRouting): Promise<void>;
  /** Undefined: texts of its numbers go over our own exchange. */
  readonly texts: TextCarrier | undefined;
  /** Reads a webhook and checks whose it is. */
  readWebhook(request: CarrierRequest): CarrierReading;
}

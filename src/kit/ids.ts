/** Ids are a short prefix, an underscore and 128 random bits in Crockford base 32, so a log line tells what an id names. */
declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** A telephone call as Tandem knows it (`call_…`); never the SIP Call-ID or a carrier's sid. */
export type CallId = Branded<string, "CallId">;
/** A persona that answers or places calls (`agent_…`). */
export type AgentId = Branded<string, "AgentId">;
/** An organisation: the owner of everything that is kept (`org_…`). */
export type OrgId = Branded<string, "OrgId">;
/** The organisation that a gateway has from its first start. */
export const firstOrgId = "org_default" as OrgId;
/** A telephone number in E.164: `+` and 2–15 digits, the first not zero (ITU-T E.164 §6). */
export type E164 = Branded<string, "E164">;

/** The prefix of each kind of id. */
export const idPrefixes = {
  org: "org",
  ledgerEntry: "txn",
  call: "call",
  agent: "agent",
  number: "num",
  key: "key",
  utterance: "utt",
  turn: "turn",
  toolCall: "tool",
  connection: "conn",
  trunk: "trunk",
  phone: "phone",
  text: "text",
  conversation: "conv",
  room: "room",
  link: "link",
  webhook: "hook",
  delivery: "dlv",
  event: "evt",
  node: "node",
} as const satisfies Record<string, string>;

export type IdKind = keyof typeof idPrefixes;

/** Fills a buffer of the asked length with random bytes; given from `kit/io/random.ts` or, in tests, from a seed. */
export type RandomBytes = (sizeBytes: number) => Uint8Array;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new id of the given kind, 26 characters after the prefix. */
export function makeId(kind: IdKind, randomBytes: RandomBytes): string {
  let text = "";
  for (const byte of randomBytes(26)) text += alphabet[byte & 31];
  return `${idPrefixes[kind]}_${text}`;
}

/** Checks a call id by its shape; `undefined` when it is not one. */
export function parseCallId(text: string): CallId | undefined {
  return /^call_[0-9a-z]{26}$/.test(text) ? (text as CallId) : undefined;
}

/** Checks an organisation's id by its shape; `undefined` when it is not one. */
export function parseOrgId(text: string): OrgId | undefined {
  return /^org_[0-9a-z]{1,26}$/.test(text) ? (text as OrgId) : undefined;
}

/** Checks an agent id by its shape; `undefined` when it is not one. */
export function parseAgentId(text: string): AgentId | undefined {
  return /^agent_[0-9a-z_]{1,64}$/.test(text) ? (text as AgentId) : undefined;
}

/** Checks E.164 (`+` and 2–15 digits); `undefined` when the text is anything else. */
export function parseE164(text: string): E164 | undefined {
  return /^\+[1-9][0-9]{1,14}$/.test(text) ? (text as E164) : undefined;
}

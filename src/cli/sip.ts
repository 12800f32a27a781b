import type { Config } from "../config.ts";
import { parseCallId } from "../kit/ids.ts";
import { printable } from "../kit/printable.ts";
import { askGateway, gatewayUrl, type Json } from "./api.ts";
import { withTemporaryKey } from "./keys.ts";
import { Ladder, type LadderMessage } from "./sip-ladder.ts";

/** Options of `tandem sip trace`, as typed. */
export interface SipTraceOptions {
  readonly follow?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
  readonly limit: string;
  readonly url?: string;
  readonly key?: string;
}

interface Found {
  readonly dropped: number;
  readonly messages: readonly LadderMessage[];
}

const pollMs = 500;
const defaultWidth = 100;

/**
 * Prints the ladder of a call or of a SIP Call-ID; without one, the Call-IDs heard of last. The exit code: 0 when there
 * was something to print.
 */
export async function traceSip(config: Config, id: string | undefined, options: SipTraceOptions): Promise<number> {
  const baseUrl = gatewayUrl(options.url, config.http.port);
  const key = options.key ?? config.apiKey;
  const work = (apiKey: string): Promise<number> => {
    const ask = (path: string): Promise<Json> => askGateway(baseUrl, apiKey, "GET", path);
    return id === undefined ? list(ask, options) : trace(ask, id, options);
  };
  return key === "" ? withTemporaryKey(config, "tandem sip trace", work) : work(key);
}

type Ask = (path: string) => Promise<Json>;

async function trace(ask: Ask, id: string, options: SipTraceOptions): Promise<number> {
  const path = parseCallId(id) ? `/calls/${id}/sip` : `/sip/messages?sip_call_id=${encodeURIComponent(id)}`;
  const first = await ask(path);
  if (options.json) {
    console.log(JSON.stringify(first, null, 2));
    return 0;
  }
  const ladder = new Ladder(process.stdout.columns ?? defaultWidth, options.raw);
  let found = first as unknown as Found;
  let printed = print(ladder, found, 0);
  while (options.follow) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    found = (await ask(path)) as unknown as Found;
    printed = print(ladder, found, printed);
  }
  if (printed === 0) console.error("no SIP message of this call is remembered");
  return printed === 0 ? 1 : 0;
}

/** Prints what is new; gives how many messages there have been. */
function print(ladder: Ladder, { dropped, messages }: Found, printed: number): number {
  const seen = dropped + messages.length;
  const fresh = messages.slice(Math.max(0, messages.length - (seen - printed)));
  if (printed === 0 && dropped > 0) console.log(`(${dropped} earlier messages are not remembered any more)`);
  for (const line of ladder.draw(fresh)) console.log(line);
  return seen;
}

interface ListedDialog {
  readonly sip_call_id: string;
  readonly call_id: string | null;
  readonly method: string;
  readonly status: number | null;
  readonly from: string;
  readonly to: string;
  readonly peer: string;
  readonly messages: number;
  readonly last_at: string;
}

async function list(ask: Ask, options: SipTraceOptions): Promise<number> {
  const limit = Number(options.limit);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= 2000)) throw new Error("--limit: expected 1 to 2000");
  const latest = async () => (await ask(`/sip/dialogs?limit=${limit}`)).data as readonly ListedDialog[];
  const first = await latest();
  if (options.json) {
    console.log(JSON.stringify(first, null, 2));
    return 0;
  }
  let printed = printNew(first, new Map());
  while (options.follow) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    printed = printNew(await latest(), printed);
  }
  if (first.length === 0) console.error("no SIP message has been seen yet");
  return first.length === 0 ? 1 : 0;
}

/** Prints the dialogs that are new or went on, oldest first; gives how many messages each had. */
function printNew(dialogs: readonly ListedDialog[], printed: ReadonlyMap<string, number>): Map<string, number> {
  for (const dialog of [...dialogs].reverse()) {
    const { last_at, method, status, from, to, peer, call_id, sip_call_id, messages } = dialog;
    if (printed.get(sip_call_id) === messages) continue;
    const names = call_id === null ? [sip_call_id] : [call_id, sip_call_id];
    console.log(printable([last_at, method, status ?? "-", `${from} > ${to}`, peer, ...names].join("  ")));
  }
  return new Map(dialogs.map(({ sip_call_id, messages }) => [sip_call_id, messages]));
}

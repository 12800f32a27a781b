/** Calls through a gateway under test, and a look at its inside that a user has too: log, metrics, processes. */
import { readdirSync, readFileSync } from "node:fs";
import type { CallScript } from "../../bench/sim/call-script.ts";
import { type CallOrder, type CallResult, placeCall } from "../../bench/sim/twilio-phone.ts";
import { eventually, type Json, type TestGateway } from "./gateway.ts";

/** A call that is over: what the phone measured and what the gateway wrote down. */
export interface FinishedCall {
  readonly callId: string;
  readonly result: CallResult;
  readonly record: Json;
}

/** The way in for one stream. */
export interface Ticket {
  readonly callId: string;
  readonly url: string;
  readonly token: string;
}

/** Asks for a stream to a number; fails when it is refused. */
export async function openStream(gateway: TestGateway, to: string): Promise<Ticket> {
  const { status, body } = await gateway.api("POST", "/streams", {
    carrier: "twilio",
    to,
    from: "+15550122",
    metadata: {},
  });
  if (status !== 201) throw new Error(`no stream to ${to}: ${status} ${JSON.stringify(body)}`);
  return { callId: body.call_id, url: body.url, token: body.token };
}

/** Calls a number with a script and waits for the call's ending in the record too. */
export async function callNumber(
  gateway: TestGateway,
  to: string,
  script: CallScript,
  order: Partial<CallOrder> = {},
): Promise<FinishedCall> {
  const { callId, url, token } = await openStream(gateway, to);
  const result = await placeCall({ url, token, script, maxMs: 50_000, ...order });
  return { callId, result, record: await endedCall(gateway, callId) };
}

/** The call's record once it has its ending. */
export function endedCall(gateway: TestGateway, callId: string): Promise<Json> {
  return eventually(`call ${callId} has its ending`, async () => {
    const { body } = await gateway.api("GET", `/calls/${callId}`);
    return body.status === "ended" ? body : undefined;
  });
}

/** What was said on a call, in order. */
export async function transcriptOf(gateway: TestGateway, callId: string): Promise<readonly Json[]> {
  return (await gateway.api("GET", `/calls/${callId}/transcript`)).body.data;
}

/** A call's recording through its signed link. */
export async function recordingOf(gateway: TestGateway, callId: string): Promise<Uint8Array> {
  const { status, body } = await gateway.api("GET", `/calls/${callId}/recording`);
  if (status !== 200) throw new Error(`no recording of ${callId}: ${status}`);
  const answer = await fetch(body.url);
  if (!answer.ok) throw new Error(`the recording's link answers ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Makes an agent with a number of its own; the agent as answered. */
export async function agentAt(gateway: TestGateway, number: string, agent: object): Promise<Json> {
  const made = await gateway.api("POST", "/agents", agent);
  if (made.status !== 201) throw new Error(`agent refused: ${JSON.stringify(made.body)}`);
  const numbered = await gateway.api("POST", "/numbers", { number, inbound_agent_id: made.body.id });
  if (numbered.status !== 201) throw new Error(`number refused: ${JSON.stringify(numbered.body)}`);
  return made.body;
}

/** Sum of a metric's samples whose labels hold all of these; 0 when there is none. */
export async function metric(
  gateway: TestGateway,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  let sum = 0;
  for (const line of text.split("\n")) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match?.[1] !== name) continue;
    const holds = Object.entries(labels).every(([label, value]) => match[2]?.includes(`${label}="${value}"`));
    if (holds) sum += Number(match[3]);
  }
  return sum;
}

/** A gateway's media processes that live now, by their number. Reads /proc. */
export function mediaPids(gateway: TestGateway): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    try {
      const parent = /^PPid:\t([0-9]+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
      if (Number(parent) !== gateway.pid) continue;
      const processId = /(?:^|\0)TANDEM_PROCESS_ID=([0-9]+)/.exec(readFileSync(`/proc/${name}/environ`, "utf8"))?.[1];
      if (processId !== undefined) found.set(Number(processId), Number(name));
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

/** True while a process lives; one that died and waits for its parent does not. */
export function lives(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Number of the media process that holds or held a call, from the log; undefined before its media began. */
export function processOf(gateway: TestGateway, callId: string): number | undefined {
  for (const line of gateway.lines) {
    if (!line.includes(callId) || !line.includes('"call started"')) continue;
    const match = /"process":"media-([0-9]+)"/.exec(line);
    if (match) return Number(match[1]);
  }
  return undefined;
}

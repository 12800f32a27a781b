/** A gateway whose agent greets with recorded speech, and trunks and calls made through its API. */
import { expect, onTestFinished } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { isHeard, recognise, soundMs } from "./audio-judge.ts";
import { eventually, type Json, startGateway, type TestGateway } from "./gateway.ts";
import type { RtpPeer } from "./rtp-peer.ts";
import { speech } from "./speech.ts";

/** What every agent greets with: Int16Array, mono, 8 kHz. */
export const greeting = speech("vm-tocallnum");

/** Resolves when a far end has heard the whole greeting as it should. */
export async function greetingHeard(ear: RtpPeer): Promise<void> {
  const wholeMs = soundMs(greeting) - 60;
  await eventually("the greeting was heard", () => (soundMs(ear.heard()) > wholeMs ? true : undefined));
  hearsGreeting(ear);
}

/** Checks that what a far end heard is the greeting, at its level. */
export function hearsGreeting(ear: RtpPeer): void {
  const heard = recognise(greeting, ear.heard());
  expect(heard).toSatisfy(isHeard);
  expect(Math.abs(heard.gainDb)).toBeLessThan(2);
}

export interface SpeakingGateway {
  readonly gateway: TestGateway;
  readonly sim: RealtimeServer;
  /** Port of its SIP, UDP and TCP. */
  readonly sipPort: number;
  close(): Promise<void>;
}

/** Starts a gateway with a simulated model behind it. */
export async function startSpeakingGateway(env: Record<string, string> = {}): Promise<SpeakingGateway> {
  const sim = await startRealtimeServer({
    replies: () => ({ text: "greeting", audioMs: greeting.length / 8 }),
    voice: { type: "recording", samples: greeting, sampleRateHz: 8000 },
  });
  const gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: sim.baseUrl, ...env });
  return {
    gateway,
    sim,
    sipPort: gateway.sipPort,
    close: async () => {
      await gateway.close();
      await sim.close();
    },
  };
}

/** Makes a trunk to ports of this machine, tried in this order, not probed; gone with the test. Its id. */
export async function addTrunk(
  { gateway }: SpeakingGateway,
  ports: readonly number[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const targets = ports.map((port, priority) => ({ uri: `sip:127.0.0.1:${port}`, priority }));
  const outbound = { targets, ...(settings.outbound as object | undefined) };
  const name = `Trunk ${ports.join(" ")} ${Math.random()}`;
  const quiet = { probe_every_s: 0 };
  const { status, body } = await gateway.api("POST", "/trunks", { name, ...quiet, ...settings, outbound });
  if (status !== 201) throw new Error(`trunk refused: ${JSON.stringify(body)}`);
  onTestFinished(async () => {
    await gateway.api("PATCH", `/trunks/${body.id}`, { enabled: false });
    await gateway.api("DELETE", `/trunks/${body.id}`);
  });
  return body.id;
}

/** Places a call with an agent of its own; the call as answered. */
export async function placeCall(
  { gateway }: SpeakingGateway,
  order: Readonly<Record<string, unknown>> = {},
): Promise<Json> {
  const agent = { name: "Greeter", provider: "openai-realtime" };
  // The number that calls is ours; the second time it is there already.
  await gateway.api("POST", "/numbers", { number: "+15550122" });
  const { status, body } = await gateway.api("POST", "/calls", {
    from: "+15550122",
    to: "+15550199",
    agent,
    ...order,
  });
  if (status !== 201) throw new Error(`call refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** A call's record once it has come to a status. */
export function callThatIs({ gateway }: SpeakingGateway, id: string, wanted: string, withinMs?: number): Promise<Json> {
  return eventually(
    `call ${id} is ${wanted}`,
    async () => {
      const { body } = await gateway.api("GET", `/calls/${id}`);
      if (body.status === "ended" && wanted !== "ended") throw new Error(`it ended: ${JSON.stringify(body)}`);
      return body.status === wanted ? body : undefined;
    },
    withinMs,
  );
}

/** The call from a number, once it is there. */
export function callFrom({ gateway }: SpeakingGateway, from: string): Promise<Json> {
  return eventually(`a call from ${from}`, async () => {
    const { body } = await gateway.api("GET", `/calls?from=${encodeURIComponent(from)}`);
    return body.data[0];
  });
}

/** Keys that a call's far end pressed, in order; asked for when the call has ended. */
export async function keysOf({ gateway }: SpeakingGateway, id: string): Promise<string> {
  const answer = await fetch(`${gateway.httpUrl}/api/v1/calls/${id}/events`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  // The stream of a call that has ended ends with its last event.
  const lines = (await answer.text()).split("\n").filter((line) => line.startsWith("data:"));
  const events: Json[] = lines.map((line) => JSON.parse(line.slice(5)));
  return events
    .filter(({ type }) => type === "dtmf")
    .map(({ data }) => data.digit)
    .join("");
}

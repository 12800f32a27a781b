/** A gateway whose agent greets with recorded speech, and trunks and calls made through its API. */
import { onTestFinished } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { eventually, type Json, startGateway, type TestGateway } from "./gateway.ts";
import { speech } from "./speech.ts";

/** What every agent greets with: Int16Array, mono, 8 kHz. */
export const greeting = speech("vm-tocallnum");

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
  const sipPort = Number(gateway.lines.map((line) => /sip:\+15550100@\S+:(\d+)/.exec(line)?.[1]).find((port) => port));
  return {
    gateway,
    sim,
    sipPort,
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

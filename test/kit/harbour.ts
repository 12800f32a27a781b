/** A gateway with one realtime agent at a number, and calls to it: for tests in which something dies. */
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { type CallResult, placeCall } from "../../bench/sim/twilio-phone.ts";
import { parseWav } from "../../src/codecs/wav.ts";
import { agentAt, openStream, transcriptOf } from "./calls.ts";
import { eventually, startGateway, type TestGateway } from "./gateway.ts";
import { speech } from "./speech.ts";

export const harbourNumber = "+15550111";
const greeting = "Harbour office, good morning to you.";
export const answer = "The ferry leaves at seven.";
const listen = { type: "wait-for-agent", quietMs: 800 } as const;
const question = { type: "play", clip: { label: "question", samples: speech("vm-tocallnum") } } as const;

/** Greeting, question, answer, and the caller hangs up. */
export const conversation = [listen, question, listen, { type: "hang-up" }] as const;

/** The model of these calls. */
export function startModel(): Promise<RealtimeServer> {
  return startRealtimeServer({ replies: () => ({ text: answer }), transcripts: () => "when does it leave" });
}

/** Starts the gateway; on the data folder of a former life it finds its agent there. */
export async function startHarbour(
  sim: RealtimeServer,
  env: Record<string, string> = {},
  dataDir?: string,
): Promise<TestGateway> {
  const gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: sim.baseUrl, ...env }, dataDir);
  if (dataDir === undefined) {
    await agentAt(gateway, harbourNumber, {
      name: "Harbour",
      provider: "openai-realtime",
      first_message: greeting,
      record: true,
    });
  }
  return gateway;
}

/** A call that goes on by itself. */
export interface BegunCall {
  readonly callId: string;
  /** Resolves at the agent's first word. */
  readonly speaks: Promise<void>;
  readonly result: Promise<CallResult>;
}

/** Calls the harbour. */
export async function begin(gateway: TestGateway): Promise<BegunCall> {
  const { callId, url, token } = await openStream(gateway, harbourNumber);
  let setSpeaks: () => void = () => {};
  const speaks = new Promise<void>((resolve) => {
    setSpeaks = resolve;
  });
  const onEvent = ({ type }: { type: string }) => {
    if (type === "agent-began") setSpeaks();
  };
  return { callId, speaks, result: placeCall({ url, token, script: conversation, maxMs: 60_000, onEvent }) };
}

/** Calls the harbour and comes back when both sides have said something. */
export async function beginAndTalk(gateway: TestGateway): Promise<BegunCall> {
  const call = await begin(gateway);
  await eventually("both sides have spoken", async () =>
    (await transcriptOf(gateway, call.callId)).length >= 2 ? true : undefined,
  );
  return call;
}

/** Length in ms of a recording; fails when it is not a stereo WAV in which both sides are heard. */
export function lengthWithBothVoices(bytes: Uint8Array): number {
  const wav = parseWav(bytes);
  if ("fault" in wav) throw new Error(wav.fault);
  if (wav.channels !== 2 || wav.sampleRateHz !== 8000) throw new Error("not stereo at 8 kHz");
  const peaks = [0, 0];
  for (const [at, sample] of wav.samples.entries()) peaks[at & 1] = Math.max(peaks[at & 1] ?? 0, Math.abs(sample));
  if (Math.min(...peaks) < 1000) throw new Error(`a side is missing: peaks ${peaks}`);
  return wav.samples.length / 16;
}

import { readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  type CallScript,
  defaultQuietMs,
  parseScript,
  prepareScript,
  type ScriptStep,
  type SpeechSource,
} from "../../bench/sim/call-script.ts";
import { clockText, renderTimeline, type SpokenText } from "../../bench/sim/timeline.ts";
import { type CallResult, type PhoneEvent, placeCall } from "../../bench/sim/twilio-phone.ts";
import { Transcoder } from "../codecs/transcoder.ts";
import { readMonoAt, writeWavHeader } from "../codecs/wav.ts";
import type { Config } from "../config.ts";
import { createFliteVoice } from "../media/ai/io/flite-voice.ts";
import { askGateway, gatewayUrl, type Json } from "./api.ts";
import { withTemporaryKey } from "./keys.ts";

/** Options of `tandem call`, as typed. */
export interface CallOptions {
  readonly wav?: string;
  readonly say?: string;
  readonly script?: string;
  readonly from: string;
  readonly out: string;
  readonly url?: string;
  readonly key?: string;
  readonly maxSeconds: string;
  readonly json?: boolean;
}

const sampleRateHz = 8000;

/**
 * Calls a number of a running gateway from the built-in telephone: prints what happens as it happens, then the
 * timeline; writes what the caller heard. The exit code: 0 when the call was connected.
 */
export async function runCall(config: Config, number: string, options: CallOptions): Promise<number> {
  const script = await loadScript(options);
  const baseUrl = gatewayUrl(options.url, config.http.port);
  const maxSeconds = Number(options.maxSeconds);
  if (!(maxSeconds > 0 && maxSeconds <= 86_400)) throw new Error("--max-seconds: expected a number from 1 to 86400");
  const key = options.key ?? config.apiKey;
  const call = (apiKey: string): Promise<number> =>
    placeAndReport(baseUrl, apiKey, number, script, maxSeconds * 1000, options);
  // On the gateway's own machine no key need be typed: one is made for this call and revoked after it.
  return key === "" ? withTemporaryKey(config, "tandem call", call) : call(key);
}

async function placeAndReport(
  baseUrl: string,
  apiKey: string,
  number: string,
  script: CallScript,
  maxMs: number,
  options: CallOptions,
): Promise<number> {
  const ticket = await askGateway(baseUrl, apiKey, "POST", "/streams", {
    carrier: "twilio",
    to: number,
    from: options.from,
    metadata: {},
  });
  const callId = String(ticket.call_id);
  if (!options.json) console.log(`calling ${number} (${callId})`);
  const result = await placeCall({
    url: String(ticket.url),
    token: String(ticket.token),
    script,
    maxMs,
    onEvent: (event) => {
      const line = options.json ? undefined : eventLine(event);
      if (line) console.log(line);
    },
  });
  await writeFile(options.out, wav(result.heard));
  const record = await endedCall(baseUrl, apiKey, callId);
  const spoken = await transcript(baseUrl, apiKey, callId);
  if (options.json) {
    const { heard, said, ...measures } = result;
    console.log(JSON.stringify({ call_id: callId, cause: record.cause, measures, transcript: spoken }, undefined, 2));
  } else {
    console.log(
      `\ncall ended: ${String(record.cause ?? result.ending)}, ${clockText(result.durationMs)}; heard: ${options.out}\n`,
    );
    for (const line of renderTimeline(result, spoken)) console.log(line);
    if (spoken.length > 0) console.log("\ntranscript, as heard:");
    for (const { role, startMs, text } of spoken) console.log(`${clockText(startMs)}  ${role.padEnd(6)}  ${text}`);
  }
  if (result.ending === "connect-failed") console.error(`the media stream could not be opened: ${result.closeReason}`);
  return connected(result) ? 0 : 1;
}

function connected(result: CallResult): boolean {
  return result.ending !== "connect-failed" && result.firstAudioMs !== undefined;
}

function eventLine(event: PhoneEvent): string | undefined {
  switch (event.type) {
    case "first-audio":
      return `${clockText(event.atMs)}  first audio`;
    case "agent-began":
      return `${clockText(event.atMs)}  agent speaks`;
    case "agent-ended":
      return `${clockText(event.span.endMs)}  agent is silent`;
    case "caller-began":
      return `${clockText(event.atMs)}  caller ${event.bargeIn ? "interrupts" : "speaks"}: ${event.label}`;
    case "key":
      return `${clockText(event.atMs)}  caller presses ${event.digit}`;
    case "underrun":
      return `${clockText(event.atMs)}  gap of ${Math.round(event.gapMs)} ms`;
    case "fault":
      return `${clockText(event.atMs)}  fault: ${event.text}`;
    case "caller-ended":
    case "clear":
      return undefined;
  }
}

async function loadScript(options: CallOptions): Promise<CallScript> {
  const given = [options.wav, options.say, options.script].filter((source) => source !== undefined);
  if (given.length > 1) throw new Error("give one of --wav, --say and --script");
  if (options.script !== undefined) {
    const folder = dirname(resolve(options.script));
    return prepareScript(parseScript(await readFile(options.script, "utf8")), (source) => loadSpeech(source, folder));
  }
  const listen: ScriptStep = { type: "wait-for-agent", quietMs: defaultQuietMs };
  const source: SpeechSource | undefined =
    options.wav !== undefined
      ? { type: "wav", path: options.wav }
      : options.say !== undefined
        ? { type: "text", text: options.say }
        : undefined;
  const steps: ScriptStep[] = source ? [listen, { type: "play", source }, listen] : [listen];
  return prepareScript([...steps, { type: "hang-up" }], (speech) => loadSpeech(speech, process.cwd()));
}

async function loadSpeech(source: SpeechSource, folder: string): Promise<Int16Array> {
  if (source.type === "text") return synthesise(source.text);
  const path = resolve(folder, source.path);
  const samples = readMonoAt(await readFile(path), sampleRateHz);
  if (!(samples instanceof Int16Array)) throw new Error(`${path} is not a WAV file that can be read: ${samples.fault}`);
  return samples;
}

/** The caller's synthetic voice: not the local agent's, and of the others the one local ears understand best. */
async function synthesise(text: string): Promise<Int16Array> {
  const voice = createFliteVoice("awb");
  const down = new Transcoder(voice.outbound, { encoding: "l16", sampleRateHz });
  const pieces: Buffer[] = [];
  for await (const { audio } of voice.speak(text, new AbortController().signal))
    pieces.push(Buffer.from(down.convert(audio)));
  pieces.push(Buffer.from(down.flush()));
  voice.close();
  const bytes = Buffer.concat(pieces);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function wav(samples: Int16Array): Buffer {
  const data = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return Buffer.concat([writeWavHeader({ channels: 1, sampleRateHz, dataBytes: data.length }), data]);
}

/** The call's record once it has its ending; the gateway writes it a moment after the socket closed. */
async function endedCall(baseUrl: string, apiKey: string, callId: string): Promise<Json> {
  for (let tries = 0; ; tries++) {
    const call = await askGateway(baseUrl, apiKey, "GET", `/calls/${callId}`);
    if (call.status === "ended" || tries === 40) return call;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function transcript(baseUrl: string, apiKey: string, callId: string): Promise<SpokenText[]> {
  const { data } = await askGateway(baseUrl, apiKey, "GET", `/calls/${callId}/transcript`);
  return (data as { role: "agent" | "caller"; text: string; start_ms: number; end_ms: number }[]).map(
    ({ role, text, start_ms, end_ms }) => ({ role, text, startMs: start_ms, endMs: end_ms }),
  );
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChatQuirk, type ChatStep, renderAnswer } from "./chat-script.ts";

/** What a request looked like; `body` is the parsed JSON, or the size of an upload. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
  readonly rawBody: string;
  /** Set when the client went away before the answer was complete. */
  aborted: boolean;
}

/** How the simulated speech routes answer. */
export interface SpeechSettings {
  readonly delayMs: number;
  readonly chunkBytes: number;
  readonly chunkMs: number;
  readonly wavHeader: boolean;
  readonly msPerChar: number;
  /** Answered instead of audio. */
  readonly status: number;
}

/** Size 999: pieces end in the middle of a sample. */
export const defaultSpeechSettings = {
  delayMs: 0,
  chunkBytes: 999,
  chunkMs: 0,
  wavHeader: false,
  msPerChar: 20,
  status: 200,
} as const satisfies SpeechSettings;

/** A running simulator of an OpenAI-compatible server: chat completions, transcriptions, speech. */
export interface ChatServer {
  readonly port: number;
  /** For `OPENAI_BASE_URL`. */
  readonly baseUrl: string;
  readonly requests: SeenRequest[];
  /** Answers of the next chat requests, in order; without any it repeats the caller's last words. */
  script(...steps: ChatStep[]): void;
  /** Texts of the next transcriptions, in order; "" without any. A number is an HTTP status to fail with. */
  transcripts(...texts: (string | number)[]): void;
  speech(settings: Partial<SpeechSettings>): void;
  close(): Promise<void>;
}

const maxBodyBytes = 32 * 1024 * 1024;

/** Starts the simulator on loopback; port 0 takes a free one. */
export async function startChatServer(port = 0): Promise<ChatServer> {
  const requests: SeenRequest[] = [];
  const steps: ChatStep[] = [];
  const texts: (string | number)[] = [];
  let speech: SpeechSettings = defaultSpeechSettings;

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await readBody(request);
    const isJson = request.headers["content-type"]?.includes("json") ?? false;
    const rawBody = isJson ? raw.toString("utf8") : raw.toString("latin1");
    const body = isJson ? (JSON.parse(rawBody) as Record<string, unknown>) : { sizeBytes: raw.length };
    const seen = { path: request.url ?? "", headers: request.headers, body, rawBody, aborted: false };
    requests.push(seen);
    response.on("close", () => {
      seen.aborted = !response.writableFinished;
    });
    if (seen.path.endsWith("/chat/completions")) await answerChat(body, response, steps.shift());
    else if (seen.path.endsWith("/audio/transcriptions")) await answerTranscription(response, texts.shift() ?? "");
    else if (seen.path.endsWith("/audio/speech")) await answerSpeech(String(body.input), response, speech);
    else refuse(response, 404, "not_found");
  }

  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    requests,
    script: (...more) => void steps.push(...more),
    transcripts: (...more) => void texts.push(...more),
    speech: (settings) => {
      speech = { ...speech, ...settings };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerChat(
  body: Record<string, unknown>,
  response: ServerResponse,
  scripted: ChatStep | undefined,
): Promise<void> {
  const step = scripted ?? { text: `You said: ${lastWords(body)}` };
  const has = (quirk: ChatQuirk) => step.quirks?.includes(quirk) ?? false;
  if (step.delayMs) await sleep(step.delayMs);
  if (has("hangs")) return;
  if (has("refuses-stream-options") && body.stream_options !== undefined) return refuse(response, 400, "unknown_field");
  const status = step.quirks?.find((quirk) => quirk.startsWith("status-"))?.slice(7);
  if (status) return refuse(response, Number(status), "simulated", { "retry-after": "0" });
  response.writeHead(200, { "content-type": has("plain-json") ? "application/json" : "text/event-stream" });
  const withUsage = body.stream_options !== undefined;
  for (const piece of renderAnswer(step, String(body.model), withUsage)) {
    response.write(piece);
    if (step.chunkMs) await sleep(step.chunkMs);
    if (response.destroyed) return;
  }
  // The pieces before are on the wire first.
  if (has("drops")) await sleep(20);
  if (has("drops")) response.destroy();
  else if (!has("holds-open")) response.end();
}

async function answerTranscription(response: ServerResponse, text: string | number): Promise<void> {
  if (typeof text === "number") return refuse(response, text, "simulated");
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ text, usage: { type: "duration", seconds: 2 } }));
}

async function answerSpeech(input: string, response: ServerResponse, settings: SpeechSettings): Promise<void> {
  if (settings.delayMs) await sleep(settings.delayMs);
  if (settings.status !== 200) return refuse(response, settings.status, "simulated");
  response.writeHead(200, { "content-type": "audio/pcm" });
  if (settings.wavHeader) response.write(endlessWavHeader());
  const tone = toneBytes(input.length * settings.msPerChar);
  for (let at = 0; at < tone.length; at += settings.chunkBytes) {
    response.write(tone.subarray(at, at + settings.chunkBytes));
    if (settings.chunkMs) await sleep(settings.chunkMs);
    if (response.destroyed) return;
  }
  response.end();
}

function refuse(response: ServerResponse, status: number, code: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: { message: "simulated refusal", type: "simulated", code } }));
}

function lastWords(body: Record<string, unknown>): string {
  const messages = Array.isArray(body.messages) ? (body.messages as { role?: string; content?: unknown }[]) : [];
  return String(messages.findLast((message) => message.role === "user")?.content ?? "nothing");
}

/** A 440 Hz tone: 24 kHz, 16-bit little-endian. */
function toneBytes(durationMs: number): Buffer {
  const samples = Math.round(durationMs * 24);
  const bytes = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i += 1)
    bytes.writeInt16LE(Math.round(8000 * Math.sin((i * 440 * 2 * Math.PI) / 24_000)), i * 2);
  return bytes;
}

/** The header some servers put before "bare" PCM: sizes unknown, 24 kHz mono. */
function endlessWavHeader(): Buffer {
  const header = Buffer.alloc(44, 0xff);
  header.write("RIFF", 0);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.write("data", 36);
  return header;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBodyBytes) throw new Error("the request is too large");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

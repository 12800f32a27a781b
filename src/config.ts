/** Every setting once: its name, environment variable, default, unit and one sentence. `tandem config` prints this table. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";

type Kind = "text" | "integer" | "flag" | "address" | "url";

interface Setting {
  readonly env: string;
  readonly kind: Kind;
  readonly fallback: string;
  readonly secret?: true;
  readonly about: string;
}

/** The table. Adding a line here is all a new setting needs. */
export const settings = {
  dataDir: {
    env: "TANDEM_DATA_DIR",
    kind: "text",
    fallback: "./data",
    about: "Folder of the database and recordings.",
  },
  http: {
    env: "TANDEM_HTTP",
    kind: "address",
    fallback: "0.0.0.0:8080",
    about: "Address of the API, the metrics and the carriers' webhooks.",
  },
  mediaWs: {
    env: "TANDEM_MEDIA_WS",
    kind: "address",
    fallback: "0.0.0.0:8081",
    about: "Address of the carriers' media streams at /media/<carrier>.",
  },
  publicUrl: {
    env: "TANDEM_PUBLIC_URL",
    kind: "url",
    fallback: "",
    about: "Public https:// origin of the HTTP address; carriers sign it. Empty: http://127.0.0.1:<port>.",
  },
  publicMediaUrl: {
    env: "TANDEM_PUBLIC_MEDIA_URL",
    kind: "url",
    fallback: "",
    about: "Public wss:// origin of the media streams. Empty: made from TANDEM_PUBLIC_URL, or ws://127.0.0.1:<port>.",
  },
  mediaProcesses: {
    env: "TANDEM_MEDIA_PROCESSES",
    kind: "integer",
    fallback: "",
    about: "Number of media processes. Empty: cores − 1, at least 1.",
  },
  maxCallsPerProcess: {
    env: "TANDEM_MAX_CALLS_PER_PROCESS",
    kind: "integer",
    fallback: "200",
    about: "Calls one media process holds; further streams are refused.",
  },
  wsEngine: {
    env: "TANDEM_WS_ENGINE",
    kind: "text",
    fallback: "auto",
    about: "WebSocket server of the media streams: auto (uWebSockets.js when it loads), uws or ws.",
  },
  bootstrapKey: {
    env: "TANDEM_BOOTSTRAP_KEY",
    kind: "text",
    fallback: "",
    secret: true,
    about: "API key (tk_live_…) made at the first start instead of a random one.",
  },
  secretKey: {
    env: "TANDEM_SECRET_KEY",
    kind: "text",
    fallback: "",
    secret: true,
    about: "Key that signs links and encrypts secrets. Empty: a random one is kept in the data folder.",
  },
  allowPrivateTargets: {
    env: "TANDEM_ALLOW_PRIVATE_TARGETS",
    kind: "flag",
    fallback: "false",
    about: "Let tools and webhooks reach private, loopback and link-local addresses and plain http.",
  },
  twilioAuthToken: {
    env: "TWILIO_AUTH_TOKEN",
    kind: "text",
    fallback: "",
    secret: true,
    about: "Twilio account auth token; checks X-Twilio-Signature. Empty: the Twilio webhook answers 503.",
  },
  openaiApiKey: {
    env: "OPENAI_API_KEY",
    kind: "text",
    fallback: "",
    secret: true,
    about: "Key of OpenAI or a compatible service.",
  },
  openaiBaseUrl: {
    env: "OPENAI_BASE_URL",
    kind: "url",
    fallback: "https://api.openai.com/v1",
    about: "Base URL of OpenAI or a compatible service; http:// gives ws:// for the realtime socket.",
  },
  realtimeModel: {
    env: "TANDEM_REALTIME_MODEL",
    kind: "text",
    fallback: "gpt-realtime-2.1",
    about: "Realtime model when the agent names none.",
  },
  realtimeTranscriptionModel: {
    env: "TANDEM_REALTIME_TRANSCRIPTION_MODEL",
    kind: "text",
    fallback: "gpt-live-transcribe",
    about: "Model that transcribes the caller inside a realtime session; empty: none.",
  },
  chatModel: {
    env: "TANDEM_CHAT_MODEL",
    kind: "text",
    fallback: "gpt-5-mini",
    about: "Chat model of the pipeline when the agent names none.",
  },
  sttModel: {
    env: "TANDEM_STT_MODEL",
    kind: "text",
    fallback: "gpt-transcribe",
    about: "Speech-to-text model of the pipeline; `local`: PocketSphinx.",
  },
  ttsModel: {
    env: "TANDEM_TTS_MODEL",
    kind: "text",
    fallback: "gpt-4o-mini-tts",
    about: "Text-to-speech model of the pipeline; `local`: flite.",
  },
  logLevel: { env: "TANDEM_LOG_LEVEL", kind: "text", fallback: "info", about: "debug, info, warn, error or silent." },
  drainMs: {
    env: "TANDEM_DRAIN_MS",
    kind: "integer",
    fallback: "30000",
    about: "How long a stop waits for calls to end by themselves, in ms.",
  },
} as const satisfies Record<string, Setting>;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parsed settings. */
export interface Config {
  readonly dataDir: string;
  readonly http: Address;
  readonly mediaWs: Address;
  readonly publicUrl: string;
  readonly publicMediaUrl: string;
  readonly mediaProcesses: number;
  readonly maxCallsPerProcess: number;
  readonly wsEngine: "auto" | "uws" | "ws";
  readonly bootstrapKey: string;
  readonly secretKey: string;
  readonly allowPrivateTargets: boolean;
  readonly twilioAuthToken: string;
  readonly openaiApiKey: string;
  /** Provider of agents that name none: the realtime one where there is a key for it. */
  readonly defaultProvider: "local" | "openai-realtime";
  readonly openaiBaseUrl: string;
  readonly realtimeModel: string;
  readonly realtimeTranscriptionModel: string;
  readonly chatModel: string;
  readonly sttModel: string;
  readonly ttsModel: string;
  readonly logLevel: string;
  readonly drainMs: number;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads the settings; throws an Error naming the variable and what it should look like. */
export function readConfig(env: Env): Config {
  const text = (setting: Setting): string => env[setting.env]?.trim() || setting.fallback;
  const integer = (setting: Setting, fallback: number): number => {
    const raw = text(setting);
    if (raw === "") return fallback;
    if (!/^[0-9]{1,9}$/.test(raw)) throw new Error(`${setting.env}=${raw}: expected a whole number`);
    return Number(raw);
  };
  const address = (setting: Setting): Address => {
    const raw = text(setting);
    const match = /^(.*):([0-9]{1,5})$/.exec(raw);
    const port = Number(match?.[2]);
    if (!match || port > 65535) throw new Error(`${setting.env}=${raw}: expected HOST:PORT, for example 0.0.0.0:8080`);
    return { host: match[1] || "0.0.0.0", port };
  };
  const url = (setting: Setting): string => {
    const raw = text(setting).replace(/\/+$/, "");
    if (raw !== "" && !URL.canParse(raw)) throw new Error(`${setting.env}=${raw}: expected a URL`);
    return raw;
  };
  const flag = (setting: Setting): boolean => {
    const raw = text(setting).toLowerCase();
    if (!["true", "false", "1", "0"].includes(raw)) throw new Error(`${setting.env}=${raw}: expected true or false`);
    return raw === "true" || raw === "1";
  };
  const wsEngine = text(settings.wsEngine);
  if (wsEngine !== "auto" && wsEngine !== "uws" && wsEngine !== "ws") {
    throw new Error(`TANDEM_WS_ENGINE=${wsEngine}: expected auto, uws or ws`);
  }
  const http = address(settings.http);
  const mediaWs = address(settings.mediaWs);
  const configuredPublicUrl = url(settings.publicUrl);
  const publicMediaUrl =
    url(settings.publicMediaUrl) ||
    (configuredPublicUrl ? configuredPublicUrl.replace(/^http/, "ws") : `ws://127.0.0.1:${mediaWs.port}`);
  return {
    dataDir: resolve(text(settings.dataDir)),
    http,
    mediaWs,
    publicUrl: configuredPublicUrl || `http://127.0.0.1:${http.port}`,
    publicMediaUrl,
    mediaProcesses: Math.max(1, integer(settings.mediaProcesses, availableParallelism() - 1)),
    maxCallsPerProcess: integer(settings.maxCallsPerProcess, 200),
    wsEngine,
    bootstrapKey: text(settings.bootstrapKey),
    secretKey: text(settings.secretKey),
    allowPrivateTargets: flag(settings.allowPrivateTargets),
    twilioAuthToken: text(settings.twilioAuthToken),
    openaiApiKey: text(settings.openaiApiKey),
    defaultProvider: text(settings.openaiApiKey) === "" ? "local" : "openai-realtime",
    openaiBaseUrl: url(settings.openaiBaseUrl),
    realtimeModel: text(settings.realtimeModel),
    realtimeTranscriptionModel: text(settings.realtimeTranscriptionModel),
    chatModel: text(settings.chatModel),
    sttModel: text(settings.sttModel),
    ttsModel: text(settings.ttsModel),
    logLevel: text(settings.logLevel),
    drainMs: integer(settings.drainMs, 30_000),
  };
}

/** Every setting once: its name, environment variable, default, unit and one sentence. `tandem config` prints this table. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { settingKinds } from "./setting-kinds.ts";

interface Setting {
  readonly env: string;
  readonly kind: keyof typeof settingKinds;
  readonly fallback: string;
  /** The only values there are. */
  readonly choices?: readonly string[];
  readonly secret?: true;
  readonly about: string;
}

/** A shorter silence says nothing: sockets stand still for that long. */
const leastMediaIdleMs = 1000;

/** The table. A new setting is a line here and one in the README. */
export const settings = {
  dataDir: {
    env: "TANDEM_DATA_DIR",
    kind: "text",
    fallback: "./data",
    about: "Folder of the database and recordings.",
  },
  databaseUrl: {
    env: "DATABASE_URL",
    kind: "text",
    fallback: "",
    secret: true,
    about: "PostgreSQL database, postgres://user:password@host/name. Empty: SQLite in the data folder.",
  },
  redisUrl: {
    env: "REDIS_URL",
    kind: "text",
    fallback: "",
    secret: true,
    about: "Redis that counts rate limits for all nodes, redis://host:6379. Empty: every node counts for itself.",
  },
  rateLimitFactor: {
    env: "TANDEM_RATE_LIMIT_FACTOR",
    kind: "integer",
    fallback: "1",
    about: "Rate limits of the APIs are so many times as high. 0: there are none.",
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
  sip: {
    env: "TANDEM_SIP",
    kind: "address",
    fallback: "0.0.0.0:5060",
    about:
      "Address of SIP over UDP and TCP. Without credentials it answers loopback and private networks only, for the demo number and the echo only.",
  },
  sipRealm: {
    env: "TANDEM_SIP_REALM",
    kind: "text",
    fallback: "tandem",
    about: "Realm in which telephones and trunks authenticate; some telephones want it in their settings.",
  },
  sipAllowMd5: {
    env: "TANDEM_SIP_ALLOW_MD5",
    kind: "flag",
    fallback: "true",
    about: "Let telephones and trunks that know no SHA-256 authenticate with MD5.",
  },
  sipTls: {
    env: "TANDEM_SIP_TLS",
    kind: "optionalAddress",
    fallback: "",
    about: "Address of SIP over TLS, for example 0.0.0.0:5061. Empty: none.",
  },
  sipTlsCert: {
    env: "TANDEM_SIP_TLS_CERT",
    kind: "text",
    fallback: "",
    about: "PEM file with the certificate of SIP over TLS and those that signed it.",
  },
  sipTlsKey: {
    env: "TANDEM_SIP_TLS_KEY",
    kind: "text",
    fallback: "",
    about: "PEM file with the certificate's private key.",
  },
  sipWsOrigins: {
    env: "TANDEM_SIP_WS_ORIGINS",
    kind: "origins",
    fallback: "",
    about: "Web origins whose pages may open SIP over WebSocket at /sip. Empty: our own; *: any.",
  },
  trustedProxies: {
    env: "TANDEM_TRUSTED_PROXIES",
    kind: "networks",
    fallback: "127.0.0.0/8 ::1",
    about: "Proxies before the HTTP address that are believed when they say where a client is (X-Forwarded-For).",
  },
  rtpPorts: {
    env: "TANDEM_RTP_PORTS",
    kind: "portRange",
    fallback: "20000-29999",
    about: "UDP ports of RTP, shared out among the media processes.",
  },
  holdMusic: {
    env: "TANDEM_HOLD_MUSIC",
    kind: "text",
    fallback: "",
    about: "WAV that callers on hold hear, at most ten minutes. Empty: soft tones.",
  },
  mediaIdleMs: {
    env: "TANDEM_MEDIA_IDLE_MS",
    kind: "integer",
    fallback: "30000",
    about: "A carrier's WebSocket that is silent for so many ms, pings unanswered, is given up; at least 1000.",
  },
  noRtpMs: {
    env: "TANDEM_NO_RTP_MS",
    kind: "integer",
    fallback: "30000",
    about: "A SIP call without any RTP for so many ms is probed, and ended after twice as long. 0: never.",
  },
  publicIp: {
    env: "TANDEM_PUBLIC_IP",
    kind: "text",
    fallback: "",
    about: "Our IP address as seen from the internet, for SIP and SDP behind a NAT. Empty: that of the interface.",
  },
  publicUrl: {
    env: "TANDEM_PUBLIC_URL",
    kind: "httpUrl",
    fallback: "",
    about: "Public https:// origin of the HTTP address; carriers sign it. Empty: http://127.0.0.1:<port>.",
  },
  publicMediaUrl: {
    env: "TANDEM_PUBLIC_MEDIA_URL",
    kind: "wsUrl",
    fallback: "",
    about: "Public wss:// origin of the media streams. Empty: made from TANDEM_PUBLIC_URL, or ws://127.0.0.1:<port>.",
  },
  mediaProcesses: {
    env: "TANDEM_MEDIA_PROCESSES",
    kind: "integer",
    fallback: String(Math.max(1, availableParallelism() - 1)),
    about: "Number of media processes; when not set: cores − 1, at least 1.",
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
    choices: ["auto", "uws", "ws"],
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
  prices: {
    env: "TANDEM_PRICES",
    kind: "text",
    fallback: "",
    about: "Prices that differ from the default ones: JSON, or the path of a JSON file (docs/billing.md).",
  },
  payments: {
    env: "TANDEM_PAYMENTS",
    kind: "text",
    fallback: "test",
    choices: ["test", "none"],
    about: "Who takes customers' money: test (a page of ours where none moves) or none (the operator adds credit).",
  },
  smtpUrl: {
    env: "TANDEM_SMTP_URL",
    kind: "smtpUrl",
    fallback: "",
    secret: true,
    about: "Mail server that takes summaries of calls, smtps://user:password@host:465. Empty: none is mailed.",
  },
  mailFrom: {
    env: "TANDEM_MAIL_FROM",
    kind: "mailbox",
    fallback: "",
    about: "Whom e-mail is from: an address, or Name <address>.",
  },
  twilioAuthToken: {
    env: "TWILIO_AUTH_TOKEN",
    kind: "text",
    fallback: "",
    secret: true,
    about: "Twilio account auth token; checks X-Twilio-Signature. Empty: the Twilio webhook answers 503.",
  },
  apiKey: {
    env: "TANDEM_API_KEY",
    kind: "text",
    fallback: "",
    secret: true,
    about: "API key that `tandem call` uses. Empty: one made for the call and revoked after it.",
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
    kind: "httpUrl",
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
    about: "Model that transcribes the caller inside a realtime session; `none`: nobody does.",
  },
  realtimeDialect: {
    env: "TANDEM_REALTIME_DIALECT",
    kind: "text",
    fallback: "ga",
    choices: ["ga", "beta"],
    about: "What the realtime server reads: ga, or beta for compatible servers from before it.",
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
  logLevel: {
    env: "TANDEM_LOG_LEVEL",
    kind: "text",
    fallback: "info",
    choices: ["debug", "info", "warn", "error", "silent"],
    about: "debug, info, warn, error or silent.",
  },
  drainMs: {
    env: "TANDEM_DRAIN_MS",
    kind: "integer",
    fallback: "30000",
    about: "How long a stop waits for calls to end by themselves, in ms.",
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Settings = typeof settings;
type ValueOf<One extends Setting> = One extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Exclude<ReturnType<(typeof settingKinds)[One["kind"]]["read"]>, undefined>;
type Values = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> };

/** Parsed settings: one member for each line of the table, and what follows from them. */
export interface Config extends Values {
  /** "": nobody transcribes. */
  readonly realtimeTranscriptionModel: string;
  /** Provider of agents that name none: the realtime one where there is a key for it. */
  readonly defaultProvider: "local" | "openai-realtime";
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads the settings; throws an Error naming the variable and what it should look like. */
export function readConfig(env: Env): Config {
  const entries = Object.entries(settings).map(([name, setting]) => [name, readSetting(setting, env)]);
  const values = Object.fromEntries(entries) as Values;
  const { publicUrl, publicMediaUrl, http, mediaWs } = values;
  return {
    ...values,
    dataDir: resolve(values.dataDir),
    publicUrl: publicUrl || `http://127.0.0.1:${http.port}`,
    publicMediaUrl: publicMediaUrl || publicUrl.replace(/^http/, "ws") || `ws://127.0.0.1:${mediaWs.port}`,
    mediaProcesses: Math.max(1, values.mediaProcesses),
    mediaIdleMs: Math.max(leastMediaIdleMs, values.mediaIdleMs),
    realtimeTranscriptionModel: values.realtimeTranscriptionModel === "none" ? "" : values.realtimeTranscriptionModel,
    defaultProvider: values.openaiApiKey === "" ? "local" : "openai-realtime",
  };
}

function readSetting({ env: variable, kind, fallback, choices, secret }: Setting, env: Env): unknown {
  const raw = env[variable]?.trim() || fallback;
  const shown = secret ? "…" : raw;
  if (choices && !choices.includes(raw)) throw new Error(`${variable}=${shown}: expected one of ${choices.join(", ")}`);
  const { read, expected } = settingKinds[kind];
  const value = read(raw);
  if (value === undefined) throw new Error(`${variable}=${shown}: expected ${expected}`);
  return value;
}

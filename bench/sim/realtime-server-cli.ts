/** `node dist/bench/sim/realtime-server-cli.js --port 9001`: the Realtime simulator as a program; prints its base URL. */
import { Command, InvalidArgumentError } from "commander";
import { startRealtimeServer } from "./realtime-server.ts";

function amount(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError("expected a number, 0 or more");
  return value;
}

function voiceType(text: string): "voice" | "pattern" {
  if (text !== "voice" && text !== "pattern") throw new InvalidArgumentError("expected voice or pattern");
  return text;
}

function dialectName(text: string): "ga" | "beta" {
  if (text !== "ga" && text !== "beta") throw new InvalidArgumentError("expected ga or beta");
  return text;
}

interface CliOptions {
  readonly host: string;
  readonly port: number;
  readonly dialect: "ga" | "beta";
  readonly key?: string;
  readonly reply?: string;
  readonly latency: number;
  readonly delta: number;
  readonly speed: number;
  readonly voice: "voice" | "pattern";
}

const command = new Command("realtime-server")
  .description("A simulated OpenAI Realtime server: no model, no key of anybody.")
  .option("--host <host>", "address to listen on", "127.0.0.1")
  .option("--port <port>", "port to listen on; 0 for any", amount, 9001)
  .option("--dialect <dialect>", "ga, or beta as servers from before it", dialectName, "ga")
  .option("--key <key>", "the only Bearer key accepted (default: any)")
  .option("--reply <text>", "what every reply says")
  .option("--latency <ms>", "from response.create to the first audio", amount, 300)
  .option("--delta <ms>", "audio in each delta", amount, 200)
  .option("--speed <factor>", "how fast audio is generated; 1 is the speed of speech", amount, 10)
  .option("--voice <type>", "voice or pattern", voiceType, "voice")
  .parse();
const { reply, key, ...given } = command.opts<CliOptions>();

const server = await startRealtimeServer({
  host: given.host,
  port: given.port,
  dialect: given.dialect,
  firstAudioDelayMs: given.latency,
  deltaMs: Math.max(20, Math.round(given.delta / 20) * 20),
  realTimeFactor: given.speed || Infinity,
  voice: { type: given.voice },
  apiKey: key,
  ...(reply !== undefined && { replies: () => ({ text: reply }) }),
});
process.stdout.write(`${server.baseUrl}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());

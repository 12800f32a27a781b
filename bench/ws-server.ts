/**
 * What a carrier's media stream costs: the Twilio codec alone, and a message in and out through each WebSocket server.
 * Run `npm run build && node dist/bench/ws-server.js`. The server runs in a child process, so that only its own CPU time
 * counts; the phones send in real time, one message a socket every 20 ms, and get each one back.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import type { CallLeg } from "../src/media/leg.ts";
import { startStreamServer } from "../src/media/streams/io/stream-server.ts";
import type { StreamSink } from "../src/media/streams/protocol.ts";
import { twilio } from "../src/media/streams/twilio.ts";
import { costUs, printResult } from "./report.ts";

const phones = 100;
const seconds = 5;
const frame = Buffer.from(Uint8Array.from({ length: 160 }, (_, index) => (index * 37) & 255));
const streamSid = `MZ${"0123456789abcdef".repeat(2)}`;
const startMessage = JSON.stringify({
  event: "start",
  sequenceNumber: "1",
  start: {
    streamSid,
    callSid: `CA${"0".repeat(32)}`,
    tracks: ["inbound"],
    customParameters: { token: "bench_0123456789abcdefghij" },
    mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
  },
  streamSid,
});
const media = { track: "inbound", chunk: "2", timestamp: "20", payload: frame.toString("base64") };
const mediaMessage = JSON.stringify({ event: "media", sequenceNumber: "4", media, streamSid });

type Question = "measure" | "report";
type Answer =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "cost"; readonly messages: number; readonly cpuUs: number };

if (process.argv[2] === "server") await serve(process.argv[3] === "uws" ? "uws" : "ws");
else await main();

async function serve(engine: "uws" | "ws"): Promise<void> {
  let messages = 0;
  let cpuAtStart = process.cpuUsage();
  const server = await startStreamServer(
    { ws: { engine, host: "127.0.0.1", port: 0, maxConnections: phones } },
    {
      offered(connectionId) {
        let leg: CallLeg | undefined;
        leg = server.accept(connectionId, {
          audio(payload) {
            messages++;
            leg?.sendAudio(payload);
          },
          dtmf() {},
          mark() {},
          ended() {},
        });
      },
      withdrawn() {},
      refused() {},
      ignored() {},
      fault() {},
    },
  );
  const answer = (message: Answer) => process.send?.(message);
  process.on("message", (question: Question) => {
    if (question === "measure") {
      messages = 0;
      cpuAtStart = process.cpuUsage();
    } else {
      const { user, system } = process.cpuUsage(cpuAtStart);
      answer({ type: "cost", messages, cpuUs: user + system });
    }
  });
  process.on("disconnect", () => process.exit());
  answer({ type: "listening", port: server.port });
}

async function main(): Promise<void> {
  benchCodec();
  const ws = await benchEngine("ws");
  print("message in + out, ws", ws, "the baseline");
  const uws = await benchEngine("uws");
  print("message in + out, uWebSockets.js", uws, `${(ws / uws).toFixed(2)} times as cheap as ws`);
}

/** Server CPU in µs for one message in and one out. */
async function benchEngine(engine: "uws" | "ws"): Promise<number> {
  const child = fork(fileURLToPath(import.meta.url), ["server", engine]);
  const listening = await nextAnswer(child, "listening");
  const sockets = await Promise.all(Array.from({ length: phones }, () => dial(listening.port)));
  const sendAll = () => {
    for (const socket of sockets) socket.send(mediaMessage);
  };
  await paced(sendAll, 1);
  child.send("measure" satisfies Question);
  await paced(sendAll, seconds);
  child.send("report" satisfies Question);
  const cost = await nextAnswer(child, "cost");
  for (const socket of sockets) socket.terminate();
  child.disconnect();
  return cost.cpuUs / cost.messages;
}

function nextAnswer<T extends Answer["type"]>(child: ChildProcess, type: T): Promise<Extract<Answer, { type: T }>> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("the server process ended")));
    child.once("message", (answer: Answer) => {
      if (answer.type === type) resolve(answer as Extract<Answer, { type: T }>);
      else reject(new Error(`expected ${type}, got ${answer.type}`));
    });
  });
}

async function dial(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/media/twilio`, { perMessageDeflate: false });
  socket.on("error", () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("close", () => reject(new Error("refused")));
  });
  socket.send(startMessage);
  return socket;
}

/** Calls back every 20 ms against a fixed clock. */
async function paced(send: () => void, forSeconds: number): Promise<void> {
  const startedAt = performance.now();
  for (let tick = 0; tick < forSeconds * 50; tick++) {
    send();
    const waitMs = startedAt + (tick + 1) * 20 - performance.now();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
  }
}

function benchCodec(): void {
  const codec = twilio.createCodec();
  let heard = 0;
  const sink: StreamSink = {
    start() {},
    audio(payload) {
      heard += payload.length;
    },
    dtmf() {},
    mark() {},
    stop() {},
    ignored() {},
    fault() {},
  };
  const utf8 = (text: string) => new TextEncoder().encode(text);
  codec.read(utf8(startMessage), false, sink);
  const compact = utf8(mediaMessage);
  // A leading space is what the scanner leaves to the parser.
  const spaced = utf8(` ${mediaMessage}`);
  const scanUs = costUs(() => codec.read(compact, false, sink));
  const parseUs = costUs(() => codec.read(spaced, false, sink));
  print("Twilio media read, scanned", scanUs, `JSON.parse ${parseUs.toFixed(2)} µs`);
  let written = 0;
  const writeUs = costUs(() => {
    written += codec.writeAudio(frame).length;
  });
  const stringifyUs = costUs(() => {
    const payload = frame.toString("base64");
    written += JSON.stringify({ event: "media", streamSid, media: { payload } }).length;
  });
  print("Twilio media write, prebuilt", writeUs, `JSON.stringify ${stringifyUs.toFixed(2)} µs`);
  if (heard === 0 || written === 0) throw new Error("nothing was measured");
}

function print(name: string, value: number, comparedWith: string): void {
  printResult({ name, value, unit: "µs", comparedWith });
}

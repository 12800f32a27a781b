/** The gateway process: reads the settings, wires the planes, listens, drains, closes in reverse order. */
import { createServer, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Config, readConfig } from "./config.ts";
import { GatewayCalls } from "./control/calls/io/gateway-calls.ts";
import { MediaProcess } from "./control/calls/io/media-process.ts";
import { voices } from "./control/dialects/voices.ts";
import { createMemoryLimiter, type RateLimiter } from "./control/http/limits/limiter.ts";
import { createHttpServer } from "./control/http/server.ts";
import { openMailer } from "./control/service/calls/io/smtp-mailer.ts";
import { demoNumber } from "./control/service/first-start.ts";
import { beatEveryMs } from "./control/service/nodes.ts";
import { openServices } from "./control/service/services.ts";
import { type Exchange, echoNumber, openExchange } from "./exchange.ts";
import { systemRandom } from "./kit/io/random.ts";
import { systemClock } from "./kit/io/system-clock.ts";
import { createLogger, type Logger } from "./kit/log.ts";
import { createMetrics, type Metrics } from "./kit/metrics.ts";
import { chooseEngine, probePort } from "./media/streams/io/listen.ts";
import type { Address } from "./setting-kinds.ts";

const clock = systemClock;
/** How often events that have outlived their time are deleted. */
const forgetEveryMs = 3_600_000;
/** Monthly charges and purchases that were cut off. */
const numbersEveryMs = 5 * 60_000;

try {
  await start(await withRealPorts(readConfig(process.env)));
} catch (error) {
  console.error(`tandem: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

async function start(config: Config): Promise<void> {
  const log = createLogger(config.logLevel, "main");
  const metrics = createMetrics();
  await refuseTakenPort("TANDEM_HTTP", config.http);
  await refuseTakenPort("TANDEM_MEDIA_WS", config.mediaWs);
  await refuseTakenPort("TANDEM_SIP", config.sip);
  if (config.sipTls !== null) await refuseTakenPort("TANDEM_SIP_TLS", config.sipTls);
  const services = await openServices(config, clock, systemRandom, { log, voices });
  await services.forgetOldEvents();
  const forgetting = setInterval(() => {
    services.forgetOldEvents().catch((error: unknown) => log.warn({ err: error }, "old events could not be deleted"));
  }, forgetEveryMs);
  forgetting.unref();
  await services.beat();
  const beat = () =>
    services.beat().catch((error: unknown) => log.warn({ err: error }, "other gateways could not be told of this one"));
  const beating = setInterval(beat, beatEveryMs);
  beating.unref();
  const leftOver = await services.callRecords.failCallsLeftOver("gateway-restarted");
  if (leftOver > 0) log.warn({ calls: leftOver }, "calls of the run before ended as failed");
  await services.settleLeftOver();
  const webhooks = services.startWebhooks(metrics);
  const summaries = services.startSummaries(await openMailer(config));

  const lookAfterNumbers = () =>
    services
      .lookAfterNumbers()
      .catch((error: unknown) => log.warn({ err: error }, "numbers could not be looked after"));
  await lookAfterNumbers();
  setInterval(lookAfterNumbers, numbersEveryMs).unref();

  const calls = new GatewayCalls({
    records: services.callRecords,
    publicMediaUrl: config.publicMediaUrl,
    maxCalls: config.maxCallsPerProcess * config.mediaProcesses,
    clock,
    randomBytes: systemRandom,
    log,
    metrics,
  });
  const engine = chooseEngine(config.wsEngine);
  const mediaProcesses = Array.from({ length: config.mediaProcesses }, (_, processId) => {
    const mediaProcess = new MediaProcess({
      processId,
      entry: fileURLToPath(new URL("./media/worker.js", import.meta.url)),
      env: {
        ...process.env,
        TANDEM_WS_ENGINE: engine,
        TANDEM_MEDIA_WS: `${config.mediaWs.host}:${config.mediaWs.port}`,
      },
      log,
      clock,
      event: (event) => calls.mediaEvent(processId, event),
      died: () => calls.processDied(processId),
    });
    calls.addProcess(processId, mediaProcess);
    mediaProcess.start();
    return mediaProcess;
  });

  // uWebSockets.js shares the port among the processes; for `ws` we accept here and hand each socket over.
  const mediaServer = engine === "ws" ? await listen(config.mediaWs, takingTurns(mediaProcesses)) : undefined;
  const exchanges: Exchange[] = [];
  const sipDesk = () => exchanges[0]?.sip.endpoint;
  const limiter = await openLimiter(config, log, metrics);
  const http = await createHttpServer({ services, calls, metrics, log, config, clock, sipDesk, limiter });
  await http.listen({ host: config.http.host, port: config.http.port });
  const firstKey = await services.firstStart(config.bootstrapKey);
  await everyProcessReady(mediaProcesses);
  const exchange = await openExchange({ config, services, calls, clock, log, metrics });
  exchanges.push(exchange);
  announce(config, { engine, sipPort: exchange.sip.port, firstKey });

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info(
      { signal, calls: calls.size, drainMs: config.drainMs },
      "stopping: no new calls, waiting for the last one to end",
    );
    exchange.drain();
    const drained = calls.drained();
    for (const mediaProcess of mediaProcesses) mediaProcess.drain();
    if (!(await settledWithin(drained, config.drainMs))) {
      calls.hangUpAll("gateway-stopped");
      await settledWithin(drained, 2_000);
    }
    await settledWithin(Promise.all(mediaProcesses.map((mediaProcess) => mediaProcess.exited())), 2_000);
    for (const mediaProcess of mediaProcesses) mediaProcess.close();
    mediaServer?.close();
    await exchange.close();
    calls.close();
    clearInterval(forgetting);
    clearInterval(beating);
    await http.close();
    await webhooks.stop();
    await summaries.stop();
    await limiter.close();
    // Whoever cannot say so is missed after a while.
    await services.leave().catch(() => undefined);
    await services.close();
    log.info("stopped");
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
}

/** Counts in Redis where there is one; its client is loaded only then, for it takes longer than all else of ours. */
async function openLimiter({ redisUrl }: Config, log: Logger, metrics: Metrics): Promise<RateLimiter> {
  if (redisUrl === "") return createMemoryLimiter(clock);
  const { createRedisLimiter } = await import("./control/http/limits/redis-limiter.ts");
  return createRedisLimiter({ redisUrl, clock, log, metrics });
}

/** What a person who just typed `npm start` wants to know. `firstKey`: made just now, to be shown this once. */
function announce(
  config: Config,
  { engine, sipPort, firstKey }: { engine: string; sipPort: number; firstKey: string | undefined },
): void {
  const lines = [
    "",
    "Tandem is running.",
    `  API            http://${shown(config.http)}/api/v1   (OpenAPI: /api/v1/openapi.json)`,
    `  media streams  ws://${shown(config.mediaWs)}/media/twilio   (${config.mediaProcesses} media process(es), ${engine})`,
    `  demo number    ${demoNumber}   (try: npx tandem call ${demoNumber} --say "hello")`,
    `  SIP            sip:${demoNumber}@${shown({ ...config.sip, port: sipPort })}   (UDP and TCP; any softphone; ${echoNumber} is an echo)`,
  ];
  if (firstKey !== undefined && config.bootstrapKey === "")
    lines.push(`  API key        ${firstKey}   (shown this once; more: npx tandem keys create --name X)`);
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

function shown({ host, port }: Address): string {
  return `${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}`;
}

async function refuseTakenPort(variable: string, { host, port }: Address): Promise<void> {
  if ((await probePort(host, port)) === "in-use") {
    throw new Error(`${host}:${port} is in use by another program; stop it or set ${variable} to another address`);
  }
}

/** Gives each socket to the next process that is ready. */
function takingTurns(mediaProcesses: readonly MediaProcess[]): (socket: Socket) => void {
  let turn = 0;
  return (socket) => {
    const ready = mediaProcesses.filter((mediaProcess) => mediaProcess.ready);
    const next = ready[turn++ % Math.max(1, ready.length)];
    if (next) next.handOver(socket);
    else socket.destroy();
  };
}

function listen({ host, port }: Address, accept: (socket: Socket) => void = () => {}): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, accept);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => resolve(server));
  });
}

/** Port 0 means any free one; several processes share the media port, so it is chosen before they start. */
async function withRealPorts(wanted: Config): Promise<Config> {
  const real = async (address: Address): Promise<Address> => {
    if (address.port !== 0) return address;
    const server = await listen(address);
    const bound = server.address();
    await new Promise((resolve) => server.close(resolve));
    return { host: address.host, port: bound !== null && typeof bound === "object" ? bound.port : 0 };
  };
  const [http, mediaWs] = [await real(wanted.http), await real(wanted.mediaWs)];
  if (http === wanted.http && mediaWs === wanted.mediaWs) return wanted;
  return readConfig({
    ...process.env,
    TANDEM_HTTP: `${http.host}:${http.port}`,
    TANDEM_MEDIA_WS: `${mediaWs.host}:${mediaWs.port}`,
  });
}

async function everyProcessReady(mediaProcesses: readonly MediaProcess[]): Promise<void> {
  const deadline = clock.now() + 30_000;
  while (!mediaProcesses.every((mediaProcess) => mediaProcess.ready)) {
    if (clock.now() > deadline) throw new Error("the media processes did not become ready; see the log above");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

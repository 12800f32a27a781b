/**
 * Deliveries a second to one fast receiver and to many, the outbox on SQLite; receiver and worker share the machine. A part
 * of `bench:api`; alone: `node dist/bench/webhooks.js --deliveries 5000`.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Notice, Voices } from "../src/control/service/webhooks/notices.ts";
import { createOutbox, createRenderDelivery } from "../src/control/service/webhooks/outbox.ts";
import { createWebhooks } from "../src/control/service/webhooks/webhooks.ts";
import { openDatabase } from "../src/control/store/database.ts";
import { createSecrets } from "../src/control/store/secrets.ts";
import { WebhookWorker } from "../src/control/webhooks/io/webhook-worker.ts";
import { systemRandom } from "../src/kit/io/random.ts";
import { systemClock } from "../src/kit/io/system-clock.ts";
import { createLogger } from "../src/kit/log.ts";
import { createMetrics } from "../src/kit/metrics.ts";
import { printResult, type Result } from "./report.ts";

/** Says everything as it is inside. */
const voices: Voices = {
  native: {
    events: ["call.ended"],
    eventOf: (notice) => notice.type,
    payloadOf: (notice, event) => ({ id: event.id, type: event.name, sequence: event.sequence, data: notice }),
    headers: () => ({}),
  },
};

/** A notice of the size that a call's end has; `n` makes its call another one. */
function callEnded(n: number): Notice {
  const call = {
    id: `call_${n}`,
    from: "+15550100",
    to: "+15550199",
    status: "ended",
    metadata: { order: "x".repeat(600) },
  };
  return { type: "call.ended", subject: call.id, call } as unknown as Notice;
}

/** Measures both cases with so many deliveries each, written ten to a transaction while they are being sent. */
export async function benchWebhooks(deliveries = 5_000): Promise<Result[]> {
  const results: Result[] = [];
  for (const webhooks of [1, 20]) {
    const { perSecond, cpuMs } = await deliver(deliveries, webhooks);
    const to = webhooks === 1 ? "one fast receiver" : `${webhooks} webhooks`;
    results.push(
      { name: `webhook deliveries to ${to}`, value: perSecond, unit: "1/s", atLeast: 1_000 },
      { name: `  cost of one, outbox and sending`, value: (cpuMs * 1000) / deliveries, unit: "µs" },
    );
  }
  return results;
}

async function deliver(count: number, webhooks: number): Promise<{ perSecond: number; cpuMs: number }> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-bench-"));
  const receiver = fork(fileURLToPath(import.meta.url), ["--receive", String(count)]);
  const database = await openDatabase(folder);
  const secrets = createSecrets("k".repeat(32), systemRandom);
  const outbox = createOutbox({ clock: systemClock, random: systemRandom, voices, kind: database.kind });
  const worker = new WebhookWorker({
    database,
    openSecret: secrets.open,
    render: createRenderDelivery(voices),
    clock: systemClock,
    random: systemRandom,
    log: createLogger("warn", "bench"),
    metrics: createMetrics(),
    allowPrivateTargets: true,
  });
  outbox.connect((ids) => worker.wake(ids));
  try {
    const port = await message<number>(receiver);
    const deps = { database, secrets, clock: systemClock, random: systemRandom, outbox, voices, allowHttp: true };
    for (let n = 0; n < webhooks; n++) {
      await createWebhooks(deps, `org_${n}`, "native").create({ url: `http://127.0.0.1:${port}/${n}`, events: ["*"] });
    }
    worker.start();
    const done = message<number>(receiver);
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    for (let n = 0; n < count; n += 10) {
      const notices = Array.from({ length: Math.min(10, count - n) }, (_, k) => callEnded(n + k));
      await database.db.transaction().execute((trx) => outbox.put(trx, `org_${(n / 10) % webhooks}`, notices));
      // As requests would: not all in one go.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    const seconds = (performance.now() - startedAt) / 1000;
    const used = process.cpuUsage(cpu);
    return { perSecond: count / seconds, cpuMs: (used.user + used.system) / 1000 };
  } finally {
    receiver.kill();
    await worker.stop();
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function message<T>(receiver: ReturnType<typeof fork>): Promise<T> {
  return new Promise((resolve, reject) => {
    receiver.once("message", (value) => resolve(value as T));
    receiver.once("exit", (code) => reject(new Error(`the receiver ended with ${code}`)));
  });
}

/** In a process of its own: takes everything, says when all have come. */
function receive(count: number): void {
  let received = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(204).end();
      received += 1;
      if (received === count) process.send?.(received);
    });
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { deliveries: { type: "string", default: "5000" }, receive: { type: "string" } },
  });
  if (values.receive !== undefined) {
    receive(Number(values.receive));
  } else {
    const results = await benchWebhooks(Number(values.deliveries));
    process.exitCode = results.map(printResult).every(Boolean) ? 0 : 1;
  }
}

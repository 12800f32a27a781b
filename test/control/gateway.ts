/** A gateway's control plane on a temporary folder, with a clock that stands still and a call control that remembers. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { FastifyInstance, InjectOptions } from "fastify";
import { inject, onTestFinished } from "vitest";
import type {
  CallControl,
  CallRecords,
  ConferenceControl,
  ConferenceMember,
  NewCall,
  PlaceCallRequest,
  Readiness,
  SourceControl,
  StreamTicket,
  TransferControl,
  TransferRequest,
} from "../../src/control/calls/call-control.ts";
import { voices } from "../../src/control/dialects/voices.ts";
import { createHttpServer, type HttpServerDeps } from "../../src/control/http/server.ts";
import type { Calls } from "../../src/control/service/calls/calls.ts";
import { openServices, type Services } from "../../src/control/service/services.ts";
import type { ServicesSettings } from "../../src/control/service/shared-parts.ts";
import type { Tenant } from "../../src/control/service/tenant.ts";
import { openDatabase } from "../../src/control/store/database.ts";
import type { Schema } from "../../src/control/store/schema.ts";
import type { Clock } from "../../src/kit/clock.ts";
import { GatewayError } from "../../src/kit/errors.ts";
import { type CallId, type E164, firstOrgId, makeId, type RandomBytes } from "../../src/kit/ids.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics, type Metrics } from "../../src/kit/metrics.ts";
import type { AgentSpec, EndCause } from "../../src/media/protocol.ts";
import { makeDatabase, postgresUrl } from "../kit/postgres.ts";
import { SeededRandom } from "../kit/seeded-random.ts";

/** Bytes that look random and are the same in every run. */
export function seededRandom(seed = 0x9e3779b9): RandomBytes {
  const random = new SeededRandom(seed);
  return (sizeBytes) => Uint8Array.from({ length: sizeBytes }, () => random.int(0, 255));
}

/** Both clocks in one hand; they move only when a test says so. */
export class HeldClock {
  ms = 0;
  readonly startedAt = Date.UTC(2026, 10, 22, 12, 0, 0);
  now = (): number => this.ms;
  wall = (): number => this.startedAt + this.ms;
}

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tandem-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The settings the tests' services have. */
export const testSettings = {
  secretKey: "",
  publicUrl: "https://gw.example.com",
  allowPrivateTargets: false,
  defaultProvider: "local",
  prices: "",
  payments: "test",
} as const;

/** The services, and at hand those of the first organisation: its calls with the record that call control writes. */
export interface TestHouse extends Services {
  readonly own: Omit<Tenant, "calls"> & { readonly calls: Calls & CallRecords };
}

export interface TestServices {
  readonly services: TestHouse;
  readonly clock: HeldClock;
  readonly random: RandomBytes;
  readonly dataDir: string;
}

/** Settings that differ from the tests' own, and another clock or chance. */
export type TestServicesOptions = Partial<ServicesSettings & { readonly clock: Clock; readonly random: RandomBytes }>;

/** The file of a SQLite database with all tables and no rows; made once for all tests of a file. */
let emptyDatabase: Promise<Buffer> | undefined;

async function makeEmptyDatabase(): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), "tandem-template-"));
  try {
    await (await openDatabase(folder)).close();
    return readFileSync(join(folder, "tandem.db"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The database that goes with a data folder: SQLite in it, or where PostgreSQL is tested one named like it. A new one
 * has its tables already, copied, because making them takes longer than most tests.
 */
export async function databaseOf(dataDir: string): Promise<string> {
  const folder = inject("postgresFolder");
  if (!folder) {
    emptyDatabase ??= makeEmptyDatabase();
    const content = await emptyDatabase;
    const file = join(dataDir, "tandem.db");
    if (!existsSync(file)) writeFileSync(file, content, { mode: 0o600 });
    return "";
  }
  await makeDatabase(folder, basename(dataDir));
  return postgresUrl(folder, basename(dataDir));
}

/** Every row of a table as it is stored, as JSON; the services may be open or closed. */
export async function storedRows(dataDir: string, table: keyof Schema): Promise<string> {
  const database = await openDatabase(dataDir, await databaseOf(dataDir));
  try {
    return JSON.stringify(await database.db.selectFrom(table).selectAll().execute());
  } finally {
    await database.close();
  }
}

export async function testServices(options: TestServicesOptions = {}): Promise<TestServices> {
  const clock = new HeldClock();
  const { random = seededRandom(), dataDir = temporaryFolder(), ...settings } = options;
  const databaseUrl = options.databaseUrl ?? (await databaseOf(dataDir));
  const all = { ...testSettings, ...settings, databaseUrl, dataDir };
  const opened = await openServices(all, options.clock ?? clock, random, { voices });
  onTestFinished(() => opened.close());
  return { services: withOwn(opened), clock, random, dataDir };
}

/** Services with those of the first organisation at hand. */
export function withOwn(services: Services): TestHouse {
  const tenant = services.tenant(firstOrgId);
  return { ...services, own: { ...tenant, calls: { ...services.callRecords, ...tenant.calls } } };
}

/** What call control was told, in order. */
export type Told = readonly [string, ...unknown[]];

/** Call control without media: makes the record like the real one, remembers every command. */
export class FakeCallControl implements CallControl {
  readonly told: Told[] = [];
  ready: Readiness = { ready: true, detail: { media: "1 of 1 processes" } };
  metrics: unknown[][] = [];
  refuse: GatewayError | undefined;
  readonly #services: Pick<Services, "callRecords">;
  readonly #random: RandomBytes;
  #tokens = 0;

  constructor(services: Pick<Services, "callRecords">, random: RandomBytes) {
    this.#services = services;
    this.#random = random;
  }

  async openStream(request: Parameters<CallControl["openStream"]>[0]): Promise<StreamTicket> {
    if (this.refuse) throw this.refuse;
    const calls = this.#services.callRecords;
    const agent = await calls.resolveAgent(request.to, request.from);
    if (!agent) throw new GatewayError("not-found", "no agent answers this number", "to");
    const known = request.carrierCallId && (await calls.findOpenCall(request.carrier, request.carrierCallId));
    const callId = known || (makeId("call", this.#random) as CallId);
    if (!known) {
      await calls.createCall({
        ...request,
        callId,
        orgId: agent.orgId,
        carrierCallId: request.carrierCallId,
        direction: "inbound",
        agent,
        record: agent.record,
      });
    }
    this.#tokens += 1;
    const token = `token<${this.#tokens}>`;
    return { callId, token, url: "wss://gw.example.com/media/twilio", expiresAt: Date.UTC(2026, 10, 22, 12, 1, 0) };
  }
  readonly transferred: [CallId, TransferRequest | string][] = [];
  readonly transfers: TransferControl = {
    start: (callId, request) => void this.transferred.push([callId, request]),
    decide: (callId, decision) => void this.transferred.push([callId, decision]),
  };
  banned: { address: string; until: number }[] = [];
  readonly sources: SourceControl = {
    bans: () => this.banned,
    forgive: (address) => {
      this.banned = this.banned.filter((ban) => ban.address !== address);
    },
  };
  readonly #conferences = new Map<string, ConferenceMember[]>();
  readonly conferences: ConferenceControl = {
    open: (members) => {
      this.#conferences.set("room_1", [...members]);
      return this.conferences.get("room_1");
    },
    get: (id) => {
      const members = this.#conferences.get(id);
      if (!members) throw new GatewayError("not-found", "there is no such conference");
      return { id, members };
    },
    list: () => [...this.#conferences.keys()].map((id) => this.conferences.get(id)),
    join: (id, member) => {
      const { members } = this.conferences.get(id);
      this.#conferences.set(id, [...members, member]);
      return this.conferences.get(id);
    },
    leave: (id, callId) => {
      const { members } = this.conferences.get(id);
      this.#conferences.set(
        id,
        members.filter((member) => member.callId !== callId),
      );
      return this.conferences.get(id);
    },
  };
  readonly placed: PlaceCallRequest[] = [];
  async placeCall(request: PlaceCallRequest): Promise<CallId> {
    if (this.refuse) throw this.refuse;
    this.placed.push(request);
    const callId = makeId("call", this.#random) as CallId;
    await this.#services.callRecords.createCall({ ...request, callId, carrier: "sip", direction: "outbound" });
    return callId;
  }
  async say(callId: CallId, text: string): Promise<void> {
    await this.#command("say", callId, text);
  }
  async sendDtmf(callId: CallId, digits: string): Promise<void> {
    await this.#command("dtmf", callId, digits);
  }
  async hangUp(callId: CallId, cause: EndCause): Promise<void> {
    await this.#command("hang-up", callId, cause);
  }
  async collectMetrics(): Promise<readonly (readonly unknown[])[]> {
    return this.metrics;
  }
  readiness(): Readiness {
    return this.ready;
  }
  async #command(...told: Told): Promise<void> {
    if (this.refuse) throw this.refuse;
    this.told.push(told);
  }
}

export interface TestGateway extends TestServices {
  readonly app: FastifyInstance;
  readonly control: FakeCallControl;
  readonly metrics: Metrics;
  /** A good key. */
  readonly key: string;
  /** Asks the native API with the good key; `payload` goes as JSON. */
  ask(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, payload?: unknown): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  // biome would have us name a type here; what an API answers is only known to the test that asks
  readonly body: ReturnType<typeof JSON.parse>;
  readonly headers: Readonly<Record<string, unknown>>;
}

export async function testGateway(
  deps: Partial<HttpServerDeps> = {},
  options: TestServicesOptions = {},
): Promise<TestGateway> {
  const base = await testServices(options);
  const { services, random, clock } = base;
  const control = new FakeCallControl(services, random);
  const metrics = createMetrics();
  const app = createHttpServer({
    services,
    calls: control,
    metrics,
    log: createLogger("silent", "test"),
    clock,
    config: { publicUrl: "https://gw.example.com", twilioAuthToken: "" },
    rateLimits: { keyPerSecond: 1000, keyBurst: 1000, failuresPerSecond: 1, failureBurst: 1000 },
    ...deps,
  });
  onTestFinished(() => app.close());
  const { secret: key } = await services.keys.create({
    orgId: firstOrgId,
    dialect: "native",
    name: "test",
    scopes: ["operator"],
  });
  return {
    ...base,
    app,
    control,
    metrics,
    key,
    ask: async (method, path, payload) => {
      const request: InjectOptions = {
        method,
        url: `/api/v1${path}`,
        headers: {
          authorization: `Bearer ${key}`,
          ...(payload !== undefined && { "content-type": "application/json" }),
        },
        ...(payload !== undefined && { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
      };
      const { statusCode, body, headers } = await app.inject(request);
      return { status: statusCode, body: body === "" ? undefined : JSON.parse(body), headers };
    },
  };
}

/** An agent as a call freezes it. */
export const plainAgent: AgentSpec = {
  agentId: "agent_test",
  name: "Test",
  provider: "local",
  model: undefined,
  voice: undefined,
  language: "en-US",
  instructions: "Be brief.",
  firstMessage: undefined,
  tools: [],
  transfers: [],
  turn: {},
  maxDurationMs: 60_000,
  webhook: undefined,
};

/** Makes a ringing call; its id. */
export async function ringingCall({ services, random }: TestServices, change: Partial<NewCall> = {}): Promise<CallId> {
  const callId = makeId("call", random) as CallId;
  await services.callRecords.createCall({
    callId,
    orgId: firstOrgId,
    carrier: "twilio",
    carrierCallId: undefined,
    direction: "inbound",
    from: "+15550199",
    to: "+15550100" as E164,
    agent: plainAgent,
    metadata: {},
    record: false,
    ...change,
  });
  return callId;
}

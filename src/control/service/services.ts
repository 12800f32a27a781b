import type { Clock } from "../../kit/clock.ts";
import type { RandomBytes } from "../../kit/ids.ts";
import type { ProviderName } from "../../media/protocol.ts";
import { openDatabase } from "../store/database.ts";
import { deleteEventsBefore } from "../store/events.ts";
import { probeDatabase } from "../store/meta.ts";
import { openRecordings, type RecordingFiles } from "../store/recordings.ts";
import { createSecrets, readSecretKey } from "../store/secrets.ts";
import { WriteQueue } from "../store/write-queue.ts";
import { type Agents, createAgents } from "./agents.ts";
import { type Calls, createCalls } from "./calls.ts";
import type { ServiceDeps } from "./deps.ts";
import { EventFeed } from "./event-feed.ts";
import { firstStart } from "./first-start.ts";
import { createKeys, type Keys } from "./keys.ts";
import { createNumbers, type Numbers } from "./numbers.ts";
import { openPhones, type Phones } from "./phones.ts";
import { createRecordingLinks, type RecordingLinks } from "./recording-links.ts";
import { createSipTraces, type SipTraces } from "./sip-traces.ts";
import { createTexts, type Texts } from "./texts.ts";
import { createTrunks, type Trunks } from "./trunks.ts";

/** The settings the services need. */
export interface ServicesSettings {
  /** Absolute path. */
  readonly dataDir: string;
  /** `postgres://…`; "": SQLite in the data folder. */
  readonly databaseUrl: string;
  /** "": a random one is kept in the data folder. */
  readonly secretKey: string;
  /** Origin of links to recordings. */
  readonly publicUrl: string;
  /** Let tools and webhooks be plain http. */
  readonly allowPrivateTargets: boolean;
  /** Provider of agents that name none. */
  readonly defaultProvider: ProviderName;
}

/** Events live this long, so that a client may catch up after a week away. */
const eventLifetimeMs = 7 * 24 * 3_600_000;

/** Everything the product can do that needs no call in progress. */
export interface Services {
  readonly keys: Keys;
  readonly agents: Agents;
  readonly numbers: Numbers;
  readonly phones: Phones;
  readonly texts: Texts;
  readonly calls: Calls;
  readonly trunks: Trunks;
  readonly feed: EventFeed;
  readonly recordings: RecordingFiles;
  readonly recordingLinks: RecordingLinks;
  readonly sipTraces: SipTraces;
  /** Makes the demo agent, its number and a key at the very first start, and gives the key; undefined ever after. */
  firstStart(bootstrapKey: string): Promise<string | undefined>;
  /** Deletes events that have outlived their time. */
  forgetOldEvents(): Promise<void>;
  /** Rejects when the database does not answer. */
  probe(): Promise<void>;
  /** Writes what waits and closes the database. Twice is fine. */
  close(): Promise<void>;
}

/** Opens the data folder and brings its database up to date. */
export async function openServices(settings: ServicesSettings, clock: Clock, random: RandomBytes): Promise<Services> {
  const { dataDir, defaultProvider, publicUrl, allowPrivateTargets: allowHttp } = settings;
  const secretKey = readSecretKey(dataDir, settings.secretKey, random);
  const database = await openDatabase(dataDir, settings.databaseUrl);
  const deps: ServiceDeps = { database, clock, random, defaultProvider, secrets: createSecrets(secretKey, random) };
  const feed = new EventFeed(database.db);
  const queue = new WriteQueue(
    database.db,
    () => clock.wall(),
    (events) => feed.publish(events),
  );
  const recordings = openRecordings(dataDir);
  const keys = createKeys(deps);
  const agents = createAgents({ ...deps, allowHttp });
  const numbers = createNumbers(deps);
  const phones = await openPhones(deps);
  const texts = createTexts(deps);
  const calls = createCalls({ ...deps, queue, recordings, resolveInbound: (to) => numbers.resolveInbound(to) });
  const recordingLinks = createRecordingLinks(deps, calls, recordings, publicUrl);
  let closed: Promise<void> | undefined;
  return {
    keys,
    agents,
    numbers,
    phones,
    texts,
    calls,
    trunks: createTrunks(deps),
    feed,
    recordings,
    recordingLinks,
    sipTraces: createSipTraces(deps),
    firstStart: (bootstrapKey) => firstStart(deps, { keys, agents, numbers }, bootstrapKey),
    forgetOldEvents: () => deleteEventsBefore(database.db, clock.wall() - eventLifetimeMs),
    probe: () => probeDatabase(database.db),
    close: () => {
      closed ??= queue.flush().then(() => database.close());
      return closed;
    },
  };
}

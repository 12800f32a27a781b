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
import { type FirstStart, firstStart } from "./first-start.ts";
import { createKeys, type Keys } from "./keys.ts";
import { createNumbers, type Numbers } from "./numbers.ts";
import { createRecordingLinks, type RecordingLinks } from "./recording-links.ts";

export interface ServicesOptions {
  /** Absolute path. */
  readonly dataDir: string;
  /** "": a random one is kept in the data folder. */
  readonly secretKey: string;
  /** Origin of links to recordings. */
  readonly publicUrl: string;
  /** Let tools and webhooks be plain http. */
  readonly allowHttp: boolean;
  /** Provider of agents that name none. */
  readonly defaultProvider: ProviderName;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Events live this long, so that a client may catch up after a week away. */
export const eventLifetimeMs = 7 * 24 * 3_600_000;

/** Everything the product can do that needs no call in progress. */
export interface Services {
  readonly keys: Keys;
  readonly agents: Agents;
  readonly numbers: Numbers;
  readonly calls: Calls;
  readonly feed: EventFeed;
  readonly recordings: RecordingFiles;
  readonly recordingLinks: RecordingLinks;
  /** Makes the demo agent, its number and a key at the very first start; undefined ever after. */
  firstStart(bootstrapKey: string): Promise<FirstStart | undefined>;
  /** Rejects when the database does not answer. */
  probe(): Promise<void>;
  /** Writes what waits and closes the database. Twice is fine. */
  close(): Promise<void>;
}

/** Opens the data folder: database up to date, old events gone. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { dataDir, clock, random, defaultProvider } = options;
  const secretKey = readSecretKey(dataDir, options.secretKey, random);
  const database = await openDatabase(dataDir);
  const deps: ServiceDeps = { database, clock, random, defaultProvider, secrets: createSecrets(secretKey, random) };
  const feed = new EventFeed(database.db);
  const queue = new WriteQueue(
    database.db,
    () => clock.wall(),
    (events) => feed.publish(events),
  );
  const recordings = openRecordings(dataDir);
  const keys = createKeys(deps);
  const agents = createAgents({ ...deps, allowHttp: options.allowHttp });
  const numbers = createNumbers(deps);
  const calls = createCalls({ ...deps, queue, recordings, resolveInbound: (to) => numbers.resolveInbound(to) });
  const recordingLinks = createRecordingLinks(deps, calls, recordings, options.publicUrl);
  await deleteEventsBefore(database.db, clock.wall() - eventLifetimeMs);
  let closed: Promise<void> | undefined;
  return {
    keys,
    agents,
    numbers,
    calls,
    feed,
    recordings,
    recordingLinks,
    firstStart: (bootstrapKey) => firstStart(deps, { keys, agents, numbers }, bootstrapKey),
    probe: () => probeDatabase(database.db),
    close: () => {
      closed ??= queue.flush().then(() => database.close());
      return closed;
    },
  };
}

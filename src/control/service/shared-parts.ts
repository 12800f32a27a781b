import type { Clock } from "../../kit/clock.ts";
import type { RandomBytes } from "../../kit/ids.ts";
import { guardedFetch } from "../../kit/io/guarded-http.ts";
import type { Logger } from "../../kit/log.ts";
import type { ProviderName } from "../../media/protocol.ts";
import { createLocalCarrier } from "../carriers/local.ts";
import type { PhoneBook } from "../exchange/phone-book.ts";
import { openDatabase } from "../store/database.ts";
import { readNodeId } from "../store/node-id.ts";
import { findNumberByE164, takenNumbers } from "../store/numbers.ts";
import { openRecordings, type RecordingFiles } from "../store/recordings.ts";
import { createSecrets, readSecretKey } from "../store/secrets.ts";
import { createRecordingLinks, type RecordingLinks } from "./calls/recording-links.ts";
import type { ServiceDeps } from "./deps.ts";
import { type MoneyHouse, type MoneySettings, openMoney } from "./money/open.ts";
import { alone, createNodes, type Nodes } from "./nodes.ts";
import type { NumberDeps } from "./numbers/deps.ts";
import { restMs } from "./numbers/purchase.ts";
import { createOrgs, type Orgs } from "./orgs/orgs.ts";
import { openPhoneBook } from "./phones.ts";
import type { TextDeps } from "./texts/deps.ts";
import { OtpWaiters } from "./texts/io/otp-waiters.ts";
import { createGatewayTexts, type GatewayTexts, type Text } from "./texts/texts.ts";
import { createGatewayTrunks, type GatewayTrunks } from "./trunks.ts";
import type { Voices } from "./webhooks/notices.ts";
import { createOutbox, type Outbox } from "./webhooks/outbox.ts";

/** The settings the services need. */
export interface ServicesSettings extends MoneySettings {
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

/** What all organisations' services stand on: there is one of each in a gateway. */
export interface SharedParts {
  readonly deps: ServiceDeps;
  /** The gateways on this database. */
  readonly nodes: Nodes;
  readonly orgs: Orgs;
  readonly moneyHouse: MoneyHouse;
  readonly outbox: Outbox;
  readonly numberDeps: NumberDeps;
  readonly textDeps: TextDeps;
  readonly texts: GatewayTexts;
  readonly trunks: GatewayTrunks;
  readonly phoneBook: PhoneBook;
  readonly recordings: RecordingFiles;
  readonly recordingLinks: RecordingLinks;
}

/** Opens the data folder, brings its database up to date and makes what stands on it. */
export async function openSharedParts(
  settings: ServicesSettings,
  clock: Clock,
  random: RandomBytes,
  given: { readonly log: Logger; readonly voices: Voices },
): Promise<SharedParts> {
  const { dataDir, databaseUrl, defaultProvider, publicUrl, allowPrivateTargets } = settings;
  const { log, voices } = given;
  const secretKey = readSecretKey(dataDir, settings.secretKey, random);
  const database = await openDatabase(dataDir, databaseUrl);
  const { db, kind } = database;
  const deps: ServiceDeps = { database, clock, random, defaultProvider, secrets: createSecrets(secretKey, random) };
  const nodes = kind.skipsLocked ? createNodes(db, clock, readNodeId(dataDir, random)) : alone;
  const moneyHouse = openMoney(deps, settings);
  const { money, priceBooks } = moneyHouse;
  const outbox = createOutbox({ clock, random, voices, kind });
  const carriers = [createLocalCarrier({ takenOf: (some) => takenNumbers(db, some, clock.wall() - restMs) })];
  const textDeps: TextDeps = {
    ...deps,
    money,
    outbox,
    carrierOf: async (trx, number) => {
      const row = await findNumberByE164(trx, undefined, number);
      const company = carriers.find(({ name }) => name === row?.carrier);
      return company?.texts && { name: company.name, texts: company.texts };
    },
    nodes,
    otpWaiters: new OtpWaiters<Text>(),
  };
  const recordings = openRecordings(dataDir);
  return {
    deps,
    nodes,
    orgs: createOrgs(deps),
    moneyHouse,
    outbox,
    numberDeps: {
      ...deps,
      allowHttp: allowPrivateTargets,
      carriers,
      money,
      priceBooks,
      outbox,
      nodes,
      exchange: guardedFetch,
      log,
    },
    textDeps,
    texts: createGatewayTexts(textDeps),
    trunks: createGatewayTrunks(deps),
    phoneBook: await openPhoneBook(deps),
    recordings,
    recordingLinks: createRecordingLinks(deps, recordings, publicUrl),
  };
}

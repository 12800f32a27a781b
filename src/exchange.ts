/** The telephone exchange of the gateway process: its desks, its SIP endpoint, and how they are started and stopped. */
import type { Config } from "./config.ts";
import type { GatewayCalls } from "./control/calls/io/gateway-calls.ts";
import { SipCalls } from "./control/calls/io/sip-calls.ts";
import { PhoneDesk } from "./control/exchange/io/phone-desk.ts";
import { RequestDesk } from "./control/exchange/io/request-desk.ts";
import { sipTlsOptions, watchSipCertificate } from "./control/exchange/io/sip-tls.ts";
import { TextDesk } from "./control/exchange/io/text-desk.ts";
import { TrunkDesk } from "./control/exchange/io/trunk-desk.ts";
import { demoNumber } from "./control/service/first-start.ts";
import type { Services } from "./control/service/services.ts";
import type { Clock } from "./kit/clock.ts";
import type { E164 } from "./kit/ids.ts";
import { systemRandom } from "./kit/io/random.ts";
import type { Logger } from "./kit/log.ts";
import type { Metrics } from "./kit/metrics.ts";
import { defaultSourceGuard, SourceGuard } from "./sip/source-guard.ts";

export interface ExchangeOptions {
  readonly config: Config;
  readonly services: Services;
  readonly calls: GatewayCalls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Sends back what it hears, for who tries a telephone or a network. */
export const echoNumber = "+15550101" as E164;

/** The exchange at work. */
export interface Exchange {
  readonly sip: SipCalls;
  /** Takes no new calls. */
  drain(): void;
  /** Tells registrars that we are gone and closes the sockets; calls are ended before. */
  close(): Promise<void>;
}

/** Opens the exchange; rejects when its address is taken. */
export async function openExchange({
  config,
  services,
  calls,
  clock,
  log,
  metrics,
}: ExchangeOptions): Promise<Exchange> {
  const { sipRealm: realm, sipAllowMd5: allowMd5 } = config;
  const randomBytes = systemRandom;
  const common = { clock, log, metrics, randomBytes };
  const trunks = new TrunkDesk({ ...common, records: services.trunks, realm, allowMd5, random: systemRandom });
  const isTrunk = (address: string) => trunks.matchSource(address) !== undefined;
  const guard = new SourceGuard(defaultSourceGuard, isTrunk);
  const phones = new PhoneDesk({
    ...common,
    book: services.phoneBook,
    realm,
    allowMd5,
    guard,
    trunkSecret: (username) => {
      const user = trunks.matchUser(username);
      return user && { type: "ha1", ha1: user.ha1 };
    },
    hasTrunkUsers: () => trunks.hasUsers,
  });
  const texts = new TextDesk({ ...common, phones, trunks, records: services.texts.records });
  const requests = new RequestDesk({ phones, texts, isTrunk, randomBytes });
  const { trace } = services.sipTraces;
  // Before the first INVITE may come, so that it finds its trunk.
  await trunks.reload();
  const tls = await sipTlsOptions(config);
  const sip = await SipCalls.open({
    ...common,
    listen: config.sip,
    tls,
    publicIp: config.publicIp,
    openNumbers: [demoNumber],
    echoNumber,
    calls,
    records: services.callRecords,
    trunks,
    phones,
    guard,
    onRequest: (key, request, from) => requests.handleRequest(key, request, from),
    onConnectionClosed: (connection) => phones.connectionClosed(connection),
    onTrace: (direction, message, hop) =>
      trace.record(direction, message, hop, { now: clock.now(), wall: clock.wall() }),
    onDialog: (callId, sipCallId) => trace.assign(sipCallId, callId),
  });
  const certificate =
    tls && watchSipCertificate(config, tls.cert, (parts) => sip.endpoint.renewCertificate(parts), log);
  for (const desk of [phones, texts, requests]) desk.start(sip.endpoint);
  await trunks.start(sip.endpoint);
  services.trunks.attach(trunks);
  await services.texts.connect(texts);
  return {
    sip,
    drain: () => {
      sip.drain();
      // Registrars learn first, so that they send no more calls.
      void trunks.close();
    },
    close: async () => {
      certificate?.close();
      await trunks.close();
      for (const desk of [requests, texts, phones]) desk.close();
      sip.close();
    },
  };
}

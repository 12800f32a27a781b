/** Our exchange without its calls, on loopback, and telephones that talk to it. */
import { onTestFinished } from "vitest";
import { PhoneDesk } from "../../src/control/exchange/io/phone-desk.ts";
import { RequestDesk } from "../../src/control/exchange/io/request-desk.ts";
import { TextDesk, type TextTrunks } from "../../src/control/exchange/io/text-desk.ts";
import { type Extension, type Phone, parseExtension } from "../../src/control/exchange/phone.ts";
import { PhoneBook } from "../../src/control/exchange/phone-book.ts";
import type { NewText, TextDirection, TextOutcome, TextRecords } from "../../src/control/exchange/text.ts";
import { GatewayError } from "../../src/kit/errors.ts";
import { firstOrgId, type OrgId } from "../../src/kit/ids.ts";
import { systemRandom } from "../../src/kit/io/random.ts";
import { systemClock } from "../../src/kit/io/system-clock.ts";
import { createLogger } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { digestAuthorize } from "../../src/sip/digest-authorize.ts";
import { cseqField } from "../../src/sip/headers/fields.ts";
import { SipHeaders } from "../../src/sip/headers/headers.ts";
import { SipEndpoint } from "../../src/sip/io/sip-endpoint.ts";
import { cseqOf, respond, type SipRequest, type SipResponse } from "../../src/sip/message.ts";
import { type NewRequest, newRequest } from "../../src/sip/new-request.ts";
import type { RegistrationState } from "../../src/sip/registration-client.ts";
import { defaultSourceGuard, SourceGuard } from "../../src/sip/source-guard.ts";
import { makeSipUri } from "../../src/sip/uri.ts";

const local = { address: "127.0.0.1", port: 0 };

/** A text as the fake store has it. */
export interface KeptText extends NewText {
  readonly direction: TextDirection;
  status: string;
  detail: string | null;
}

/** No trunk at all. */
export const noTrunks: TextTrunks = {
  matchSource: () => undefined,
  matchContact: () => undefined,
  matchUser: () => undefined,
  mayComeFrom: () => false,
  choose: () => undefined,
  targets: () => [],
  reportTarget: () => undefined,
  authorize: () => undefined,
};

/**
 * Opens the exchange; `agentNumbers` are ours and answered by agents, `otherNumber` is another organisation's. Texts to it
 * are put into `posted`; without it they cannot be paid.
 */
export async function openExchange(
  options: {
    trunks?: Partial<TextTrunks>;
    agentNumbers?: readonly string[];
    otherNumber?: string;
    posted?: NewText[];
    allowMd5?: boolean;
  } = {},
) {
  const book = new PhoneBook();
  const guard = new SourceGuard(defaultSourceGuard);
  const metrics = createMetrics();
  const texts: KeptText[] = [];
  const settled: (() => void)[] = [];
  const records: TextRecords = {
    ownerOf: async (number) => {
      if (number === options.otherNumber) return "org_other" as OrgId;
      return options.agentNumbers?.includes(number) ? firstOrgId : undefined;
    },
    add: async (text, direction, status) => `text_${texts.push({ ...text, direction, status, detail: null })}`,
    post: async (text) => {
      if (options.posted === undefined) throw new GatewayError("payment-required", "no credit");
      return `text_${options.posted.push(text)}`;
    },
    settle: async (id, { status, detail }: TextOutcome) => {
      Object.assign(texts[Number(id.slice(5)) - 1]!, { status, detail });
      for (const tell of settled.splice(0)) tell();
    },
  };
  const base = { clock: systemClock, randomBytes: systemRandom, log: createLogger("silent", "test"), metrics };
  const trunks = { ...noTrunks, ...options.trunks };
  const phones = new PhoneDesk({
    ...base,
    book,
    guard,
    realm: "tandem",
    allowMd5: options.allowMd5 ?? true,
    trunkSecret: (username) => {
      const ha1 = trunks.matchUser(username)?.ha1;
      return ha1 && { type: "ha1", ha1 };
    },
    hasTrunkUsers: () => options.trunks?.matchUser !== undefined,
  });
  const textDesk = new TextDesk({ ...base, phones, trunks, records });
  const isTrunk = (address: string) => trunks.matchSource(address) !== undefined;
  const requests = new RequestDesk({ phones, texts: textDesk, isTrunk, randomBytes: systemRandom });
  const endpoint = await SipEndpoint.open({
    udp: local,
    tcp: local,
    guard,
    clock: systemClock,
    random: systemRandom,
    handlers: {
      onCall: ({ session }) => endpoint.command(session, { type: "reject", status: 488 }),
      onRequest: (key, request, from) => requests.handleRequest(key, request, from),
      onConnectionClosed: (connection) => phones.connectionClosed(connection),
      onEvent: () => undefined,
      onClosed: () => undefined,
      onError: (error) => {
        throw error;
      },
    },
  });
  for (const desk of [phones, textDesk, requests]) desk.start(endpoint);
  onTestFinished(() => {
    for (const one of [requests, textDesk, phones, endpoint]) one.close();
  });
  return {
    book,
    guard,
    metrics,
    phones,
    textDesk,
    texts,
    endpoint,
    port: endpoint.addressOf("UDP")!.port,
    /** Resolves when the next queued text has found its end. */
    settled: () => new Promise<void>((resolve) => settled.push(resolve)),
  };
}

export type TestExchange = Awaited<ReturnType<typeof openExchange>>;

/** Enters a phone whose password is `<username>-secret`. */
export function addPhone(exchange: TestExchange, username: string, change: Partial<Phone> = {}): Phone {
  const number: Extension | null = parseExtension(username) ?? null;
  const phone: Phone = {
    id: `phone_${username}`,
    orgId: firstOrgId,
    username,
    number,
    label: null,
    mayCall: "any",
    enabled: true,
    ...change,
  };
  exchange.book.set(phone, `${username}-secret`);
  return phone;
}

/** A telephone, or the far end of a trunk: sends requests, answers challenges, collects the texts it gets. */
export async function openTelephone(port: number, credentials?: { username: string; password: string }) {
  const received: SipRequest[] = [];
  const waiting: (() => void)[] = [];
  let answers: (request: SipRequest) => SipResponse | undefined = (request) => respond(request, 200, { toTag: "t" });
  const endpoint = await SipEndpoint.open({
    udp: local,
    tcp: local,
    clock: systemClock,
    random: systemRandom,
    handlers: {
      onCall: () => undefined,
      onRequest: (key, request) => {
        const response = answers(request);
        if (response) endpoint.respond(key, response);
        if (request.method !== "MESSAGE") return;
        received.push(request);
        for (const tell of waiting.splice(0)) tell();
      },
      onEvent: () => undefined,
      onClosed: () => undefined,
      onError: (error) => {
        throw error;
      },
    },
  });
  onTestFinished(() => endpoint.close());
  const once = (request: SipRequest): Promise<SipResponse> =>
    new Promise((resolve, reject) => {
      endpoint.request(request, (response, fault) => (response ? resolve(response) : reject(new Error(fault))));
    });
  const exchangeUri = (user?: string, params?: Record<string, string>) =>
    makeSipUri({ user, host: "127.0.0.1", port, params });
  const ask = async (
    parts: Pick<NewRequest, "method"> & Partial<NewRequest> & { user?: string },
  ): Promise<SipResponse> => {
    const uri = exchangeUri(parts.user);
    const from = { uri: makeSipUri({ user: credentials?.username ?? "stranger", host: "tandem" }), params: new Map() };
    const request = newRequest({ uri, from, to: { uri, params: new Map() }, ...parts }, systemRandom);
    const response = await once(request);
    const lines =
      credentials && response.status === 401
        ? digestAuthorize(credentials, systemRandom)(request, response)
        : undefined;
    if (lines === undefined) return response;
    const headers = request.headers.clone();
    headers.replace(cseqField, { ...cseqOf(request), seq: 2 });
    for (const [name, value] of lines) headers.add(name, value);
    return once({ ...request, headers });
  };
  const options = (): SipRequest => {
    const uri = exchangeUri();
    const to = { uri, params: new Map() };
    return newRequest({ method: "OPTIONS", uri, from: to, to }, systemRandom);
  };
  return {
    endpoint,
    received,
    options,
    port: endpoint.addressOf("UDP")!.port,
    ask,
    /** Sends a text. */
    text: (user: string, text: string, contentType = "text/plain;charset=UTF-8", headers = new SipHeaders()) =>
      ask({ method: "MESSAGE", user, contentType, headers, body: Buffer.from(text, "utf8") }),
    /** Resolves with the next MESSAGE it gets. */
    next: async () => {
      const before = received.length;
      while (received.length === before) await new Promise<void>((resolve) => waiting.push(resolve));
      return received[before]!;
    },
    /** How it answers from now on; undefined: not at all. */
    answerWith: (given: typeof answers) => {
      answers = given;
    },
    /** Registers, and resolves with the first state that is not `registering`. `aor`: user of To. */
    register: (aor = credentials?.username ?? "stranger", params?: Record<string, string>) => {
      let tell: (state: RegistrationState) => void = () => undefined;
      const changed = () =>
        new Promise<RegistrationState>((resolve) => {
          tell = resolve;
        });
      const first = changed();
      const registration = endpoint.register(
        {
          registrar: exchangeUri(undefined, params),
          address: { uri: makeSipUri({ user: aor, host: "tandem" }), params: new Map() },
          expiresS: 300,
          leastRetryMs: 60_000,
          mostRetryMs: 60_000,
          authorize: credentials && digestAuthorize(credentials, systemRandom),
        },
        (state) => {
          if (state.type !== "registering") tell(state);
        },
      );
      return {
        state: first,
        stop: () => {
          const last = changed();
          registration.stop();
          return last;
        },
      };
    },
  };
}

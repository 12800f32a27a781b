import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  readSipCertificate,
  type SipTlsSettings,
  sipTlsOptions,
  watchSipCertificate,
} from "../../../../src/control/exchange/io/sip-tls.ts";
import { systemRandom } from "../../../../src/kit/io/random.ts";
import { systemClock } from "../../../../src/kit/io/system-clock.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { SipEndpoint } from "../../../../src/sip/io/sip-endpoint.ts";
import { respond } from "../../../../src/sip/message.ts";
import { otherTestCert, otherTestKey, testCert, testKey } from "../../../kit/sip-tls.ts";
import { temporaryFolder } from "../../gateway.ts";

/** Settings with the two files in a folder that goes away. */
function settingsWith(cert: string, key: string) {
  const folder = temporaryFolder();
  const settings = {
    sipTls: { host: "127.0.0.1", port: 0 },
    sipTlsCert: join(folder, "cert.pem"),
    sipTlsKey: join(folder, "key.pem"),
  } satisfies SipTlsSettings;
  const write = (newCert: string, newKey: string): void => {
    writeFileSync(settings.sipTlsCert, newCert);
    writeFileSync(settings.sipTlsKey, newKey);
  };
  write(cert, key);
  return { settings, write };
}

async function openEndpoint(settings: SipTlsSettings): Promise<SipEndpoint> {
  const endpoint: SipEndpoint = await SipEndpoint.open({
    tls: await sipTlsOptions(settings),
    clock: systemClock,
    random: systemRandom,
    handlers: {
      onCall: () => undefined,
      onRequest: (key, request) => endpoint.respond(key, respond(request, 200, { toTag: "t" })),
      onEvent: () => undefined,
      onClosed: () => undefined,
      onError: (error) => {
        throw error;
      },
    },
  });
  onTestFinished(() => endpoint.close());
  return endpoint;
}

/** A TLS client that trusts one certificate. */
async function connectTo(endpoint: SipEndpoint, ca: string) {
  const port = endpoint.addressOf("TLS")?.port ?? 0;
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ca });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

const options = [
  "OPTIONS sip:localhost SIP/2.0",
  "Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK-tls;rport",
  "From: <sip:a@localhost>;tag=a",
  "To: <sip:localhost>",
  "Call-ID: tls-1",
  "CSeq: 1 OPTIONS",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

describe("SIP over TLS", () => {
  test("SIP over TLS: listens with the certificate of the settings and answers a client that trusts it", async () => {
    const { settings } = settingsWith(testCert, testKey);
    const socket = await connectTo(await openEndpoint(settings), testCert);
    expect(socket.authorized).toBe(true);
    socket.write(options);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^SIP\/2\.0 200 OK\r\n/);
  });

  test("SIP over TLS: off without an address, whatever the files", async () => {
    expect(await sipTlsOptions({ sipTls: null, sipTlsCert: "/nowhere", sipTlsKey: "" })).toBeUndefined();
  });

  test("SIP over TLS: a renewed certificate is shown to who comes from then on; open connections stay", async () => {
    const { settings, write } = settingsWith(testCert, testKey);
    const endpoint = await openEndpoint(settings);
    const renewed: number[] = [];
    const watch = watchSipCertificate(
      settings,
      testCert,
      (certificate) => {
        renewed.push(certificate.expiresAt);
        endpoint.renewCertificate(certificate);
      },
      createLogger("silent", "test"),
    );
    onTestFinished(() => watch.close());
    await watch.look();
    const before = await connectTo(endpoint, testCert);
    // Half written: the key is still the old one's.
    write(otherTestCert, testKey);
    await watch.look();
    expect(renewed).toEqual([]);
    write(otherTestCert, otherTestKey);
    await watch.look();
    await watch.look();
    expect(renewed.length).toBe(1);
    const after = await connectTo(endpoint, otherTestCert);
    expect(after.authorized).toBe(true);
    before.write(options);
    expect(String(((await once(before, "data")) as [Buffer])[0])).toMatch(/^SIP\/2\.0 200 /);
  });

  test.each<[string, (settings: SipTlsSettings) => SipTlsSettings, string, string, RegExp]>([
    ["no certificate named", (s) => ({ ...s, sipTlsCert: "" }), testCert, testKey, /^TANDEM_SIP_TLS_CERT is not set/],
    ["no key named", (s) => ({ ...s, sipTlsKey: "" }), testCert, testKey, /^TANDEM_SIP_TLS_KEY is not set/],
    ["no such file", (s) => ({ ...s, sipTlsKey: "/nowhere.pem" }), testCert, testKey, /_KEY=\/nowhere\.pem: .*ENOENT/],
    ["no certificate in it", (s) => s, "hello", testKey, /^TANDEM_SIP_TLS_CERT: expected a certificate/],
    ["no key in it", (s) => s, testCert, "hello", /^TANDEM_SIP_TLS_KEY: expected the PEM private key/],
    [
      "another certificate's key",
      (s) => s,
      testCert,
      otherTestKey,
      /^TANDEM_SIP_TLS_KEY: expected the PEM private key/,
    ],
  ])(
    "SIP over TLS: %s is told by the setting's name, and no key is quoted",
    async (_what, change, cert, key, expected) => {
      const { settings } = settingsWith(cert, key);
      await expect(readSipCertificate(change(settings))).rejects.toThrow(expected);
    },
  );

  test("SIP over TLS: the end of the certificate is read, so that the doctor can warn of it", async () => {
    const { settings } = settingsWith(testCert, testKey);
    expect(new Date((await readSipCertificate(settings)).expiresAt).getUTCFullYear()).toBe(2120);
  });
});

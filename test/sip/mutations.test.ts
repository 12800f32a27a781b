import { describe, expect, test } from "vitest";
import { typicalInvite } from "../../bench/sip-typical.ts";
import type { HeaderField } from "../../src/sip/headers/field.ts";
import * as fields from "../../src/sip/headers/fields.ts";
import { respond, type SipMessage } from "../../src/sip/message.ts";
import { messageBounds, parseMessage } from "../../src/sip/parse.ts";
import { defaultSdp } from "../../src/sip/sdp/media.ts";
import { SdpNegotiator } from "../../src/sip/sdp/negotiator.ts";
import { serializeMessage } from "../../src/sip/serialize.ts";
import { StreamFramer } from "../../src/sip/stream-framer.ts";
import { uriHeaders, userOf } from "../../src/sip/uri.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { mutate } from "./mutate.ts";
import { semanticCases } from "./torture/rfc4475-semantics.ts";
import { validCases } from "./torture/rfc4475-valid.ts";
import { ipv6Cases } from "./torture/rfc5118.ts";

/** The nightly script asks for a million. */
const count = Number(process.env.SIP_MUTATIONS ?? 4000);
const seed = Number(process.env.SIP_MUTATIONS_SEED ?? 4475);
const limitMs = 5;

const isField = (value: unknown): value is HeaderField<unknown> =>
  typeof value === "object" && value !== null && "parse" in value && "write" in value;
const allFields = Object.values<unknown>(fields).filter(isField);

const negotiate = (body: Uint8Array) =>
  new SdpNegotiator(defaultSdp, "1", (size) => new Uint8Array(size)).answer(body, {
    address: "192.0.2.1",
    port: 2,
    direction: "sendrecv",
  });

/** What a stack does with received bytes: cuts, reads them, asks for every header and the SDP, answers. */
function handleMessage(bytes: Uint8Array): SipMessage | undefined {
  new StreamFramer().push(bytes);
  const message = parseMessage(bytes);
  if (message.type === "fault") {
    if (message.request !== undefined) serializeMessage(respond(message.request, message.respondWith!, { toTag: "t" }));
    return undefined;
  }
  for (const field of allFields) message.headers.all(field);
  if (message.type === "request") {
    userOf(message.uri);
    uriHeaders(message.uri);
    serializeMessage(respond(message, 200, { toTag: "t" }));
  }
  negotiate(message.body);
  return message;
}

/** What was read is written, and what was written is read. */
function checkReturn(message: SipMessage): void {
  for (const field of allFields) {
    for (const value of message.headers.all(field)) {
      if (field.parse(field.write(value)) === undefined) {
        throw new Error(`${field.name} does not read what it wrote: ${field.write(value)}`);
      }
    }
  }
  const again = parseMessage(serializeMessage(message));
  if (again.type === "fault") throw new Error(`does not read what it wrote: ${again.kind}: ${again.detail}`);
}

/** Time of the work in ms; a slow turn is taken again, because a busy machine is slow once and a bad parser always. */
function fastestMs(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 40 && best >= limitMs; turn++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

describe("SIP under mutation", () => {
  test(`SIP under mutation: ${count} bent messages are read or faults, never thrown, never more than ${limitMs} ms`, () => {
    const valid = [...validCases, ...semanticCases, ...ipv6Cases].map(({ bytes }) => bytes);
    const messages = [...valid, typicalInvite(), typicalInvite(), typicalInvite()];
    const random = new SeededRandom(seed);
    const results = { read: 0, fault: 0 };
    for (let i = 0; i < count; i++) {
      const bytes = mutate(messages, random);
      try {
        let message: SipMessage | undefined;
        const tookMs = fastestMs(() => {
          message = handleMessage(bytes);
        });
        if (tookMs >= limitMs) throw new Error(`took ${tookMs.toFixed(1)} ms`);
        results[message === undefined ? "fault" : "read"]++;
        if (message !== undefined) checkReturn(message);
      } catch (error) {
        throw new Error(`seed ${seed}, message ${i}: ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}`, {
          cause: error,
        });
      }
    }
    // Both kinds must be plenty, or the mutations test nothing.
    expect(results.read).toBeGreaterThan(count / 10);
    expect(results.fault).toBeGreaterThan(count / 10);
  }, 3_600_000);

  /** Messages as large as they may be, each stuffed with one kind of trouble. */
  const core = (extra: string): string =>
    `INVITE sip:a@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n${extra}\r\n`;
  const fill = (unit: string, chars: number): string => unit.repeat(Math.floor(chars / unit.length));
  const many = (line: string): string => fill(`${line}\r\n`, 32_000);
  const stuffed: Readonly<Record<string, string>> = {
    "Via values": core(many(`Via: ${fill("SIP/2.0/U h,", 8000)}SIP/2.0/U h`)),
    "Contact values": core(many(`m: ${fill("sip:h,", 8000)}sip:h`)),
    "header parameters": core(many(`Contact: <sip:h>${fill(";a=b", 8000)}`)),
    "URI parameters": core(many(`Contact: <sip:h${fill(";a", 8000)}>`)),
    "URI escapes": core(many(`Contact: <sip:${fill("%80", 4000)}@h>`)),
    "open quotes": core(many(`Contact: ${fill('"', 8001)}`)),
    "quoted backslashes": core(many(`Contact: "${fill("\\\\", 8000)}" <sip:h>`)),
    "angle brackets": core(many(`Record-Route: ${fill("<", 8000)}`)),
    commas: core(many(`Route: ${fill(",", 8000)}`)),
    folds: core(`Subject: a${fill("\r\n ", 8000)}b\r\n`),
    "blank folds": core(`Subject: a${fill(" \t", 8000)}b\r\n`),
    "blanks before a fold": core(`Subject: a${fill(" ", 8000)}b\r\n c\r\n`),
    "spaces in CSeq": core("").replace("CSeq: 1 ", `CSeq: 1${fill(" ", 8000)}`),
    "empty names": core(many(":")),
    "short lines": core(fill("a:\r\n", 32_000)),
    "lengths on lines of their own": core(many("l: 0")),
    colons: core("").replace("sip:a@h", `sip:a@[${fill(":", 8000)}]`),
    "dots in host": core("").replace("sip:a@h", `sip:a@${fill("a.", 8000)}`),
    "line breaks first": fill("\r\n", 60_000) + core(""),
    "no end of headers": core(many("X: 1")).slice(0, -2),
    "digest parameters": core(many(`Authorization: Digest ${fill("a=b,", 8000)}c=d`)),
    "Replaces in Refer-To": core(`Refer-To: <sip:h?${fill("a=%20&", 4000)}b=c>\r\n`),
    "SDP attributes": core("") + fill("v=0\r\na=b\r\n", 60_000),
    "SDP formats": `${core("")}v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 1.1.1.1\r\nm=audio 1 RTP/AVP${fill(" 96", 15_000)}`,
    "SDP codecs": `${core("")}v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP4 1.1.1.1\r\nm=audio 1 RTP/AVP 0\r\n${fill("a=rtpmap:0 x/1\r\n", 8000)}`,
  };
  for (const [name, text] of Object.entries(stuffed)) {
    test(`SIP under mutation: a message full of ${name} takes no longer than ${limitMs} ms`, () => {
      const bytes = Buffer.from(text, "latin1");
      expect(bytes.length).toBeLessThanOrEqual(messageBounds.messageBytes);
      expect(fastestMs(() => void handleMessage(bytes))).toBeLessThan(limitMs);
    });
  }
});

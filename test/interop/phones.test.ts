import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { isHeard, recognise, soundMs } from "../kit/audio-judge.ts";
import { type Baresip, startBaresip } from "../kit/baresip.ts";
import { followEvents } from "../kit/event-stream.ts";
import { eventually, type Json } from "../kit/gateway.ts";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { startSipp } from "../kit/sipp.ts";
import { speech } from "../kit/speech.ts";
import {
  callFrom,
  callThatIs,
  greeting,
  placeCall,
  type SpeakingGateway,
  startSpeakingGateway,
} from "../kit/trunks.ts";

let exchange: SpeakingGateway;
let nextNumber = 101;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

const sentenceOfA = speech("vm-tocallnum");
const sentenceOfB = speech("tt-weasels");
/** Half a second of silence and a sentence, again and again: whatever stalls on the way, none of it is torn each time. */
const wordsOfA = afterSilence(sentenceOfA);
const wordsOfB = afterSilence(sentenceOfB);

function afterSilence(sentence: Int16Array): Int16Array {
  const once = new Int16Array(4000 + sentence.length);
  once.set(sentence, 4000);
  const samples = new Int16Array(12 * once.length);
  for (let n = 0; n < 12; n++) samples.set(once, n * once.length);
  return samples;
}

/** Enters a telephone with an extension of its own; its number, which is its user name too. */
async function enterPhone(): Promise<string> {
  const number = String(nextNumber++);
  const phone = { username: number, number, password: `${number}-secret`, may_call: "internal" };
  const { status, body } = await exchange.gateway.api("POST", "/phones", phone);
  if (status !== 201) throw new Error(`phone refused: ${JSON.stringify(body)}`);
  return number;
}

async function registrationsOf(number: string): Promise<readonly Json[]> {
  const { body } = await exchange.gateway.api("GET", "/phones");
  return body.data.find((phone: Json) => phone.username === number).registrations;
}

/** baresip, registered as a telephone of ours until the test is over. */
async function pickUp(number: string, said: Int16Array, settings = ""): Promise<Baresip> {
  const before = (await registrationsOf(number)).length;
  const account = `<sip:${number}@127.0.0.1:${exchange.sipPort};transport=udp>;auth_pass=${number}-secret;regint=120`;
  const baresip = await startBaresip(`${account}${settings}`, [], said);
  onTestFinished(() => baresip.quit());
  await eventually(`${number} has registered`, async () =>
    (await registrationsOf(number)).length > before ? true : undefined,
  );
  return baresip;
}

async function shows(baresip: Baresip, text: string): Promise<void> {
  try {
    await eventually(`baresip shows "${text}"`, () => (baresip.output().includes(text) ? true : undefined));
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${baresip.output()}`);
  }
}

/** Resolves when a telephone has heard a sentence, at its level. */
async function hears(baresip: Baresip, sentence: Int16Array): Promise<void> {
  let judgedMs = 0;
  const judge = () => {
    const heard = baresip.heard();
    // The model is in this process too: it must not stand still all the time.
    if (soundMs(heard) < soundMs(sentence) - 60 || heard.length / 8 < judgedMs + 2000) return undefined;
    judgedMs = heard.length / 8;
    const found = recognise(sentence, heard);
    return isHeard(found) ? found : undefined;
  };
  const { gainDb } = await eventually("the sentence was heard", judge, 60_000).catch(() => {
    const heard = baresip.heard();
    throw new Error(`heard ${heard.length / 8} ms: ${JSON.stringify(recognise(sentence, heard))}\n${baresip.output()}`);
  });
  expect(Math.abs(gainDb)).toBeLessThan(3);
}

/** Summaries of a call's SIP messages, in order. */
async function ladderOf(id: string): Promise<readonly string[]> {
  const { body } = await exchange.gateway.api("GET", `/calls/${id}/sip`);
  return body.messages.map(({ direction, summary }: Json) => `${direction} ${summary}`);
}

/** The call that was made for a call of a telephone. */
async function peerOf(call: Json): Promise<Json> {
  return (await exchange.gateway.api("GET", `/calls/${call.peer_call_id}`)).body;
}

const answersItself = ";answermode=auto";

describe("baresip as a telephone of the house", () => {
  test("calls the demo number by its own name: it hears the greeting, its keys arrive, it holds and resumes", async () => {
    const number = await enterPhone();
    const phone = await pickUp(number, new Int16Array(0));
    phone.command("/dial +15550100");
    const { id, phone_id } = await callFrom(exchange, number);
    expect(phone_id).toMatch(/^phone_/);
    await callThatIs(exchange, id, "in-progress");
    await hears(phone, greeting);
    const news = await followEvents(
      `${exchange.gateway.httpUrl}/api/v1/calls/${id}/events`,
      exchange.gateway.apiKey,
      0,
    );
    phone.command("15#");
    const keys = () =>
      news.events
        .filter(({ type }) => type === "dtmf")
        .map(({ data }) => (data as Json).data.digit)
        .join("");
    await eventually("all keys are there", () => (keys() === "15#" ? true : undefined));
    news.close();
    phone.command("x");
    await eventually("held", async () => ((await ladderOf(id)).join("\n").includes("recvonly") ? true : undefined));
    phone.command("X");
    await eventually("resumed", async () => {
      const invites = (await ladderOf(id)).filter((line) => line.startsWith("in INVITE"));
      return invites.length >= 3 ? true : undefined;
    });
    phone.command("/hangup");
    const call = await callThatIs(exchange, id, "ended");
    expect(call).toMatchObject({ from: number, cause: "caller-hung-up" });
  }, 120_000);

  test("is called by the API: it hears the greeting and our keys, and we hang up", async () => {
    const number = await enterPhone();
    const phone = await pickUp(number, new Int16Array(0), answersItself);
    const { id } = await placeCall(exchange, { to: number });
    await callThatIs(exchange, id, "in-progress");
    await hears(phone, greeting);
    await exchange.gateway.api("POST", `/calls/${id}/dtmf`, { digits: "7" });
    await shows(phone, "'7'");
    await exchange.gateway.api("POST", `/calls/${id}/hangup`);
    await shows(phone, "terminated");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "api-hung-up", to: number });
  }, 120_000);

  test("one calls another by its extension: both hear each other; when one hangs up both calls end", async () => {
    const [a, b] = [await enterPhone(), await enterPhone()];
    const alice = await pickUp(a, wordsOfA);
    const bob = await pickUp(b, wordsOfB, answersItself);
    alice.command(`/dial ${b}`);
    await shows(alice, "180 Ringing");
    await Promise.all([hears(alice, sentenceOfB), hears(bob, sentenceOfA)]);
    alice.command("/hangup");
    await shows(bob, "terminated");
    const call = await callThatIs(exchange, (await callFrom(exchange, a)).id, "ended");
    const ids = (await exchange.gateway.api("GET", `/calls?from=${a}`)).body.data;
    expect(ids).toHaveLength(2);
    const peer = await callThatIs(exchange, call.peer_call_id, "ended");
    expect(peer.peer_call_id).toBe(call.id);
    expect([call.direction, peer.direction].sort()).toEqual(["inbound", "outbound"]);
    expect([call.cause, peer.cause]).toEqual(["caller-hung-up", "caller-hung-up"]);
  }, 120_000);

  test("rings on all devices: one answers, the other one stops", async () => {
    const number = await enterPhone();
    const first = await pickUp(number, wordsOfA);
    const second = await pickUp(number, wordsOfB);
    const { id } = await placeCall(exchange, { to: number });
    await shows(first, "Incoming call");
    await shows(second, "Incoming call");
    second.command("/accept");
    await callThatIs(exchange, id, "in-progress");
    await hears(second, greeting);
    await shows(first, "session closed");
    expect(first.output()).not.toContain("established");
    second.command("/hangup");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);

  test("one that refuses is busy to the other; one that gives up stops the ringing", async () => {
    const [a, b] = [await enterPhone(), await enterPhone()];
    const alice = await pickUp(a, wordsOfA);
    const bob = await pickUp(b, wordsOfB);
    alice.command(`/dial ${b}`);
    await shows(bob, "Incoming call");
    bob.command("/hangup");
    await shows(alice, "486 Busy Here");
    const [refused] = (await exchange.gateway.api("GET", `/calls?from=${a}`)).body.data;
    expect(await callThatIs(exchange, refused.id, "ended")).toMatchObject({ cause: "busy" });
    alice.command(`/dial ${b}`);
    await eventually("it rings again", () => (bob.output().split("Incoming call").length > 2 ? true : undefined));
    alice.command("/hangup");
    await eventually("it stops", () => (bob.output().includes("session closed") ? true : undefined));
  }, 120_000);

  test("nobody at a telephone that is not registered: the API's call has the reason, a telephone gets 480", async () => {
    const [a, nobody] = [await enterPhone(), await enterPhone()];
    const { id } = await placeCall(exchange, { to: nobody });
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({
      cause: "call-unreachable",
      detail: "the telephone is not registered",
    });
    const alice = await pickUp(a, wordsOfA);
    alice.command(`/dial ${nobody}`);
    await shows(alice, "480 Temporarily Unavailable");
    alice.command("/dial 999");
    await shows(alice, "404 Not Found");
  }, 120_000);
});

describe("SIPp as a telephone of the house", () => {
  test("hears that it rings by a 180 that it must acknowledge (RFC 3262), and then the other telephone", async () => {
    const [a, b] = [await enterPhone(), await enterPhone()];
    await pickUp(b, wordsOfB, answersItself);
    const ear = await openRtpPeer();
    const keys = { caller: a, password: `${a}-secret`, ear_port: ear.port };
    const target = `127.0.0.1:${exchange.sipPort}`;
    const sipp = await startSipp("uac-telephone", { target, number: b, keys, pauseMs: 8000 });
    await sipp.done;
    expect(recognise(sentenceOfB, ear.heard())).toSatisfy(isHeard);
    const { id } = await callFrom(exchange, a);
    const call = await callThatIs(exchange, id, "ended");
    expect((await peerOf(call)).peer_call_id).toBe(id);
  }, 120_000);
});

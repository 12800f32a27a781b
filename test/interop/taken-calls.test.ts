import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, type Json } from "../kit/gateway.ts";
import { hearsSpeech, pickUpPhone } from "../kit/phones.ts";
import { openRtpPeer } from "../kit/rtp-peer.ts";
import { headerOf, startSipp } from "../kit/sipp.ts";
import { Telephone } from "../kit/telephone.ts";
import {
  addTrunk,
  callFrom,
  callThatIs,
  greeting,
  greetingHeard,
  placeCall,
  type SpeakingGateway,
  startSpeakingGateway,
} from "../kit/trunks.ts";

const answersItself = ";audio_codecs=pcmu/8000/1;answermode=auto";
/** As long as the recorded sentence, at the model's speed of speech. */
const sentence = "You have been put through.".padEnd(Math.ceil(greeting.length / 8 / 60), ".");

let exchange: SpeakingGateway;

beforeAll(async () => {
  exchange = await startSpeakingGateway();
});

afterAll(() => exchange?.close());

const api = (method: string, path: string, body?: unknown) => exchange.gateway.api(method, path, body);

describe("a trunk that takes calls back, played by SIPp", () => {
  test("asked by REFER it calls the other number itself; told 200 by NOTIFY we are out", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-transfers", { keys: { ear_port: ear.port, status: 200 } });
    const trunk = await addTrunk(exchange, [sipp.port], { transfer: "refer" });
    const { id } = await placeCall(exchange, { trunk });
    await callThatIs(exchange, id, "in-progress");
    await api("POST", `/calls/${id}/transfer`, { to: "+15550177" });
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "transferred", ended_by: "gateway" });
  }, 120_000);

  test("told 486 by NOTIFY the agent goes on with the call", async () => {
    const ear = await openRtpPeer();
    const sipp = await startSipp("uas-transfers", { keys: { ear_port: ear.port, status: 486 } });
    const trunk = await addTrunk(exchange, [sipp.port], { transfer: "refer" });
    const before = exchange.sim.sessions.length;
    const { id } = await placeCall(exchange, { trunk });
    await greetingHeard(ear);
    await api("POST", `/calls/${id}/transfer`, { to: "+15550177" });
    await eventually("the agent is told", () =>
      exchange.sim.sessions[before]?.conversation.some(({ text }) => text.includes("busy")) ? true : undefined,
    );
    expect((await api("GET", `/calls/${id}`)).body.status).toBe("in-progress");
    await api("POST", `/calls/${id}/hangup`);
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "api-hung-up" });
  }, 120_000);
});

describe("calls that change their telephone", () => {
  test("SIPp takes the place of a telephone that talks with an agent: it hears the agent, the other one is hung up (RFC 3891)", async () => {
    const caller = await pickUpPhone(exchange, "101", 0, ";audio_codecs=pcmu/8000/1");
    caller.phone.command("/dial +15550100");
    const { id } = await callFrom(exchange, "101");
    await callThatIs(exchange, id, "in-progress");
    const { messages } = (await api("GET", `/calls/${id}/sip`)).body;
    const answer: string = messages.find(({ summary }: Json) => summary.startsWith("200 OK")).raw;
    const tag = (name: string) => /;tag=([^;\s]+)/.exec(headerOf(answer, name) ?? "")?.[1];
    const replaces = `${headerOf(answer, "Call-ID")};to-tag=${tag("To")};from-tag=${tag("From")}`;
    const ear = await openRtpPeer();
    const keys = { caller: "+15550141", ear_port: ear.port, replaces };
    const target = `127.0.0.1:${exchange.sipPort}`;
    const sipp = await startSipp("uac-replaces", { target, number: "+15550100", keys, pauseMs: 12_000 });
    await caller.shows("session closed");
    await api("POST", `/calls/${id}/say`, { text: sentence });
    await hearsSpeech(ear, greeting);
    await sipp.done;
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ from: "101", cause: "caller-hung-up" });
  }, 120_000);

  test("a telephone that has an agent and another telephone on the line joins them by REFER with Replaces (RFC 5589 §7)", async () => {
    const made = await api("POST", "/phones", { username: "105", number: "105", password: "105-secret" });
    const person = await pickUpPhone(exchange, "106", 0, answersItself);
    const transferor = await Telephone.open("105", exchange.sipPort);
    const first = transferor.call("+15550100");
    await first.until("answered");
    const { id } = await callFrom(exchange, "105");
    const second = transferor.call("106");
    await second.until("answered");
    // baresip 1.0 does not empty its jitter buffer for another stream (RFC 3550 §8.2) before it has played some of the first
    // one: where the new sequence numbers are behind the old ones, it drops all packets as late.
    await eventually("the line is open", () => (person.heard().length > 0 ? true : undefined));
    first.refer("106", second.replaces);
    await first.until("ended");
    await second.until("ended");
    expect(first.transfer()).toBe("100 200!");
    await api("POST", `/calls/${id}/say`, { text: sentence });
    await hearsSpeech(person, greeting);
    const calls: Json[] = (await api("GET", "/calls?cause=transferred")).body.data;
    expect(calls.filter(({ from, to }) => from === "105" && to === "106")).toHaveLength(2);
    person.phone.command("/hangup");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
    await api("DELETE", `/phones/${made.body.id}`);
  }, 120_000);
  test("joined as soon as the other one has answered: its telephone has the agent's audio, from the port it was offered", async () => {
    const ear = await openRtpPeer();
    const ids: string[] = [];
    for (const number of ["108", "109"]) {
      const phone = { username: number, number, password: `${number}-secret` };
      ids.push((await api("POST", "/phones", phone)).body.id);
    }
    const person = await Telephone.open("108", exchange.sipPort, ear.port);
    await person.register();
    const transferor = await Telephone.open("109", exchange.sipPort);
    const first = transferor.call("+15550100");
    await first.until("answered");
    const { id } = await callFrom(exchange, "109");
    const second = transferor.call("108");
    const called = await person.rings();
    called.answer();
    await second.until("answered");
    first.refer("108", second.replaces);
    await second.until("ended");
    await api("POST", `/calls/${id}/say`, { text: sentence });
    await hearsSpeech(ear, greeting);
    expect(called.ports).toHaveLength(2);
    expect(ear.speakerPort()).toBe(called.ports[1]);
    called.hangUp();
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
    for (const phoneId of ids) await api("DELETE", `/phones/${phoneId}`);
  }, 120_000);
});

describe("calls between two numbers of ours", () => {
  test("their agents hear each other without a trunk; each knows the other's call, and both end together", async () => {
    const before = exchange.sim.sessions.length;
    const { id, carrier } = await placeCall(exchange, { to: "+15550100" });
    expect(carrier).toBe("internal");
    const { peer_call_id: peerId } = await callThatIs(exchange, id, "in-progress");
    const peer = await callThatIs(exchange, peerId, "in-progress");
    expect(peer).toMatchObject({ direction: "inbound", carrier: "internal", peer_call_id: id });
    const enough = greeting.length;
    await eventually("both have heard and been heard", () => {
      const [one, other] = exchange.sim.sessions.slice(before);
      const speaks = (session = one) =>
        session?.conversation.some(({ role, audioMs }) => role === "assistant" && audioMs > 0);
      const hears = [one, other].every((session) => (session?.callerAudioBytes ?? 0) > enough);
      return hears && speaks(one) && speaks(other) ? true : undefined;
    });
    await api("POST", `/calls/${peerId}/hangup`);
    expect(await callThatIs(exchange, peerId, "ended")).toMatchObject({ cause: "api-hung-up" });
    const caller = await callThatIs(exchange, id, "ended");
    expect(caller.cause).toMatch(/hung-up$/);
  }, 120_000);

  test("a telephone is put through to the agent of another number of ours", async () => {
    const caller = await pickUpPhone(exchange, "107", 0, ";audio_codecs=pcmu/8000/1");
    const agent = (await api("POST", "/agents", { name: "Sales", provider: "openai-realtime" })).body;
    const number = (await api("POST", "/numbers", { number: "+15550188", inbound_agent_id: agent.id })).body;
    caller.phone.command("/dial +15550100");
    const { id } = await callFrom(exchange, "107");
    await callThatIs(exchange, id, "in-progress");
    const before = exchange.sim.sessions.length;
    await api("POST", `/calls/${id}/transfer`, { to: "+15550188" });
    const sales = await eventually("the other agent is there", () => exchange.sim.sessions[before]);
    await hearsSpeech(caller, greeting, caller.heard().length / 8);
    caller.phone.command("/hangup");
    await callThatIs(exchange, id, "ended");
    await eventually("the other agent is gone", () => (sales.closedWith === undefined ? undefined : true));
    await api("DELETE", `/numbers/${number.id}`);
  }, 120_000);
});

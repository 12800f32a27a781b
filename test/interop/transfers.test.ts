import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWavHeader } from "../../src/codecs/wav.ts";
import { tone } from "../codecs/tone.ts";
import { followEvents } from "../kit/event-stream.ts";
import { eventually, type Json } from "../kit/gateway.ts";
import { hearsSpeech, hearsTones, pickUpPhone, type TonePhone, talkTogether } from "../kit/phones.ts";
import { callFrom, callThatIs, greeting, type SpeakingGateway, startSpeakingGateway } from "../kit/trunks.ts";

const pcmu = ";audio_codecs=pcmu/8000/1";
const opus = ";audio_codecs=opus/48000/2";
const g722 = ";audio_codecs=g722/16000/1";
/** What baresip says in G.722 is muffled by its own resampling. */
const lowHz = 600;
const answersItself = ";answermode=auto";
const musicHz = 700;
/** As long as the recorded sentence, at the model's speed of speech. */
const sentence = "You have been put through.".padEnd(Math.ceil(greeting.length / 8 / 60), ".");
const ringbackHz = [440, 480];

let exchange: SpeakingGateway;
let folder: string;
let nextNumber = 101;
const newNumber = () => String(nextNumber++);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tandem-music-"));
  const samples = tone(musicHz, 8000, 8000, 4000);
  const header = writeWavHeader({ channels: 1, sampleRateHz: 8000, dataBytes: samples.byteLength });
  writeFileSync(join(folder, "music.wav"), Buffer.concat([header, Buffer.from(samples.buffer)]));
  exchange = await startSpeakingGateway({ TANDEM_HOLD_MUSIC: join(folder, "music.wav") });
});

afterAll(async () => {
  await exchange?.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = (path: string, body?: unknown) => exchange.gateway.api("POST", path, body);

/** A telephone that talks with the demo agent: the call, and the agent's session at the model. */
async function withAgent(caller: TonePhone) {
  const before = exchange.sim.sessions.length;
  caller.phone.command("/dial +15550100");
  const { id } = await callFrom(exchange, caller.number);
  await callThatIs(exchange, id, "in-progress");
  const session = await eventually("the agent is there", () => exchange.sim.sessions[before]);
  return { id: id as string, session };
}

async function transfer(id: string, body: object): Promise<void> {
  const { status, body: answer } = await api(`/calls/${id}/transfer`, body);
  if (status !== 202) throw new Error(`transfer refused: ${status} ${JSON.stringify(answer)}`);
}

/** How a call's transfer went, asked for when the call has ended. */
async function transferNews(id: string): Promise<string[]> {
  const { gateway } = exchange;
  const news = await followEvents(`${gateway.httpUrl}/api/v1/calls/${id}/events`, gateway.apiKey, 0);
  await eventually("all events are there", () =>
    news.events.some(({ type }) => type === "call.ended") ? true : undefined,
  );
  news.close();
  return news.events.flatMap(({ type, data }) => {
    const { state, cause } = (data as Json).data;
    return type === "call.transfer" ? [cause ? `${state} ${cause}` : state] : [];
  });
}

/** Resolves when a telephone has heard the recorded sentence of the agent after a moment. */
const hearsAgent = (phone: TonePhone, fromMs?: number) => hearsSpeech(phone, greeting, fromMs);

describe("the API passes a caller on", () => {
  test("blind: ringback until the person answers, then both hear each other; when one hangs up both calls end", async () => {
    const caller = await pickUpPhone(exchange, newNumber(), 1000, pcmu);
    const person = await pickUpPhone(exchange, newNumber(), 1700, opus);
    const { id } = await withAgent(caller);
    await transfer(id, { to: person.number });
    await person.shows("Incoming call");
    await hearsTones(caller, ringbackHz, [], 800);
    person.phone.command("/accept");
    await talkTogether(caller, person);
    const { peer_call_id } = await callThatIs(exchange, id, "in-progress");
    person.phone.command("/hangup");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up" });
    const callee = await callThatIs(exchange, peer_call_id, "ended");
    expect(callee).toMatchObject({ cause: "callee-hung-up", peer_call_id: id, to: person.number, from: "+15550100" });
    expect(await transferNews(id)).toEqual(["ringing", "completed"]);
  }, 120_000);

  test.each([
    {
      what: "the person refuses",
      ends: (person: TonePhone) => person.phone.command("/hangup"),
      why: "busy",
      words: "busy",
    },
    { what: "nobody answers", ends: () => undefined, why: "no-answer", words: "nobody answered" },
  ])(
    "blind: $what, so the agent comes back and says so",
    async ({ ends, why, words }) => {
      const caller = await pickUpPhone(exchange, newNumber(), 0, pcmu);
      const person = await pickUpPhone(exchange, newNumber(), 0, pcmu);
      const { id, session } = await withAgent(caller);
      await hearsAgent(caller);
      await transfer(id, { to: person.number, ring_timeout_ms: 5000 });
      await person.shows("Incoming call");
      const heardMs = caller.heard().length / 8;
      ends(person);
      await hearsAgent(caller, heardMs);
      const told = session.conversation.filter(({ role }) => role === "system").map(({ text }) => text);
      expect(told.join()).toContain(words);
      caller.phone.command("/hangup");
      expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
      expect(await transferNews(id)).toEqual(["ringing", `failed ${why}`]);
    },
    120_000,
  );

  test("attended with a key: the person hears the briefing, the caller music; after 1 both talk and the agent listens", async () => {
    const caller = await pickUpPhone(exchange, newNumber(), 1000, pcmu);
    const person = await pickUpPhone(exchange, newNumber(), 0, pcmu + answersItself);
    const { id, session } = await withAgent(caller);
    const briefing = "Ada calls about her invoice.";
    await transfer(id, { to: person.number, mode: "attended", briefing, confirm: "key", agent_after: "listens" });
    await hearsAgent(person);
    await hearsTones(caller, [musicHz]);
    await hearsTones(person, [], [1000, musicHz]);
    expect(session.conversation.map(({ text }) => text).join()).toContain(briefing);
    const toAgent = session.callerAudioBytes;
    person.phone.command("1");
    await hearsTones(person, [1000], [musicHz]);
    await hearsTones(caller, [], [musicHz]);
    await eventually("the agent hears on", () => (session.callerAudioBytes > toAgent + 16_000 ? true : undefined));
    expect(session.closedWith).toBeUndefined();
    caller.phone.command("/hangup");
    await person.shows("session closed");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
    expect(await transferNews(id)).toEqual(["ringing", "briefing", "completed"]);
  }, 120_000);

  test("attended without a key: the two are joined when the briefing was said, and the agent leaves", async () => {
    const caller = await pickUpPhone(exchange, newNumber(), 1000, g722);
    const person = await pickUpPhone(exchange, newNumber(), 0, pcmu + answersItself);
    const { id, session } = await withAgent(caller);
    await transfer(id, { to: person.number, mode: "attended", briefing: "It is Ada." });
    await hearsAgent(person);
    await hearsTones(person, [1000], [musicHz]);
    await eventually("the agent is gone", () => (session.closedWith !== undefined ? true : undefined));
    person.phone.command("/hangup");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);
});

describe("baresip changes its calls", () => {
  test("it passes an agent's call to another telephone, which has the agent then", async () => {
    const caller = await pickUpPhone(exchange, newNumber(), 0, pcmu);
    const other = await pickUpPhone(exchange, newNumber(), 0, opus + answersItself);
    const { id } = await withAgent(caller);
    await hearsAgent(caller);
    caller.phone.command(`/transfer ${other.number}`);
    await other.shows("established");
    await caller.shows("terminated");
    await api(`/calls/${id}/say`, { text: sentence });
    await hearsAgent(other);
    expect(await callThatIs(exchange, id, "in-progress")).toMatchObject({ from: caller.number });
    other.phone.command("/hangup");
    expect(await callThatIs(exchange, id, "ended")).toMatchObject({ cause: "caller-hung-up" });
  }, 120_000);

  test("it passes another telephone to an agent: the agent greets that one, whose call goes on", async () => {
    const a = await pickUpPhone(exchange, newNumber(), 2300, pcmu);
    const b = await pickUpPhone(exchange, newNumber(), 0, opus + answersItself);
    a.phone.command(`/dial ${b.number}`);
    await b.shows("established");
    await hearsTones(b, [a.hz], []);
    // The newer one of the two: that of the telephone that was called.
    const { id, direction, peer_call_id: askedId } = await callFrom(exchange, a.number);
    expect(direction).toBe("outbound");
    a.phone.command("/transfer +15550100");
    await hearsAgent(b);
    expect((await callThatIs(exchange, askedId, "ended")).cause).toBe("transferred");
    b.phone.command("/hangup");
    const stayed = await callThatIs(exchange, id, "ended");
    const inside = await callThatIs(exchange, stayed.peer_call_id, "ended");
    const agents = await callThatIs(exchange, inside.peer_call_id, "ended");
    expect([stayed.cause, inside.cause, agents.cause]).toEqual(["callee-hung-up", "caller-hung-up", "caller-hung-up"]);
    expect([agents.from, agents.to]).toEqual([b.number, "+15550100"]);
  }, 120_000);

  test("it holds another telephone and takes it back, then passes it on: the third one talks with it", async () => {
    const a = await pickUpPhone(exchange, newNumber(), 2300, pcmu);
    const b = await pickUpPhone(exchange, newNumber(), 1700, opus + answersItself);
    const c = await pickUpPhone(exchange, newNumber(), lowHz, g722 + answersItself);
    a.phone.command(`/dial ${b.number}`);
    await talkTogether(a, b);
    a.phone.command("x");
    await hearsTones(b, [musicHz], [a.hz]);
    a.phone.command("X");
    await talkTogether(a, b);
    a.phone.command(`/transfer ${c.number}`);
    await a.shows("terminated");
    await talkTogether(b, c);
    b.phone.command("/hangup");
    await c.shows("session closed");
    const { id } = await callFrom(exchange, a.number);
    const call = await callThatIs(exchange, id, "ended");
    const peer = await callThatIs(exchange, call.peer_call_id, "ended");
    expect([call.cause, peer.cause]).toEqual(["callee-hung-up", "callee-hung-up"]);
  }, 120_000);
});

describe("conferences", () => {
  test("three telephones and an agent: each hears all the others, not itself; one leaves, one hangs up", async () => {
    const a = await pickUpPhone(exchange, newNumber(), 1000, pcmu);
    const b = await pickUpPhone(exchange, newNumber(), 1700, opus);
    const c = await pickUpPhone(exchange, newNumber(), lowHz, g722);
    const ids: string[] = [];
    for (const phone of [a, b, c]) ids.push((await withAgent(phone)).id);
    const members = ids.map((call_id, n) => ({ call_id, agent: n === 0 ? "listens" : "leaves" }));
    const { status, body } = await api("/conferences", { members });
    expect(status).toBe(201);
    await Promise.all([
      hearsTones(a, [b.hz, c.hz], [a.hz]),
      hearsTones(b, [a.hz, c.hz], [b.hz]),
      hearsTones(c, [a.hz, b.hz], [c.hz]),
    ]);
    const left = await exchange.gateway.api("DELETE", `/conferences/${body.id}/members/${ids[2]}`);
    expect(left.body.members).toHaveLength(2);
    await hearsTones(c, [], [a.hz, b.hz]);
    await hearsTones(a, [b.hz], [a.hz, c.hz]);
    b.phone.command("/hangup");
    await callThatIs(exchange, ids[1] ?? "", "ended");
    expect((await exchange.gateway.api("GET", `/conferences/${body.id}`)).body.members).toHaveLength(1);
    await api(`/calls/${ids[0]}/hangup`);
    await callThatIs(exchange, ids[0] ?? "", "ended");
    expect((await exchange.gateway.api("GET", "/conferences")).body.data).toEqual([]);
  }, 120_000);
});

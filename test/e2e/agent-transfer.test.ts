import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RealtimeServer, startRealtimeServer } from "../../bench/sim/realtime-server.ts";
import { tone } from "../codecs/tone.ts";
import { likeness } from "../kit/audio-judge.ts";
import { eventually, type Json, startGateway, type TestGateway } from "../kit/gateway.ts";
import { toneAmplitude } from "../kit/room-party.ts";
import { openRtpPeer, type RtpPeer } from "../kit/rtp-peer.ts";
import { speech } from "../kit/speech.ts";
import { Telephone } from "../kit/telephone.ts";

/** What the agent's voice is, whatever it says. */
const agentVoice = speech("vm-tocallnum");
const question = speech("queue-thankyou");
/** What people say once they are put through. */
const toneLevel = 8000;
const agentNumber = "+15550111";
const briefing = "This is Ada, about her boat.";

let sim: RealtimeServer;
let gateway: TestGateway;
/** Whom the model puts the next caller through to. */
let target: string;

beforeAll(async () => {
  sim = await startRealtimeServer({
    replies: (_turn, history) => {
      const last = history.at(-1);
      const spoken = { text: "spoken", audioMs: agentVoice.length / 8 };
      if (last?.role !== "user") return spoken;
      return { ...spoken, toolCalls: [{ name: "transfer_call", arguments: { target, briefing } }] };
    },
    transcripts: () => "please put me through",
    voice: { type: "recording", samples: agentVoice, sampleRateHz: 8000 },
  });
  gateway = await startGateway({ OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: sim.baseUrl });
  const agent = await gateway.api("POST", "/agents", {
    name: "Harbour",
    provider: "openai-realtime",
    first_message: "",
    transfers: [
      { name: "Sales", description: "Whoever wants to buy.", to: "201" },
      { name: "Anna", description: "The harbour master.", to: "202", mode: "attended" },
      { name: "Workshop", description: "Repairs.", to: "203" },
    ],
  });
  expect(agent.status).toBe(201);
  await gateway.api("POST", "/numbers", { number: agentNumber, inbound_agent_id: agent.body.id });
  for (const username of ["101", "102", "103", "201", "202", "203"]) {
    const phone = { username, number: username, password: `${username}-secret`, may_call: "internal" };
    expect((await gateway.api("POST", "/phones", phone)).status).toBe(201);
  }
});

afterAll(async () => {
  await gateway?.close();
  await sim?.close();
});

interface Speaker {
  readonly telephone: Telephone;
  readonly ear: RtpPeer;
}

async function enter(name: string): Promise<Speaker> {
  const ear = await openRtpPeer();
  return { telephone: await Telephone.open(name, gateway.sipPort, ear.port), ear };
}

/** A caller who asks to be put through, and the call. */
async function ask(name: string, wanted: string) {
  target = wanted;
  const caller = await enter(name);
  const line = caller.telephone.call(agentNumber);
  const call = await eventually("the agent answers", async () => {
    const { body } = await gateway.api("GET", `/calls?from=${name}`);
    return body.data[0]?.status === "in-progress" ? body.data[0] : undefined;
  });
  const asked = async () => {
    const { body } = await gateway.api("GET", `/calls/${call.id}/tool-calls`);
    return body.data.length > 0 || undefined;
  };
  for (let left = 4; left >= 0; left--) {
    await caller.ear.say(question);
    const isAsked = eventually("the model wants it", asked, 5000);
    if (await (left === 0 ? isAsked : isAsked.catch(() => false))) break;
  }
  return { ...caller, line, callId: String(call.id) };
}

/** Resolves when somebody has heard the agent say all it says. */
async function hearsAgent({ ear }: { readonly ear: RtpPeer }, what: string): Promise<void> {
  await eventually(what, () => (likeness(agentVoice, ear.heard()).likeness > 0.85 ? true : undefined), 15_000);
}

/** Somebody makes a tone until it is heard at the other end; on a busy machine it may come in pieces. */
async function getsAcross(from: Speaker, to: Speaker, toneHz: number, what: string): Promise<void> {
  const said = tone(toneHz, 8000, 8000, toneLevel);
  const isHeard = () => {
    const recent = to.ear.heard().subarray(-24_000);
    const pieces = Array.from({ length: 15 }, (_, n) => recent.subarray(n * 1600, (n + 1) * 1600));
    return pieces.some((piece) => toneAmplitude(piece, toneHz, 8000) > toneLevel / 2);
  };
  for (let left = 10; !isHeard(); left--) {
    if (left === 0) throw new Error(`did not happen: ${what}`);
    await from.ear.say(said);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

async function callThatEnds(id: string): Promise<Json> {
  return eventually("the call ends", async () => {
    const { body } = await gateway.api("GET", `/calls/${id}`);
    return body.status === "ended" ? body : undefined;
  });
}

/** What became of the tool call. */
async function toolCallOf(id: string): Promise<Json> {
  return eventually("the tool was answered", async () => {
    const { body } = await gateway.api("GET", `/calls/${id}/tool-calls`);
    return body.data[0]?.ok === null ? undefined : body.data[0];
  });
}

/** Whether a model was told this, beside what was said. */
function isTold(text: string): true | undefined {
  const items = sim.sessions.flatMap(({ conversation }) => conversation);
  return items.some((item) => item.role === "system" && item.text.includes(text)) || undefined;
}

describe("a realtime agent that puts its callers through", () => {
  test("says so first; the telephone rings after that, and the two talk without the agent", async () => {
    const sales = await enter("201");
    await sales.telephone.register();
    const caller = await ask("101", "Sales");
    const rings = await eventually("sales rings", () => sales.telephone.incoming[0], 20_000);
    // Some tens of ms of it may still be on their way.
    const whole = agentVoice.subarray(0, agentVoice.length - 1600);
    expect(likeness(whole, caller.ear.heard()).likeness).toBeGreaterThan(0.85);
    expect(await toolCallOf(caller.callId)).toMatchObject({ name: "transfer_call", ok: true });
    rings.answer();
    await Promise.all([
      getsAcross(caller, sales, 700, "sales hears the caller"),
      getsAcross(sales, caller, 1300, "the caller hears sales"),
    ]);
    caller.line.hangUp();
    const call = await callThatEnds(caller.callId);
    expect(call.cause).toBe("caller-hung-up");
    expect((await callThatEnds(call.peer_call_id)).to).toBe("201");
    const { body } = await gateway.api("GET", `/calls/${caller.callId}/transcript`);
    const agentLines = body.data.filter(({ role }: Json) => role === "agent");
    expect(agentLines).toMatchObject([{ text: "spoken", interrupted: false }]);
  }, 120_000);

  test("attended: tells the other side what it is about, while the caller hears music", async () => {
    const anna = await enter("202");
    await anna.telephone.register();
    const caller = await ask("102", "Anna");
    const rings = await eventually("anna rings", () => anna.telephone.incoming[0], 20_000);
    rings.answer();
    await hearsAgent(anna, "anna hears the briefing");
    expect(isTold(briefing)).toBe(true);
    await eventually("the two are joined", async () => {
      const { body } = await gateway.api("GET", `/calls/${caller.callId}`);
      return body.peer_call_id ?? undefined;
    });
    await getsAcross(anna, caller, 1300, "the caller hears anna");
    rings.hangUp();
    expect(await callThatEnds(caller.callId)).toMatchObject({ cause: "callee-hung-up" });
  }, 120_000);

  test("nobody there: the caller is back with the agent, who knows why", async () => {
    const caller = await ask("103", "Workshop");
    expect(await toolCallOf(caller.callId)).toMatchObject({ ok: true });
    await eventually("the model is told", () => isTold("could not put you through"), 20_000);
    const { body } = await eventually("the agent has spoken again", async () => {
      const transcript = await gateway.api("GET", `/calls/${caller.callId}/transcript`);
      return transcript.body.data.filter(({ role }: Json) => role === "agent").length === 2 ? transcript : undefined;
    });
    expect(body.data.at(-1)).toMatchObject({ role: "agent", interrupted: false });
    caller.line.hangUp();
    expect(await callThatEnds(caller.callId)).toMatchObject({ cause: "caller-hung-up", peer_call_id: null });
  }, 120_000);
});

/** What is made through one API is there in all of them, each telling it in its own words. */
import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../src/control/service/orgs/keys.ts";
import type { E164 } from "../../../src/kit/ids.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import { type Answer, plainAgent, ringingCall, type TestGateway, testGateway } from "../gateway.ts";

const dialects = ["native", "jagcall", "agentcall", "agentnumber"] as const satisfies readonly Dialect[];
const contact = "+14155550199";

type Ask = (method: "GET" | "POST", path: string, payload?: object) => Promise<Answer>;
type House = TestGateway & { readonly asks: Readonly<Record<Dialect, Ask>> };

/** One organisation with a key of each API. */
async function house(): Promise<House> {
  const gateway = await testGateway();
  const { app, services } = gateway;
  await services.texts.connect({ carry: () => undefined });
  const asker = async (dialect: Dialect): Promise<Ask> => {
    const { secret } = await services.keys.create({ orgId: firstOrgId, dialect, name: dialect });
    return async (method, url, payload) => {
      const headers = { authorization: `Bearer ${secret}` };
      const reply = await app.inject({ method, url, headers, ...(payload && { payload }) });
      return { status: reply.statusCode, body: reply.json(), headers: reply.headers };
    };
  };
  const [native, jagcall, agentcall, agentnumber] = await Promise.all(dialects.map(asker));
  return { ...gateway, asks: { native: native!, jagcall: jagcall!, agentcall: agentcall!, agentnumber: agentnumber! } };
}

/** Buys a number that an agent answers and calls from; its inner id and its digits. */
const buying: Readonly<Record<Dialect, (ask: Ask) => Promise<{ id: string; number: string }>>> = {
  native: async (ask) => {
    const agent = (await ask("POST", "/api/v1/agents", { name: "A", instructions: "Be brief." })).body;
    const pointers = { inbound_agent_id: agent.id, outbound_agent_id: agent.id };
    return (await ask("POST", "/api/v1/numbers/buy", { country: "US", ...pointers })).body;
  },
  jagcall: async (ask) => {
    const agent = (await ask("POST", "/v1/agents", { name: "A", system_prompt: "Be brief." })).body;
    const [offer] = (await ask("POST", "/v1/phone-numbers/search", { country: "US" })).body.data;
    const bought = await ask("POST", "/v1/phone-numbers", { number: offer.number, agent_id: agent.id });
    return { id: bought.body.id.replace(/^pn_/, "num_"), number: bought.body.number };
  },
  agentcall: async (ask) => {
    const { id, number } = (await ask("POST", "/v1/numbers/provision", { type: "local" })).body;
    await ask("POST", `/v1/numbers/${id}/inbound-config`, { mode: "ai", systemPrompt: "Be brief." });
    await ask("POST", `/v1/numbers/${id}/outbound-defaults`, { systemPrompt: "Be brief." });
    return { id, number };
  },
  agentnumber: async (ask) => {
    const { id, phone_number: number } = (await ask("POST", "/api/v0/numbers", { system_prompt: "Be brief." })).body
      .data;
    return { id, number };
  },
};

/** Digits of all numbers there are. */
const numbersIn: Readonly<Record<Dialect, (ask: Ask) => Promise<string[]>>> = {
  native: async (ask) => column((await ask("GET", "/api/v1/numbers")).body.data, "number"),
  jagcall: async (ask) => column((await ask("GET", "/v1/phone-numbers")).body.data, "number"),
  agentcall: async (ask) => column((await ask("GET", "/v1/numbers")).body.data, "number"),
  agentnumber: async (ask) => column((await ask("GET", "/api/v0/numbers")).body.data, "phone_number"),
};

/** Has the agent of a number call somebody; the call's id. */
const calling: Readonly<Record<Dialect, (ask: Ask, own: { id: string; number: string }) => Promise<string>>> = {
  native: async (ask, { number: from }) => (await ask("POST", "/api/v1/calls", { from, to: contact })).body.id,
  jagcall: async (ask, { number: from }) => {
    const [agent] = (await ask("GET", "/v1/agents")).body.data;
    const { id: agent_id } = agent ?? (await ask("POST", "/v1/agents", { name: "A", system_prompt: "Be brief." })).body;
    return (await ask("POST", "/v1/calls", { agent_id, from, to: contact })).body.id;
  },
  agentcall: async (ask, { id: from }) =>
    (await ask("POST", "/v1/calls/ai", { from, to: contact, systemPrompt: "Be brief." })).body.id,
  agentnumber: async (ask, { id: from }) => (await ask("POST", "/api/v0/calls", { from, to: contact })).body.data.id,
};

/** Who calls whom, how it stands and how long it was, and what was said by whom. */
interface CallSeen {
  readonly from: string;
  readonly to: string;
  readonly status: string;
  readonly lasted: number;
  readonly said: readonly (readonly [role: string, text: string])[];
}

const readingCall: Readonly<Record<Dialect, (ask: Ask, id: string) => Promise<CallSeen>>> = {
  native: async (ask, id) => {
    const { from, to, status, duration_ms: lasted } = (await ask("GET", `/api/v1/calls/${id}`)).body;
    const { data } = (await ask("GET", `/api/v1/calls/${id}/transcript`)).body;
    return { from, to, status, lasted, said: pairs(data, "role", "text") };
  },
  jagcall: async (ask, id) => {
    const { from, to, status, duration_seconds: lasted } = (await ask("GET", `/v1/calls/${id}`)).body;
    const { transcript } = (await ask("GET", `/v1/calls/${id}/transcript`)).body;
    return { from, to, status, lasted, said: pairs(transcript, "role", "text") };
  },
  agentcall: async (ask, id) => {
    const { from, to, status, duration: lasted } = (await ask("GET", `/v1/calls/${id}`)).body;
    const { entries } = (await ask("GET", `/v1/calls/${id}/transcript`)).body;
    return { from, to, status, lasted, said: pairs(entries, "role", "text") };
  },
  agentnumber: async (ask, id) => {
    const { from, to, status, duration_seconds: lasted } = (await ask("GET", `/api/v0/calls/${id}`)).body.data;
    const { transcript } = (await ask("GET", `/api/v0/calls/${id}/transcript`)).body.data;
    return { from, to, status, lasted, said: pairs(transcript, "role", "content") };
  },
};

const endedAs: Readonly<Record<Dialect, readonly [status: string, lasted: number, ...roles: string[]]>> = {
  native: ["ended", 111_000, "agent", "caller"],
  jagcall: ["completed", 111, "agent", "user"],
  agentcall: ["completed", 111, "ai", "human"],
  agentnumber: ["completed", 111, "assistant", "user"],
};

const busyAs: Readonly<Record<Dialect, string>> = {
  native: "ended",
  jagcall: "busy",
  agentcall: "busy",
  agentnumber: "busy",
};

/** Sends a text from a number. */
const texting: Readonly<
  Record<Dialect, (ask: Ask, own: { id: string; number: string }, body: string) => Promise<Answer>>
> = {
  native: (ask, { id: from }, text) => ask("POST", "/api/v1/texts", { from, to: contact, text }),
  jagcall: (ask, { number: from }, body) => ask("POST", "/v1/sms", { from, to: contact, body }),
  agentcall: (ask, { id: from }, body) => ask("POST", "/v1/sms/send", { from, to: contact, body }),
  agentnumber: (ask, { id: from }, body) => ask("POST", "/api/v0/sms", { from, to: contact, body }),
};

/** All texts with the contact, newest last: which way, and what. */
const readingTexts: Readonly<Record<Dialect, (ask: Ask) => Promise<(readonly [string, string])[]>>> = {
  native: async (ask) => {
    const [conversation] = (await ask("GET", "/api/v1/conversations")).body.data;
    const { texts } = (await ask("GET", `/api/v1/conversations/${conversation.id}`)).body;
    return texts.map(({ status, text }: Record<string, string>) => [
      status === "received" ? "inbound" : "outbound",
      text,
    ]);
  },
  jagcall: async (ask) => {
    const [conversation] = (await ask("GET", "/v1/sms/conversations")).body.data;
    const { data } = (await ask("GET", `/v1/sms/conversations/${conversation.id}/messages`)).body;
    return pairs(data, "direction", "body").toReversed();
  },
  agentcall: async (ask) => {
    const [conversation] = (await ask("GET", "/v1/sms-conversations")).body.data;
    return pairs((await ask("GET", `/v1/sms-conversations/${conversation.id}`)).body.messages, "direction", "body");
  },
  agentnumber: async (ask) => pairs((await ask("GET", "/api/v0/sms")).body.data, "direction", "body").toReversed(),
};

type Item = Readonly<Record<string, string>>;
const column = (items: readonly Item[], name: string): string[] => items.map((item) => String(item[name])).sort();
const pairs = (items: readonly Item[], one: string, other: string): (readonly [string, string])[] =>
  items.map((item) => [String(item[one]), String(item[other])]);

describe("one organisation, four APIs", () => {
  test.each(dialects)("numbers: one bought through %s is in the lists of all", async (maker) => {
    const { asks } = await house();
    const { number } = await buying[maker](asks[maker]);
    for (const reader of dialects) expect([reader, await numbersIn[reader](asks[reader])]).toEqual([reader, [number]]);
  });

  test.each(dialects)("calls: one placed through %s is read through all, while it lasts and after", async (maker) => {
    const { asks, services, clock } = await house();
    const own = await buying[maker](asks[maker]);
    const id = await calling[maker](asks[maker], own);
    await services.callRecords.applyMediaEvent({ type: "call-started", callId: id, wallMs: clock.wall() });
    for (const [n, role] of (["agent", "caller"] as const).entries()) {
      const times = { startMs: n * 1000, endMs: n * 1000 + 500, interrupted: false, via: "speech" } as const;
      const utterance = { ...times, utteranceId: `utt_${n}`, role, text: `I am the ${role}.` };
      await services.callRecords.applyMediaEvent({ type: "utterance", callId: id, utterance });
    }
    for (const reader of dialects) {
      const { from, to, status } = await readingCall[reader](asks[reader], id);
      expect([reader, from, to, status.replace("_", "-")]).toEqual([reader, own.number, contact, "in-progress"]);
    }
    clock.ms += 111_000;
    await services.callRecords.endCall(id as never, "callee-hung-up", "");
    for (const reader of dialects) {
      const [status, lasted, agent = "", caller = ""] = endedAs[reader];
      expect([reader, await readingCall[reader](asks[reader], id)]).toEqual([
        reader,
        {
          from: own.number,
          to: contact,
          status,
          lasted,
          said: [
            [agent, "I am the agent."],
            [caller, "I am the caller."],
          ],
        },
      ]);
    }
  });

  test.each(dialects)("calls: one placed through %s that finds a busy line is busy in all", async (maker) => {
    const { asks, services } = await house();
    const id = await calling[maker](asks[maker], await buying[maker](asks[maker]));
    await services.callRecords.endCall(id as never, "busy", "");
    for (const reader of dialects) {
      expect([reader, (await readingCall[reader](asks[reader], id)).status]).toEqual([reader, busyAs[reader]]);
    }
    expect((await asks.native("GET", `/api/v1/calls/${id}`)).body.cause).toBe("busy");
  });

  test("calls: one that comes in is read through all", async () => {
    const gateway = await house();
    const own = await buying.agentcall(gateway.asks.agentcall);
    const id = await ringingCall(gateway, { from: contact, to: own.number as E164, agent: plainAgent });
    for (const reader of dialects) {
      const { from, to, status } = await readingCall[reader](gateway.asks[reader], id);
      expect([reader, from, to, status]).toEqual([reader, contact, own.number, "ringing"]);
    }
  });

  test.each(dialects)(
    "texts: those sent through %s and those that come in are in the threads of all",
    async (maker) => {
      const { asks, services, clock } = await house();
      const own = await buying[maker](asks[maker]);
      await services.texts.receive({ from: contact, to: own.number as E164, body: "Is it open?" });
      clock.ms += 1000;
      expect((await texting[maker](asks[maker], own, "Until six.")).status).toBe(201);
      for (const reader of dialects) {
        expect([reader, await readingTexts[reader](asks[reader])]).toEqual([
          reader,
          [
            ["inbound", "Is it open?"],
            ["outbound", "Until six."],
          ],
        ]);
      }
    },
  );

  test("money: what any of them uses is in AgentCall's usage", async () => {
    const { asks } = await house();
    for (const maker of dialects) {
      const own = await buying[maker](asks[maker]);
      await texting[maker](asks[maker], own, "Hello");
    }
    expect((await asks.agentcall("GET", "/v1/usage")).body).toMatchObject({ smsSent: 4, totalCost: 4 * 2.015 });
  });
});

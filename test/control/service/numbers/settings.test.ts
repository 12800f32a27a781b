import { describe, expect, test } from "vitest";
import type { InboundOrder, TelephoneNumber } from "../../../../src/control/service/numbers/numbers.ts";
import { resolveInbound, resolveOutbound } from "../../../../src/control/service/numbers/resolve.ts";
import type { E164 } from "../../../../src/kit/ids.ts";
import type { GuardedRequest, guardedFetch } from "../../../../src/kit/io/guarded-http.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { checkSignature, signatureHeader } from "../../../../src/kit/signature.ts";
import { type NumberHouse, numberHouse } from "./house.ts";

const secret = "a shared secret of thirty-two characters";
const contextWebhook = { url: "https://example.com/precall", signingSecret: secret };
const plumbing: InboundOrder = {
  persona: {
    instructions: "You are the front desk of Acme Plumbing.",
    voice: "shimmer",
    firstMessage: "Hi, thanks for calling.",
    maxDurationMs: 300_000,
    record: true,
  },
  language: "es",
  notify: {
    emailTo: "owner@acmeplumbing.com",
    smsTo: "+14155551234",
    businessName: "Acme Plumbing",
    agencyName: "Acme Plumbing",
  },
  contextWebhook: { ...contextWebhook, timeoutMs: 700 },
  liveTranscript: true,
};

async function withNumber(house: NumberHouse, order = {}) {
  const org = await house.org();
  const numbers = house.numbers(org);
  return { org, numbers, number: await numbers.buy({ areaCode: "415", ...order }) };
}

const callable = (number: TelephoneNumber) => number.number;

describe("inbound configuration", () => {
  test("a POST replaces all of it: what is not said has its default again", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    const { inbound } = await numbers.setInbound(number.id, plumbing);
    expect(inbound).toMatchObject({
      mode: "ai",
      language: "es",
      notify: plumbing.notify,
      contextWebhook: { url: contextWebhook.url, timeoutMs: 700 },
      contextSource: "webhook",
      liveTranscript: true,
      agent: { voice: "shimmer", record: true, maxDurationMs: 300_000, firstMessage: "Hi, thanks for calling." },
    });
    expect(JSON.stringify(inbound)).not.toContain(secret);
    const replaced = await numbers.setInbound(number.id, { persona: { instructions: "You sell pizza." } });
    expect(replaced.inbound).toMatchObject({
      mode: "ai",
      language: "auto",
      notify: null,
      contextWebhook: null,
      contextSource: "none",
      liveTranscript: false,
      agent: {
        instructions: "You sell pizza.",
        voice: "shimmer",
        record: false,
        maxDurationMs: 600_000,
        firstMessage: null,
      },
    });
    // The number's own agent stays the same one, so calls before and after can be found by it.
    expect(replaced.inboundAgentId).toBe(inbound?.agent.id);
  });

  test("a change of voice or language keeps all the rest", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    const before = (await numbers.setInbound(number.id, plumbing)).inbound!;
    await numbers.update(number.id, { label: "Hermes", voice: "coral" });
    await numbers.update(number.id, { language: "fr" });
    const after = await numbers.get(number.id);
    expect(after.label).toBe("Hermes");
    const { updatedAt: _, ...agent } = before.agent;
    expect(after.inbound).toMatchObject({
      ...before,
      language: "fr",
      agent: { ...agent, voice: "coral", language: "fr" },
    });
  });

  test("voice and language need somebody who answers; a label does not", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    const refusal = { code: "conflict", reason: "inbound-ai-not-configured" };
    await expect(numbers.update(number.id, { voice: "coral" })).rejects.toMatchObject(refusal);
    await expect(numbers.update(number.id, { label: "x", language: "es" })).rejects.toMatchObject(refusal);
    expect((await numbers.get(number.id)).label).toBeNull();
    expect((await numbers.update(number.id, { label: "x" })).label).toBe("x");
    await numbers.setInbound(number.id, plumbing);
    await numbers.disableInbound(number.id);
    await expect(numbers.update(number.id, { voice: "coral" })).rejects.toMatchObject(refusal);
  });

  test("a DELETE ends the answering; prompt, outbound defaults and key are kept", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    await numbers.setInbound(number.id, plumbing);
    await numbers.setOutbound(number.id, { persona: { instructions: "You confirm appointments." } });
    await numbers.setByokKey(number.id, "sk-proj-0123456789abcd");
    const off = await numbers.disableInbound(number.id);
    expect(off.inbound).toMatchObject({ mode: "off", agent: { instructions: plumbing.persona.instructions } });
    expect(off.outbound?.agent.instructions).toBe("You confirm appointments.");
    expect(off).toMatchObject({ voiceMode: "byok", byokPreview: "sk-...abcd" });
    expect(await resolveInbound(house.deps, callable(number), "")).toBeUndefined();
    await numbers.setInbound(number.id, plumbing);
    expect(await resolveInbound(house.deps, callable(number), "")).toBeDefined();
  });

  test("a number that points at an agent of the list gets its own when its voice is changed", async () => {
    const house = await numberHouse();
    const { org, numbers, number } = await withNumber(house);
    const { agent } = await house.agents(org).create({ name: "Ann", instructions: "Be kind.", voice: "ash" });
    await numbers.update(number.id, { inboundAgentId: agent.id, outboundAgentId: agent.id });
    const changed = await numbers.update(number.id, { voice: "coral" });
    expect(changed.inbound?.agent).toMatchObject({ name: "Ann", instructions: "Be kind.", voice: "coral" });
    expect(changed.outboundAgentId).toBe(agent.id);
    expect((await house.agents(org).get(agent.id)).voice).toBe("ash");
    const back = await numbers.update(number.id, { inboundAgentId: agent.id });
    expect(back.inboundAgentId).toBe(agent.id);
    const hidden = house.deps.database.db.selectFrom("agents").select("id").where("hidden", "=", 1);
    expect(await hidden.execute()).toEqual([]);
  });

  test.each([
    [{ contextWebhook: { ...contextWebhook, url: "http://example.com/" } }, "contextWebhook.url"],
    [{ contextWebhook: { ...contextWebhook, signingSecret: "short" } }, "contextWebhook.signingSecret"],
    [{ contextWebhook: { ...contextWebhook, timeoutMs: 60_000 } }, "contextWebhook.timeoutMs"],
    [{ contextSource: "webhook" as const }, "contextWebhook"],
    [{ notify: { emailTo: null, smsTo: "555", businessName: null, agencyName: null } }, "notify.smsTo"],
  ])("what cannot work is refused by its name (%#)", async (wrong, field) => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    const order = { persona: plumbing.persona, ...wrong };
    await expect(numbers.setInbound(number.id, order)).rejects.toMatchObject({ code: "invalid-request", field });
    expect((await numbers.get(number.id)).inbound).toBeNull();
  });

  test("AI voice is for numbers of the United States and Canada", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house, { areaCode: undefined, country: "GB" });
    const refusal = { code: "invalid-request", reason: "carrier-not-supported" };
    await expect(numbers.setInbound(number.id, plumbing)).rejects.toMatchObject(refusal);
    await expect(numbers.setOutbound(number.id, plumbing)).rejects.toMatchObject(refusal);
    const canadian = await numbers.buy({ country: "CA" });
    expect((await numbers.setInbound(canadian.id, plumbing)).inbound?.mode).toBe("ai");
  });

  test("what the plan does not have is refused", async () => {
    const house = await numberHouse();
    const org = await house.org({ plan: "free", hasPaymentMethod: false });
    const numbers = house.numbers(org);
    const number = await numbers.buy({});
    const plain = { persona: { instructions: "x" } };
    expect((await numbers.setInbound(number.id, plain)).inbound?.mode).toBe("ai");
    await expect(numbers.setInbound(number.id, plumbing)).rejects.toMatchObject({ reason: "plan-limit-recording" });
    await expect(numbers.setOutbound(number.id, plain)).rejects.toMatchObject({ reason: "plan-limit-voice-ai" });
  });
});

describe("outbound defaults", () => {
  test("are replaced as a whole and removed, whatever answers the number", async () => {
    const house = await numberHouse();
    const { org, numbers, number } = await withNumber(house);
    expect(number.outbound).toBeNull();
    await numbers.setInbound(number.id, plumbing);
    const persona = { instructions: "You confirm tomorrow's appointment.", voice: "ash", maxDurationMs: 300_000 };
    const set = await numbers.setOutbound(number.id, {
      persona,
      language: "de",
      templateId: "outbound-callback-confirmation",
    });
    expect(set.outbound).toMatchObject({
      language: "de",
      templateId: "outbound-callback-confirmation",
      agent: { ...persona, record: false, firstMessage: null },
    });
    const spec = await resolveOutbound(house.deps, org.id, number.number);
    expect(spec?.instructions).toMatch(/^You confirm tomorrow's appointment\.\n\nSpeak German only/);
    const again = await numbers.setOutbound(number.id, { persona: { instructions: "Ask for Ann." } });
    expect(again.outbound).toMatchObject({ language: "auto", templateId: null, agent: { voice: "shimmer" } });
    expect(again.inbound?.agent.instructions).toBe(plumbing.persona.instructions);
    const cleared = await numbers.clearOutbound(number.id);
    expect(cleared.outbound).toBeNull();
    expect(cleared.inbound?.mode).toBe("ai");
    expect((await numbers.clearOutbound(number.id)).outbound).toBeNull();
    expect(await resolveOutbound(house.deps, org.id, number.number)).toBeUndefined();
  });

  test("are nobody else's to call with", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    await numbers.setOutbound(number.id, { persona: { instructions: "x" } });
    const stranger = await house.org();
    expect(await resolveOutbound(house.deps, stranger.id, number.number)).toBeUndefined();
  });
});

describe("one agent for both directions", () => {
  test("a change to it is merged; switched off, nobody answers and it still calls", async () => {
    const house = await numberHouse();
    const persona = { instructions: "Sales.", firstMessage: "Hello!" };
    const { org, numbers, number } = await withNumber(house, { persona });
    const changed = await numbers.update(number.id, { persona: { instructions: "Support." }, answers: false });
    expect(changed.inboundAgentId).toBe(number.inboundAgentId);
    expect(changed.outboundAgentId).toBe(number.inboundAgentId);
    expect(changed.outbound?.agent).toMatchObject({ instructions: "Support.", firstMessage: "Hello!" });
    expect(changed.inbound?.mode).toBe("off");
    expect(await resolveInbound(house.deps, callable(number), "")).toBeUndefined();
    expect((await resolveOutbound(house.deps, org.id, number.number))?.instructions).toBe("Support.");
    const on = await numbers.update(number.id, { answers: true });
    expect(on.inbound?.mode).toBe("ai");
  });

  test("a customer's endpoint can be its mind, by https only", async () => {
    const house = await numberHouse();
    const persona = { provider: "chat-webhook", webhookUrl: "https://your-agent.com/voice" } as const;
    const { numbers, number } = await withNumber(house, { persona });
    const spec = await resolveInbound(house.deps, callable(number), "");
    expect(spec).toMatchObject({ provider: "chat-webhook", webhook: { url: "https://your-agent.com/voice" } });
    const wrong = { persona: { webhookUrl: "http://your-agent.com/voice" } };
    await expect(numbers.update(number.id, wrong)).rejects.toMatchObject({ field: "webhookUrl" });
  });
});

describe("a customer's own key", () => {
  test("is kept sealed, shown by its end, used for calls that come in, rotated and forgotten", async () => {
    const house = await numberHouse();
    const { org, numbers, number } = await withNumber(house);
    await numbers.setInbound(number.id, plumbing);
    await numbers.setOutbound(number.id, { persona: { instructions: "x" } });
    const keys = ["sk-proj-0123456789abcd", "sk-proj-ABCDEFGHIJwxyz"];
    for (const key of keys) {
      const set = await numbers.setByokKey(number.id, key);
      expect(set).toMatchObject({ voiceMode: "byok", byokPreview: `sk-...${key.slice(-4)}` });
      expect(set.inbound?.agent.instructions).toBe(plumbing.persona.instructions);
      expect(JSON.stringify(set)).not.toContain(key);
      expect(JSON.stringify(await house.deps.database.db.selectFrom("numbers").selectAll().execute())).not.toContain(
        key,
      );
      const spec = await resolveInbound(house.deps, callable(number), "");
      expect(spec).toMatchObject({ providerKey: key, provider: "openai-realtime" });
    }
    expect(await resolveOutbound(house.deps, org.id, number.number)).not.toHaveProperty("providerKey");
    const managed = await numbers.clearByokKey(number.id);
    expect(managed).toMatchObject({ voiceMode: "managed", byokPreview: null });
    expect(managed.inbound?.agent.record).toBe(true);
    expect(await resolveInbound(house.deps, callable(number), "")).not.toHaveProperty("providerKey");
  });

  test("must look like one, and is not repeated in the refusal", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    for (const key of ["", "sk-", "pk-0123456789abcd", "sk-0123 456789", "sk-x\nAuthorization: y"]) {
      const refused = await numbers.setByokKey(number.id, key).catch((error: Error) => error);
      expect(refused).toMatchObject({ code: "invalid-request", field: "openaiApiKey" });
      if (key.length > 3) expect(String(refused)).not.toContain(key);
    }
  });

  test("is gone with the number", async () => {
    const house = await numberHouse();
    const { numbers, number } = await withNumber(house);
    await numbers.setByokKey(number.id, "sk-proj-0123456789abcd");
    await numbers.release(number.id);
    const rows = await house.deps.database.db.selectFrom("numbers").selectAll().execute();
    expect(rows).toMatchObject([{ status: "released", byok_key: null, byok_preview: null }]);
    expect(JSON.stringify(house.told)).not.toContain("0123456789abcd");
  });
});

describe("context of a call", () => {
  function answering(text: string) {
    const asked: { url: string; request: GuardedRequest }[] = [];
    const exchange: typeof guardedFetch = async (url, request) => {
      asked.push({ url, request });
      return { status: 200, headers: {}, body: Buffer.from(text), text: () => text };
    };
    return { exchange, asked };
  }

  test("is asked as the call comes in and put behind the customer's own words", async () => {
    const { exchange, asked } = answering('{"contextBlock":"The boiler of 9 Elm Street was repaired yesterday."}');
    const house = await numberHouse({ exchange });
    const { numbers, number } = await withNumber(house);
    await numbers.setInbound(number.id, plumbing);
    const spec = await resolveInbound(house.deps, callable(number), "+14155559876");
    expect(spec?.instructions).toBe(
      "You are the front desk of Acme Plumbing.\n\n" +
        "Speak Spanish only, even when the other person speaks another language.\n\n" +
        "The boiler of 9 Elm Street was repaired yesterday.",
    );
    const { url, request } = asked[0]!;
    expect([url, request.timeoutMs]).toEqual([contextWebhook.url, 700]);
    const rawBody = String(request.body);
    expect(JSON.parse(rawBody)).toMatchObject({ numberId: number.id, from: "+14155559876", to: number.number });
    const header = request.headers?.[signatureHeader];
    expect(checkSignature({ header, rawBody, secret, nowS: house.clock.wall() / 1000 })).toBeUndefined();
  });

  test("is not asked where the source says none", async () => {
    const { exchange, asked } = answering("{}");
    const house = await numberHouse({ exchange });
    const { numbers, number } = await withNumber(house);
    await numbers.setInbound(number.id, { ...plumbing, contextSource: "none" });
    expect(await resolveInbound(house.deps, callable(number), "")).toBeDefined();
    expect(asked).toEqual([]);
  });

  test("that fails leaves the call with the words it has, and one warning without them", async () => {
    const lines: string[] = [];
    const log = createLogger("silent", "test");
    log.warn = (...parts: unknown[]) => void lines.push(JSON.stringify(parts));
    const house = await numberHouse({ exchange: () => Promise.reject(new Error("down")), log });
    const { numbers, number } = await withNumber(house);
    await numbers.setInbound(number.id, plumbing);
    const spec = await resolveInbound(house.deps, callable(number), "+14155559876");
    expect(spec?.instructions).toMatch(/^You are the front desk of Acme Plumbing\.\n\nSpeak Spanish only[^\n]*$/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("unreachable");
    expect(lines[0]).not.toContain("9876");
  });
});

test("a number nobody has, or nobody answers, has no agent", async () => {
  const house = await numberHouse();
  const { number } = await withNumber(house);
  expect(await resolveInbound(house.deps, number.number, "")).toBeUndefined();
  expect(await resolveInbound(house.deps, "+14155550199" as E164, "")).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { createCallCommands } from "../../../../src/control/service/calls/call-commands.ts";
import { recordingDisclosure } from "../../../../src/control/service/calls/disclosure.ts";
import { type CallOrder, createPlaceCall } from "../../../../src/control/service/calls/place-call.ts";
import { GatewayError } from "../../../../src/kit/errors.ts";
import { FakeCallControl, testServices } from "../../gateway.ts";
import { type CallHouse, callHouse, ours, plainOrder } from "./house.ts";

/** What call control was asked for last. */
const asked = ({ control }: CallHouse) => control.placed.at(-1);

describe("placing a call: who calls", () => {
  test("from is a number of the organisation, by its id or in E.164", async () => {
    const house = await callHouse();
    const { call } = await house.place({ from: house.numberId });
    expect(call).toMatchObject({ from: ours, status: "queued", orgId: house.org.id });
    expect((await house.place({ from: ours })).call.from).toBe(ours);
  });

  test("another's number, by id or in E.164, is not to be shown; nor is nobody's without a trunk of one's own", async () => {
    const base = await testServices();
    const house = await callHouse({}, base);
    const other = base.services.tenant((await base.services.orgs.create({ name: "Other" })).id);
    const { id } = await other.numbers.create("+12125559777" as never, {});
    await expect(house.place({ from: id })).rejects.toMatchObject({ code: "not-found", field: "from" });
    for (const from of ["+12125559777", "+12125559888", "12125559123", "x"]) {
      await expect(house.place({ from })).rejects.toMatchObject({ code: "invalid-request", field: "from" });
    }
    await house.tenant.trunks.create({ name: "carrier", outbound: { targets: [{ uri: "sip:192.0.2.1" }] } } as never);
    expect((await house.place({ from: "+12125559888" })).call.from).toBe("+12125559888");
    await expect(house.place({ from: "+12125559777" })).rejects.toMatchObject({ code: "invalid-request" });
  });

  test("the saved agent of the number talks, and what the order says for this call stands in its place", async () => {
    const house = await callHouse();
    await house.tenant.numbers.setOutbound(house.numberId, {
      persona: { instructions: "Confirm the appointment.", voice: "shimmer", firstMessage: "Hello.", record: true },
      language: "es",
    });
    await house.place({ agent: undefined, useSavedAgent: true, disclosure: false });
    expect(asked(house)).toMatchObject({ record: true, agent: { voice: "shimmer", firstMessage: "Hello." } });
    expect(asked(house)?.agent?.instructions).toMatch(/^Confirm the appointment\..*Spanish/s);

    const agent = { name: "Inline", firstMessage: "Hi Jamie.", maxDurationMs: 90_000 };
    await house.place({ agent, useSavedAgent: true, record: false });
    expect(asked(house)).toMatchObject({
      record: false,
      agent: { voice: "shimmer", firstMessage: "Hi Jamie.", maxDurationMs: 90_000, language: "es" },
    });
    await house.place({ agent: { name: "Inline", instructions: "Ask for Bob." }, useSavedAgent: true });
    expect(asked(house)?.agent?.instructions).toMatch(/^Ask for Bob\..*Spanish/s);
    await house.place({ agent: undefined, useSavedAgent: true, language: "fr" });
    expect(asked(house)?.agent).toMatchObject({ language: "fr" });
    expect(asked(house)?.agent?.instructions).toMatch(/^Confirm the appointment\..*French/s);
    expect(asked(house)?.agent?.instructions).not.toContain("Spanish");
  });

  test("from a number bought here in a country where machines may not talk, people may", async () => {
    const house = await callHouse();
    const { id } = await house.tenant.numbers.buy({ country: "GB", type: "local" } as never);
    await expect(house.place({ from: id })).rejects.toMatchObject({ reason: "carrier-not-supported" });
    expect((await house.place({ from: id, kind: "bridge", agent: undefined })).call.from).toMatch(/^\+44/);
  });

  test("no saved agent is told as such, and a call has one agent only", async () => {
    const house = await callHouse();
    const none = house.place({ agent: undefined, useSavedAgent: true });
    await expect(none).rejects.toMatchObject({ code: "invalid-request", reason: "no-saved-agent" });
    await expect(house.place({ agent: undefined })).rejects.toMatchObject({ field: "agentId" });
    await expect(house.place({ agentId: "agent_x" })).rejects.toMatchObject({ field: "agent" });
    expect(house.control.placed).toEqual([]);
  });

  test("the spoken language is told to the agent, the customer's words stay as they are", async () => {
    const house = await callHouse();
    await house.place({ language: "de" });
    expect(asked(house)?.agent?.instructions).toMatch(/^Be brief\.\n\nSpeak German only/);
    await house.place({ language: "auto" });
    expect(asked(house)?.agent?.instructions).toMatch(/^Be brief\.\n\nSpeak the language/);
    await house.place();
    expect(asked(house)?.agent?.instructions).toBe("Be brief.");
  });
});

describe("placing a call: what is said and kept", () => {
  test.each([
    ["Hi, this is Acme.", `${recordingDisclosure} Hi, this is Acme.`],
    ["Hi, this call is recorded.", "Hi, this call is recorded."],
    ["We are recording. Hi.", "We are recording. Hi."],
    ["Our records say you called.", `${recordingDisclosure} Our records say you called.`],
    [undefined, recordingDisclosure],
  ])("a recorded call that begins with %j says that it is recorded", async (firstMessage, said) => {
    const house = await callHouse();
    const agent = { name: "Inline", firstMessage: firstMessage ?? null };
    await house.place({ agent, record: true });
    expect(asked(house)?.agent?.firstMessage).toBe(said);
    await house.place({ agent, record: true, disclosure: false });
    expect(asked(house)?.agent?.firstMessage).toBe(firstMessage);
    await house.place({ agent, record: false });
    expect(asked(house)?.agent?.firstMessage).toBe(firstMessage);
  });

  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
  test.each([
    ["24 keys", many(24), undefined],
    ["25 keys", many(25), "metadata"],
    ["a key of 64 characters", { ["k".repeat(64)]: "v" }, undefined],
    ["a key of 65 characters", { ["k".repeat(65)]: "v" }, "metadata"],
    ["an empty key", { "": "v" }, "metadata"],
    ["a value of 512 characters", { a: "v".repeat(512) }, undefined],
    ["a value of 513 characters", { a: "v".repeat(513) }, "metadata.a"],
    ["2048 bytes", { a: "v".repeat(512), b: "v".repeat(512), c: "v".repeat(512), d: "v".repeat(483) }, undefined],
    ["2049 bytes", { a: "v".repeat(512), b: "v".repeat(512), c: "v".repeat(512), d: "v".repeat(484) }, "metadata"],
    ["few characters of many bytes", { a: "€".repeat(512), b: "€".repeat(400) }, "metadata"],
  ])("metadata with %s", async (_what, metadata, field) => {
    const house = await callHouse();
    const placed = house.place({ metadata });
    if (field) await expect(placed).rejects.toMatchObject({ code: "invalid-request", field });
    else expect((await placed).call.metadata).toEqual(metadata);
  });

  test("a live transcript that was asked for is noted on the call", async () => {
    const house = await callHouse();
    expect((await house.place({ liveTranscript: true })).call.liveTranscript).toBe(true);
    expect((await house.place()).call.liveTranscript).toBe(false);
  });
});

describe("placing a call: an idempotency key", () => {
  const key = { idempotencyKey: "row-42" } as const;

  test("fifty requests at once with one key place one call, and all are told of it", async () => {
    const house = await callHouse();
    const placed = await Promise.all(Array.from({ length: 50 }, () => house.place(key)));
    expect(new Set(placed.map(({ call }) => call.id)).size).toBe(1);
    expect(placed.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    const { data } = await house.tenant.calls.list({}, { limit: 100, after: undefined });
    expect(data).toHaveLength(1);
  });

  test("another body under it is a conflict, or gets the first one's answer, as the API says", async () => {
    const house = await callHouse();
    const { call } = await house.place(key);
    const other: Partial<CallOrder> = { ...key, requestHash: "other" };
    await expect(house.place(other)).rejects.toMatchObject({ code: "conflict" });
    expect(await house.place({ ...other, onOtherBody: "replay" })).toMatchObject({
      call: { id: call.id },
      isReplay: true,
    });
  });

  test("names one call in the organisation, or one for each number", async () => {
    const house = await callHouse();
    const second = await house.tenant.numbers.create("+12125559124" as never, {});
    const scoped = { ...key, idempotencyScope: "number" } as const;
    const ids = [
      await house.place(key),
      await house.place(scoped),
      await house.place({ ...scoped, from: second.id }),
      await house.place({ ...scoped, from: second.number }),
      await house.place(key),
    ].map(({ call }) => call.id);
    expect(ids[3]).toBe(ids[2]);
    expect(ids[4]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    const other = await callHouseBeside(house);
    expect(ids).not.toContain((await other.place({ ...key, from: other.numberId })).call.id);
  });

  test("one that came second, and was refused for what the first one took, is told of the first one's call", async () => {
    const house = await callHouse();
    const first = await house.place(key);
    // It had looked for the key before the first one's record was there, and the trunk is full now.
    const { findByKey } = house.tenant.calls;
    let looks = 0;
    const calls = {
      ...house.tenant.calls,
      findByKey: async (...args: Parameters<typeof findByKey>) => (looks++ ? findByKey(...args) : undefined),
    };
    house.control.refuse = new GatewayError("rate-limited", "the trunk's calls per second are used up");
    const place = createPlaceCall({ ...house.tenant, calls, control: house.control });
    expect(await place({ ...plainOrder, ...key })).toMatchObject({ call: { id: first.call.id }, isReplay: true });
    await expect(place({ ...plainOrder })).rejects.toMatchObject({ code: "rate-limited" });
  });
});

describe("placing a bridge call", () => {
  test("people talk: no agent, joined with whom the order names", async () => {
    const house = await callHouse();
    const bridge = { kind: "bridge", agent: undefined, bridgeTo: "101" } as const;
    const { call } = await house.place(bridge);
    expect(asked(house)).toMatchObject({ agent: undefined, bridgeTo: "101", record: false, from: ours });
    expect(call).toMatchObject({ agentId: null, direction: "outbound" });
    await expect(house.place({ ...bridge, agent: { name: "A" } })).rejects.toMatchObject({ field: "agent" });
    await expect(house.place({ bridgeTo: "101" })).rejects.toMatchObject({ field: "bridgeTo" });
  });

  test("without a name it is the phone that has the number; where none has it, nobody until somebody is joined", async () => {
    const house = await callHouse();
    await house.tenant.phones.create({ username: "desk", number: "+12125559125" } as never);
    await house.place({ kind: "bridge", agent: undefined, from: "+12125559125" });
    expect(asked(house)?.bridgeTo).toBe("+12125559125");
    await house.place({ kind: "bridge", agent: undefined });
    expect(asked(house)).toMatchObject({ agent: undefined, bridgeTo: undefined });
  });
});

/** Another organisation on the same gateway. */
async function callHouseBeside({ services, random }: CallHouse) {
  const org = await services.orgs.create({ name: "Beside", hasPaymentMethod: true });
  const tenant = services.tenant(org.id);
  const { id: numberId } = await tenant.numbers.create("+12125559999" as never, {});
  const commands = createCallCommands(tenant, new FakeCallControl(services, random));
  const place = (order: Partial<CallOrder>) => commands.placeCall({ ...plainOrder, ...order });
  return { numberId, place };
}

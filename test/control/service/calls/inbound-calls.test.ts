import { describe, expect, test } from "vitest";
import { recordingDisclosure } from "../../../../src/control/service/calls/disclosure.ts";
import { callHouse, ours } from "./house.ts";

describe("calls that come in at a number", () => {
  const persona = { instructions: "Take a message.", firstMessage: "Acme here." };

  test("a configured number that records says so first; and it tells line by line where that is set", async () => {
    const house = await callHouse();
    const resolve = () => house.services.callRecords.resolveAgent(ours, "+14155550199");
    await house.tenant.numbers.setInbound(house.numberId, {
      persona: { ...persona, record: true },
      liveTranscript: true,
    });
    const said = `${recordingDisclosure} Acme here.`;
    expect(await resolve()).toMatchObject({ firstMessage: said, record: true, liveTranscript: true });
    await house.tenant.numbers.setInbound(house.numberId, { persona });
    expect(await resolve()).toMatchObject({ firstMessage: "Acme here.", record: false, liveTranscript: false });
  });

  test("a number that only points at an agent greets as the agent says", async () => {
    const house = await callHouse();
    const { agent } = await house.tenant.agents.create({ name: "A", firstMessage: "Acme here.", record: true });
    await house.tenant.numbers.update(house.numberId, { inboundAgentId: agent.id });
    const answers = await house.services.callRecords.resolveAgent(ours, "");
    expect(answers).toMatchObject({ firstMessage: "Acme here.", record: true });
  });
});

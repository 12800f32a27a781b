import { describe, expect, test } from "vitest";
import { recordingDisclosure } from "../../../../src/control/service/calls/disclosure.ts";
import { ringingCall, storedRows } from "../../gateway.ts";
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

  test("a number's tools are its agent's on calls that come in, run and signed for its action webhook", async () => {
    const house = await callHouse();
    const { tenant, services, numberId, dataDir, clock, org } = house;
    const parameters = { type: "object", properties: {} };
    const tools = [{ name: "check_calendar", description: "Free?", parameters }];
    const signingSecret = "a shared secret of thirty-two characters";
    const actionWebhook = { url: "https://example.com/actions", signingSecret, timeoutMs: 3000 };
    await tenant.numbers.setInbound(numberId, { persona, tools, actionWebhook });
    await tenant.numbers.update(numberId, { voice: "coral" });
    const agent = await services.callRecords.resolveAgent(ours, "+14155550199");
    const { url } = actionWebhook;
    const run = { url, secret: signingSecret, timeoutMs: 3000, headers: {}, style: "agentcall" };
    expect(agent?.tools).toEqual([{ ...tools[0], ...run }]);
    expect((await tenant.numbers.resolveOutbound(ours))?.tools ?? []).toEqual([]);

    const callId = await ringingCall(house, { orgId: org.id, to: ours, agent });
    expect(await storedRows(dataDir, "calls")).not.toContain(signingSecret);
    await services.callRecords.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
    for (const [n, name] of ["check_calendar", "hang_up", "check_calendar"].entries()) {
      const began = { toolCallId: `t${n}`, name, argumentsJson: "{}", atMs: n };
      await services.callRecords.applyMediaEvent({ type: "tool-started", callId, ...began });
    }
    expect((await tenant.calls.get(callId)).toolCallCount).toBe(2);
  });

  test("a number that only points at an agent greets as the agent says", async () => {
    const house = await callHouse();
    const { agent } = await house.tenant.agents.create({ name: "A", firstMessage: "Acme here.", record: true });
    await house.tenant.numbers.update(house.numberId, { inboundAgentId: agent.id });
    const answers = await house.services.callRecords.resolveAgent(ours, "");
    expect(answers).toMatchObject({ firstMessage: "Acme here.", record: true });
  });
});

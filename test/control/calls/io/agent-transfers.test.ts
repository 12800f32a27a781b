import { describe, expect, test } from "vitest";
import type { TransferControl, TransferRequest } from "../../../../src/control/calls/call-control.ts";
import { AgentTransfers } from "../../../../src/control/calls/io/agent-transfers.ts";
import { GatewayError } from "../../../../src/kit/errors.ts";
import type { CallId } from "../../../../src/kit/ids.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { LiveHouse } from "../../../kit/live-house.ts";

const agent = {
  ...quietAgent,
  transfers: [
    { name: "Sales", description: "Buyers.", to: "201", mode: "blind", confirm: "none" },
    { name: "Anna", description: "", to: "+15550144", mode: "attended", confirm: "key" },
  ],
} as const;

/** A talking call, and a transfer desk that does as it is told to. */
async function rig(start: (callId: CallId, request: TransferRequest) => void, isUp = true) {
  const house = new LiveHouse();
  const { callId } = await house.talking({ agent });
  const transfers: TransferControl = {
    start,
    decide: () => expect.unreachable(),
  };
  const desk = new AgentTransfers({
    live: house.live,
    transfers: () => {
      if (!isUp) throw new GatewayError("unavailable", "The exchange is not up yet; try again shortly.");
      return transfers;
    },
    log: house.log,
  });
  const want = (target: string, briefing?: string) =>
    desk.wanted({ type: "transfer-wanted", callId, toolCallId: "tool_1", target, briefing });
  const answer = () => house.commands.find(({ type }) => type === "answer-transfer");
  return { house, callId, want, answer };
}

describe("agent transfers", () => {
  test("a caller goes where the agent's target leads, the way it says, with the agent's briefing", async () => {
    const started: unknown[] = [];
    const { callId, want, answer } = await rig((...asked) => void started.push(asked));
    want("Anna", " A buyer. ");
    expect(started).toEqual([[callId, { to: "+15550144", mode: "attended", confirm: "key", briefing: "A buyer." }]]);
    expect(answer()).toEqual({ type: "answer-transfer", callId, toolCallId: "tool_1", refusal: undefined });
  });

  test("the answer comes behind what the transfer has the media do", async () => {
    const { house, callId, want } = await rig((id) => {
      house.live.send(id, { type: "join-room", callId: id, roomId: "room_1", hears: "ringback", agent: "suspended" });
    });
    want("Sales");
    const about = house.commands.filter((command) => "callId" in command && command.callId === callId);
    expect(about.slice(-2).map(({ type }) => type)).toEqual(["join-room", "answer-transfer"]);
  });

  test.each([
    ["a target the agent does not have", "+15550199", undefined, "There is no target of this name."],
    ["a call that is being transferred", "Sales", new GatewayError("conflict", "It is already."), "It is already."],
    ["a broken rule of ours, without its words", "Sales", new Error("x"), "The caller cannot be put through now."],
  ])("refused with a reason for the model: %s", async (_what, target, error, refusal) => {
    const { want, answer } = await rig(() => {
      if (error) throw error;
    });
    want(target);
    expect(answer()).toMatchObject({ refusal });
  });

  test("refused while the exchange is down", async () => {
    const { want, answer } = await rig(() => expect.unreachable(), false);
    want("Sales");
    expect(answer()).toMatchObject({ refusal: expect.stringContaining("not up") });
  });
});

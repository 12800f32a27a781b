import { describe, expect, test } from "vitest";
import type { CallFilter } from "../../../../src/control/service/calls/calls.ts";
import type { CallId } from "../../../../src/kit/ids.ts";
import { plainAgent, ringingCall, testServices } from "../../gateway.ts";

/** Four calls, a minute apart; the second is over unanswered, the third talked and is over, the fourth talks. */
async function fourCalls() {
  const house = await testServices();
  const { services, clock } = house;
  const { calls } = services.own;
  const agent = { ...plainAgent, agentId: "agent_other" };
  const changes = [
    { from: "+15550001", to: "+15550002" },
    { from: "+15550002", to: "+15550003", direction: "outbound", carrier: "sip" },
    { from: "+15550003", to: "+15550001", agent },
    { from: "+15550004", to: "+15550003" },
  ] as const;
  const ids: CallId[] = [];
  const beganAt: number[] = [];
  for (const change of changes) {
    clock.ms += 60_000;
    beganAt.push(clock.wall());
    ids.push(await ringingCall(house, change));
  }
  await calls.endCall(ids[1]!, "busy", "");
  for (const callId of [ids[2]!, ids[3]!]) {
    await calls.applyMediaEvent({ type: "call-started", callId, wallMs: clock.wall() });
  }
  await calls.endCall(ids[2]!, "caller-hung-up", "");
  return { house, calls, ids, beganAt };
}

describe("lists of calls", () => {
  test.each([
    ["all", {}, [3, 2, 1, 0]],
    ["a status", { status: "ended" }, [2, 1]],
    ["several statuses", { statuses: ["ringing", "in-progress"] }, [3, 0]],
    ["no status at all", { statuses: [] }, []],
    ["causes", { causes: ["busy", "no-answer"] }, [1]],
    ["a cause", { cause: "caller-hung-up" }, [2]],
    ["calls that were answered", { wasAnswered: true }, [3, 2]],
    ["calls that were not", { wasAnswered: false, status: "ended" }, [1]],
    ["calls out", { direction: "outbound" }, [1]],
    ["calls in", { direction: "inbound" }, [3, 2, 0]],
    ["a caller", { from: "+15550003" }, [2]],
    ["a callee", { to: "+15550003" }, [3, 1]],
    ["a number on either side", { number: "+15550003" }, [3, 2, 1]],
    ["an agent", { agentId: "agent_other" }, [2]],
    ["all at once", { number: "+15550003", status: "ended", direction: "outbound", causes: ["busy"] }, [1]],
  ] satisfies [string, CallFilter, number[]][])(
    "narrowed to %s, by cursor and by number of the page",
    async (_what, filter, expected) => {
      const { calls, ids } = await fourCalls();
      const wanted = expected.map((n) => ids[n]);
      const { data } = await calls.list(filter, { limit: 10, after: undefined });
      expect(data.map(({ id }) => id)).toEqual(wanted);
      const first = await calls.listPage(filter, { page: 1, perPage: 2 });
      const second = await calls.listPage(filter, { page: 2, perPage: 2 });
      expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(wanted);
      expect([first.total, second.total]).toEqual([expected.length, expected.length]);
    },
  );

  test("narrowed to a span of time: when they were made, or when they were answered", async () => {
    const { calls, ids, beganAt } = await fourCalls();
    const list = async (filter: CallFilter) =>
      (await calls.list(filter, { limit: 10, after: undefined })).data.map(({ id }) => ids.indexOf(id));
    expect(await list({ createdAfter: beganAt[0], createdBefore: beganAt[3] })).toEqual([2, 1]);
    expect(await list({ startedAfter: beganAt[2] })).toEqual([3, 2]);
    expect(await list({ startedBefore: beganAt[2] })).toEqual([]);
  });

  test("a page past the end is empty and still tells how many there are", async () => {
    const { calls } = await fourCalls();
    expect(await calls.listPage({}, { page: 9, perPage: 20 })).toEqual({ data: [], total: 4 });
  });

  test("a summary: of a call with an agent that is over", async () => {
    const { calls, ids } = await fourCalls();
    expect(await calls.summary(ids[2]!)).toMatchObject({ summary: "The caller said nothing." });
    expect(await calls.summary(ids[3]!)).toBeNull();
  });
});

import { describe, expect, test } from "vitest";
import type { CallEvent } from "../../../src/control/service/calls/call-events.ts";
import { EventFeed } from "../../../src/control/service/event-feed.ts";
import { openDatabase } from "../../../src/control/store/database.ts";
import type { StoredEvent } from "../../../src/control/store/events.ts";
import { WriteQueue } from "../../../src/control/store/write-queue.ts";
import { firstOrgId } from "../../../src/kit/ids.ts";
import type { MediaEvent } from "../../../src/media/protocol.ts";
import { ringingCall, temporaryFolder, testServices } from "../gateway.ts";

const dtmf = (callId: string, index: number): MediaEvent => ({ type: "dtmf", callId, digit: "1", atMs: index });

/** Collects `count` events of a stream. */
async function collect(stream: AsyncGenerator<readonly CallEvent[]>, count: number): Promise<CallEvent[]> {
  const seen: CallEvent[] = [];
  while (seen.length < count) {
    const { value, done } = await stream.next();
    if (done) break;
    seen.push(...value);
  }
  return seen;
}

describe("event feed", () => {
  test("feed: joins what is past and what is new with no gap and no double, while it is being written", async () => {
    const control = await testServices();
    const { services } = control;
    const callId = await ringingCall(control);
    const writes: Promise<void>[] = [];
    for (let index = 0; index < 350; index++) writes.push(services.own.calls.applyMediaEvent(dtmf(callId, index)));
    const stop = new AbortController();
    const stream = services.feed.follow({ orgId: firstOrgId, callId, afterId: 0, signal: stop.signal });
    const early = await collect(stream, 50);
    for (let index = 350; index < 700; index++) writes.push(services.own.calls.applyMediaEvent(dtmf(callId, index)));
    const all = [...early, ...(await collect(stream, 701 - early.length))];
    await Promise.all(writes);
    stop.abort();
    expect(all.map((event) => event.sequence)).toEqual(Array.from({ length: 701 }, (_, index) => index + 1));
    expect((await stream.next()).done).toBe(true);
  });

  test("feed: begins after the event that is named", async () => {
    const control = await testServices();
    const callId = await ringingCall(control);
    for (let index = 0; index < 5; index++) await control.services.own.calls.applyMediaEvent(dtmf(callId, index));
    const stop = new AbortController();
    const [, , third] = await collect(
      control.services.feed.follow({ orgId: firstOrgId, callId, afterId: 0, signal: stop.signal }),
      6,
    );
    const rest = await collect(
      control.services.feed.follow({ orgId: firstOrgId, callId: undefined, afterId: third?.id, signal: stop.signal }),
      3,
    );
    stop.abort();
    expect(rest.map((event) => event.sequence)).toEqual([4, 5, 6]);
  });

  test("feed: without a place to begin tells only what happens from now on", async () => {
    const control = await testServices();
    const [mine, other] = [await ringingCall(control), await ringingCall(control)];
    const stop = new AbortController();
    const stream = control.services.feed.follow({
      orgId: firstOrgId,
      callId: mine,
      afterId: undefined,
      signal: stop.signal,
    });
    const first = stream.next();
    await control.services.own.calls.applyMediaEvent(dtmf(other, 1));
    await control.services.own.calls.applyMediaEvent(dtmf(mine, 2));
    expect((await first).value).toMatchObject([{ callId: mine, type: "dtmf", sequence: 2 }]);
    stop.abort();
  });

  test("feed: a follower too slow for its buffer reads the database again and misses nothing", async () => {
    const database = await openDatabase(temporaryFolder());
    const control = await testServices();
    const feed = new EventFeed(database.db, { maxWaiting: 10, pageSize: 7 });
    const queue = new WriteQueue(
      database.db,
      () => 0,
      (events: readonly StoredEvent[]) => feed.publish(events),
      { maxBatch: 3, maxDelayMs: 1, maxPending: 1000 },
    );
    await queue.add(async ({ db }) => {
      const call = {
        id: "call_1",
        org_id: firstOrgId,
        carrier: "twilio",
        direction: "inbound",
        from_number: "",
        to_number: "",
      };
      const rest = { agent_id: "", agent_snapshot: "{}", metadata: "{}", record: 0, status: "ringing", created_at: 0 };
      await db
        .insertInto("calls")
        .values({ ...call, ...rest, last_sequence: 0 })
        .execute();
    });
    const write = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          queue.add(async ({ events }) => {
            events.push({ callId: "call_1", type: "dtmf", data: {} });
          }),
        ),
      );
    const stop = new AbortController();
    const stream = feed.follow({ orgId: firstOrgId, callId: undefined, afterId: undefined, signal: stop.signal });
    const first = stream.next();
    await write(1);
    const seen = [...((await first).value as readonly CallEvent[])];
    await write(100); // nobody reads meanwhile
    seen.push(...(await collect(stream, 100)));
    stop.abort();
    expect(seen.map((event) => event.sequence)).toEqual(Array.from({ length: 101 }, (_, index) => index + 1));
    await database.close();
    await control.services.close();
  });

  test("feed: ends at once when the follower leaves, also while nothing happens", async () => {
    const { services } = await testServices();
    const stop = new AbortController();
    const next = services.feed
      .follow({ orgId: firstOrgId, callId: undefined, afterId: undefined, signal: stop.signal })
      .next();
    stop.abort();
    expect((await next).done).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import {
  DeliverySchedule,
  defaultScheduleOptions,
  type Scheduled,
  type ScheduleOptions,
} from "../../../src/control/webhooks/delivery-schedule.ts";

/** A row; `previous`: position of the one before it with the same webhook and subject. */
function row(position: number, webhook_id: string, subject: string, previous: number | null = null): Scheduled {
  return { position, webhook_id, subject, previous };
}

function schedule(change: Partial<ScheduleOptions> = {}): DeliverySchedule<Scheduled> {
  return new DeliverySchedule({ ...defaultScheduleOptions, ...change });
}

/** Offers rows to their webhooks as if they had just been read. */
function offer(desk: DeliverySchedule<Scheduled>, rows: readonly Scheduled[], hasMore = false): void {
  for (const id of new Set(rows.map(({ webhook_id }) => webhook_id))) {
    desk.want(id);
    desk.hungry(100);
    desk.offer(
      id,
      rows.filter((each) => each.webhook_id === id),
      hasMore,
    );
  }
}

/** All that may go now, as `webhook:position`. */
function go(desk: DeliverySchedule<Scheduled>, now = 0): string[] {
  const gone: string[] = [];
  for (let next = desk.next(now); next; next = desk.next(now)) gone.push(`${next.webhook_id}:${next.position}`);
  return gone;
}

describe("webhooks, schedule", () => {
  test("schedule: events of one call go one after the other, those of different calls at once", () => {
    const desk = schedule();
    const rows = [row(1, "a", "x"), row(2, "a", "x", 1), row(3, "a", "y"), row(4, "a", "x", 2)];
    offer(desk, rows);
    expect(go(desk)).toEqual(["a:1", "a:3"]);
    desk.finished(rows[0]!, "settled", 1);
    expect(go(desk, 1)).toEqual(["a:2"]);
    desk.finished(rows[1]!, "settled", 2);
    expect(go(desk, 2)).toEqual(["a:4"]);
  });

  test("schedule: what waits behind a failed event is let go and not sent until that one may be sent again", () => {
    const desk = schedule();
    const [first, second] = [row(1, "a", "x"), row(2, "a", "x", 1)];
    offer(desk, [first, second]);
    expect(go(desk)).toEqual(["a:1"]);
    desk.finished(first, "again", 1);
    expect(go(desk, 1)).toEqual([]);
    // Not yet noted in the database, and then with a time of its own there: the second is blocked either way.
    expect(desk.blocked([first, second])).toEqual([second]);
    desk.noted([first]);
    expect(desk.blocked([second])).toEqual([second]);
    offer(desk, [second]);
    expect(go(desk, 2)).toEqual([]);
    offer(desk, [second, first]);
    expect(go(desk, 3)).toEqual(["a:1"]);
    desk.finished(first, "settled", 4);
    expect(go(desk, 4)).toEqual(["a:2"]);
  });

  test("schedule: a row read twice is sent once, also between its end and the note of it", () => {
    const desk = schedule();
    const first = row(1, "a", "x");
    offer(desk, [first]);
    expect(go(desk)).toEqual(["a:1"]);
    offer(desk, [first]);
    desk.finished(first, "settled", 1);
    offer(desk, [first]);
    expect(go(desk, 1)).toEqual([]);
  });

  test("schedule: webhooks take turns, and none has more than its share under way", () => {
    const desk = schedule({ maxPerWebhook: 2, maxQuick: 5 });
    const rows = [1, 2, 3, 4].flatMap((n) => ["a", "b", "c"].map((id) => row(n * 10 + id.charCodeAt(0), id, `${n}`)));
    offer(desk, rows);
    expect(go(desk).map((each) => each[0])).toEqual(["a", "b", "c", "a", "b"]);
    expect(desk.underWay).toBe(5);
  });

  test("schedule: receivers that do not answer give the quick ones their places, and take few of their own", () => {
    const desk = schedule({ maxQuick: 4, maxSlow: 3, maxPerWebhook: 4, maxPerSlowWebhook: 1, slowAfterMs: 100 });
    const slow = [1, 2, 3, 4, 5, 6].map((n) => row(n, "slow", `${n}`));
    offer(desk, slow);
    expect(go(desk, 0)).toEqual(["slow:1", "slow:2", "slow:3", "slow:4"]);
    const quick = [11, 12].map((n) => row(n, "quick", `${n}`));
    offer(desk, quick);
    expect(go(desk, 99)).toEqual([]);
    expect(go(desk, 100)).toEqual(["quick:11", "quick:12"]);
    // More than its share is under way from before: the slow one begins nothing until one of them has ended.
    for (const each of slow.slice(0, 3)) desk.finished(each, "settled", 200);
    expect(go(desk, 200)).toEqual([]);
    desk.finished(slow[3]!, "settled", 300);
    expect(go(desk, 300)).toEqual(["slow:5"]);
    // Quick again, it has its full share again.
    desk.finished(slow[4]!, "settled", 310);
    expect(go(desk, 310)).toEqual(["slow:6"]);
  });

  test("schedule: many receivers that do not answer never take all places", () => {
    const desk = schedule({ maxQuick: 4, maxSlow: 4, maxPerWebhook: 2, maxPerSlowWebhook: 1, slowAfterMs: 100 });
    const dead = Array.from({ length: 40 }, (_, n) => row(n, `dead${n % 20}`, `${n}`));
    offer(desk, dead);
    let now = 0;
    for (let round = 0; round < 20; round++, now += 100) go(desk, now);
    // One each; what is slow begins nothing more.
    expect(desk.underWay).toBe(20);
    const last = Array.from({ length: 3 }, (_, n) => row(100 + n, "quick", `${n}`));
    offer(desk, last);
    // Those that began last are slow by now too, and the quick one goes first.
    expect(go(desk, now + 100).slice(0, 2)).toEqual(["quick:100", "quick:101"]);
  });

  test("schedule: a webhook that failed slowly rests, longer each time, until it was changed or has answered", () => {
    const desk = schedule({
      maxPerWebhook: 1,
      maxPerSlowWebhook: 1,
      slowAfterMs: 100,
      firstRestMs: 1_000,
      maxRestMs: 3_000,
    });
    const rows = [1, 2, 3, 4, 5, 6, 7].map((n) => row(n, "a", `${n}`));
    offer(desk, rows);
    const attempt = (n: number, at: number, end: "settled" | "again", tookMs: number) => {
      expect(go(desk, at - 1)).toEqual([]);
      expect(go(desk, at)).toEqual([`a:${n}`]);
      desk.finished(rows[n - 1]!, end, at + tookMs);
    };
    expect(go(desk, 0)).toEqual(["a:1"]);
    desk.finished(rows[0]!, "again", 500);
    attempt(2, 1_500, "again", 500);
    attempt(3, 4_000, "again", 500);
    attempt(4, 7_500, "settled", 500);
    expect(go(desk, 8_000)).toEqual(["a:5"]);
    desk.finished(rows[4]!, "again", 8_500);
    expect(go(desk, 8_500)).toEqual([]);
    desk.wakeUp("a");
    expect(go(desk, 8_500)).toEqual(["a:6"]);
    // A refusal that comes at once costs no place for long.
    desk.finished(rows[5]!, "again", 8_510);
    expect(go(desk, 8_510)).toEqual(["a:7"]);
  });

  test("schedule: a webhook that became somebody else's begins nothing, and in order when it is back", () => {
    const desk = schedule();
    const rows = [row(1, "a", "x"), row(2, "a", "x", 1), row(3, "a", "y")];
    offer(desk, rows.slice(0, 2));
    expect(go(desk)).toEqual(["a:1"]);
    desk.close("a");
    expect(desk.webhooks).toEqual([]);
    offer(desk, rows);
    expect(go(desk, 1)).toEqual(["a:3"]);
    desk.finished(rows[0]!, "settled", 2);
    expect(go(desk, 2)).toEqual(["a:2"]);
  });

  test("schedule: asks for rows while there are some to read and room for them", () => {
    const desk = schedule({ window: 4 });
    desk.want("a");
    expect(desk.hungry(10)).toEqual([{ webhookId: "a", limit: 4 }]);
    expect(desk.hungry(10)).toEqual([]);
    const rows = [1, 2, 3, 4].map((n) => row(n, "a", "x", n === 1 ? null : n - 1));
    desk.offer("a", rows, true);
    expect(desk.hungry(10)).toEqual([]);
    for (const each of rows.slice(0, 2)) {
      go(desk);
      desk.finished(each, "settled", 0);
    }
    go(desk);
    expect(desk.hungry(10)).toEqual([{ webhookId: "a", limit: 6 }]);
    expect(desk.dropIdle()).toEqual([]);
    for (const each of rows.slice(2)) {
      go(desk);
      desk.finished(each, "settled", 0);
    }
    expect(desk.dropIdle()).toEqual(["a"]);
  });

  test("schedule: news that comes while rows are being read is not forgotten", () => {
    const desk = schedule();
    desk.want("a");
    desk.hungry(1);
    desk.want("a");
    desk.offer("a", [], false);
    expect(desk.hungry(1)).toHaveLength(1);
  });

  test("schedule: looks after so many webhooks and no more", () => {
    const desk = schedule({ maxWebhooks: 2 });
    for (const id of ["a", "b", "c"]) desk.want(id);
    expect(desk.webhooks).toEqual(["a", "b"]);
  });
});

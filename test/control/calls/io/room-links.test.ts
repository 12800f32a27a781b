import { describe, expect, test } from "vitest";
import { RoomLinks } from "../../../../src/control/calls/io/room-links.ts";
import type { CallId } from "../../../../src/kit/ids.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import type { MediaCommand } from "../../../../src/media/protocol.ts";
import { seededRandom } from "../../gateway.ts";

const call = (n: number) => `call_${n}` as CallId;
type LinkCommand = Extract<MediaCommand, { readonly linkId: string }>;

/** Media processes that open what they are asked to, at port 1000 and their own number. */
class Rig {
  readonly told: [number, LinkCommand][] = [];
  readonly links: RoomLinks;
  /** Says nothing when it is asked to open a link. */
  slow = new Set<number>();

  constructor() {
    const get = (processId: number) => ({
      ready: true,
      send: (command: MediaCommand) => {
        if (!("linkId" in command)) throw new Error(`not about links: ${command.type}`);
        this.told.push([processId, command]);
        if (command.type === "open-link" && !this.slow.has(processId)) this.opened(processId, command.linkId);
      },
    });
    this.links = new RoomLinks({
      processes: { get },
      randomBytes: seededRandom(),
      log: createLogger("silent", "test"),
    });
  }

  opened(processId: number, linkId: string): void {
    this.links.mediaEvent(processId, { type: "link-opened", linkId, port: 1000 + processId });
  }

  closed(processId: number, linkId: string, reason: "empty" | "failed" = "empty"): void {
    this.links.mediaEvent(processId, { type: "link-closed", linkId, reason });
  }

  /** What was told since the last look: `0 opens A`, with links lettered in the order they came. */
  news(): string[] {
    const names = this.#names;
    return this.told.splice(0).map(([processId, command]) => {
      if (!names.includes(command.linkId)) names.push(command.linkId);
      const name = "ABCDEFGH"[names.indexOf(command.linkId)];
      if (command.type === "connect-link") return `${processId} connects ${name} to ${command.port}`;
      return `${processId} ${command.type === "open-link" ? "opens" : "closes"} ${name}`;
    });
  }

  id(letter: string): string {
    return this.#names["ABCDEFGH".indexOf(letter)] ?? "";
  }

  readonly #names: string[] = [];
}

describe("links of rooms", () => {
  test("calls of one process are not linked; the first one elsewhere is, and each side gets the other's port", () => {
    const rig = new Rig();
    rig.links.joined("room_1", call(1), 0);
    rig.links.joined("room_1", call(2), 0);
    expect(rig.news()).toEqual([]);
    rig.links.joined("room_1", call(3), 1);
    const [, open] = rig.told[0]!;
    expect(open).toMatchObject({ type: "open-link", roomId: "room_1", token: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(rig.told[1]![1]).toEqual(open);
    expect(rig.news()).toEqual(["0 opens A", "1 opens A", "0 connects A to 1001", "1 connects A to 1000"]);
    rig.links.joined("room_1", call(4), 1);
    rig.links.joined("room_1", call(3), 1);
    expect(rig.news()).toEqual([]);
  });

  test("three processes: a star around the first, each link with a secret of its own", () => {
    const rig = new Rig();
    for (const n of [0, 1, 2]) rig.links.joined("room_1", call(n), n);
    const tokens = rig.told.flatMap(([, command]) => (command.type === "open-link" ? [command.token] : []));
    expect(new Set(tokens).size).toBe(2);
    expect(rig.news().filter((line) => line.includes("opens"))).toEqual([
      "0 opens A",
      "1 opens A",
      "0 opens B",
      "2 opens B",
    ]);
  });

  test("a side that is slow: nobody is connected before both ports are known", () => {
    const rig = new Rig();
    rig.slow.add(1);
    rig.links.joined("room_1", call(1), 0);
    rig.links.joined("room_1", call(2), 1);
    expect(rig.news()).toEqual(["0 opens A", "1 opens A"]);
    rig.opened(1, rig.id("A"));
    expect(rig.news()).toEqual(["0 connects A to 1001", "1 connects A to 1000"]);
  });

  test("the last call of a process takes its link with it, on both sides; so does a call that goes to another room", () => {
    const rig = new Rig();
    for (const n of [0, 1, 2]) rig.links.joined("room_1", call(n), n);
    rig.news();
    rig.links.left(call(1));
    rig.links.left(call(1));
    expect(rig.news()).toEqual(["0 closes A", "1 closes A"]);
    rig.links.joined("room_2", call(2), 2);
    expect(rig.news()).toEqual(["0 closes B", "2 closes B"]);
  });

  test("the home's last call has gone: those that are left are linked around a new home", () => {
    const rig = new Rig();
    for (const n of [0, 1, 2]) rig.links.joined("room_1", call(n), n);
    rig.news();
    rig.links.left(call(0));
    expect(rig.news()).toEqual([
      "0 closes A",
      "1 closes A",
      "0 closes B",
      "2 closes B",
      "1 opens C",
      "2 opens C",
      "1 connects C to 1002",
      "2 connects C to 1001",
    ]);
  });

  test("a side says that its room is empty while another call is on its way there: the link is made anew", () => {
    const rig = new Rig();
    rig.links.joined("room_1", call(1), 0);
    rig.links.joined("room_1", call(2), 1);
    rig.links.joined("room_1", call(3), 1);
    rig.news();
    rig.closed(1, rig.id("A"));
    rig.links.left(call(2));
    expect(rig.news()).toEqual([
      "0 closes A",
      "1 closes A",
      "0 opens B",
      "1 opens B",
      "0 connects B to 1001",
      "1 connects B to 1000",
    ]);
    rig.links.left(call(3));
    expect(rig.news()).toEqual(["0 closes B", "1 closes B"]);
  });

  test("a link that failed is not tried again until somebody else comes", () => {
    const rig = new Rig();
    rig.slow.add(1);
    rig.links.joined("room_1", call(1), 0);
    rig.links.joined("room_1", call(2), 1);
    rig.news();
    rig.closed(1, rig.id("A"), "failed");
    expect(rig.news()).toEqual(["0 closes A", "1 closes A"]);
    rig.slow.clear();
    rig.links.joined("room_1", call(3), 0);
    expect(rig.news().slice(0, 2)).toEqual(["0 opens B", "1 opens B"]);
  });

  test("the last words of a process about links that are gone, or are another's, change nothing", () => {
    const rig = new Rig();
    rig.links.joined("room_1", call(1), 0);
    rig.links.joined("room_1", call(2), 1);
    rig.news();
    rig.opened(7, rig.id("A"));
    rig.closed(7, rig.id("A"));
    rig.links.left(call(2));
    rig.news();
    rig.opened(1, rig.id("A"));
    rig.closed(1, rig.id("A"));
    expect(rig.news()).toEqual([]);
  });
});

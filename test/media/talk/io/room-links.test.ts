import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { MediaEvent } from "../../../../src/media/protocol.ts";
import { CallerEars } from "../../../../src/media/talk/io/caller-ears.ts";
import { RoomLinks } from "../../../../src/media/talk/io/room-links.ts";
import { linkPacketBytes } from "../../../../src/media/talk/link-seat.ts";
import { eventually } from "../../../kit/gateway.ts";
import { type HouseCall, MediaHouse } from "../../../kit/media-house.ts";

let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(createLogger("silent", "test"), createMetrics());
  return () => ears.close();
});

const token = "0123456789abcdef".repeat(2);
const log = createLogger("silent", "test");

/** A media process with its links, and a telephone in the room. */
class Process {
  readonly house = new MediaHouse(ears);
  readonly events: MediaEvent[] = [];
  readonly metrics = createMetrics();
  readonly links: RoomLinks;

  constructor() {
    const { rooms } = this.house;
    this.links = new RoomLinks({ rooms, log, metrics: this.metrics, report: (event) => this.events.push(event) });
    onTestFinished(() => this.links.closeAll());
  }

  call(saysHz: number): HouseCall {
    const call = this.house.call();
    call.saysHz = saysHz;
    call.join("room_1");
    return call;
  }

  /** Opens its side of the link; its port. */
  open(linkId = "link_1"): Promise<number> {
    this.links.open({ type: "open-link", linkId, roomId: "room_1", token });
    return eventually("the link's port", () => {
      const opened = this.events.find((event) => event.type === "link-opened" && event.linkId === linkId);
      return opened?.type === "link-opened" ? opened.port : undefined;
    });
  }

  connect(port: number): void {
    this.links.connect({ type: "connect-link", linkId: "link_1", port });
  }

  async ignored(): Promise<number> {
    const { values } = await this.metrics.ignoredMessages.get();
    return values.find(({ labels }) => labels.source === "room-link")?.value ?? 0;
  }
}

async function linked(): Promise<readonly [Process, Process]> {
  const [one, other] = [new Process(), new Process()];
  const [here, there] = await Promise.all([one.open(), other.open()]);
  one.connect(there);
  other.connect(here);
  return [one, other];
}

/** Ticks, each with time for its packets. */
async function run(processes: readonly Process[], ticks: number): Promise<void> {
  for (let tick = 0; tick < ticks; tick++) {
    for (const { house } of processes) house.run(20);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Ticks until a telephone hears a tone. */
function hears(processes: readonly Process[], call: HouseCall, toneHz: number): Promise<true> {
  return eventually("the other side is heard", async () => {
    call.takeHeard();
    await run(processes, 10);
    return call.loudness(toneHz)[0]! > 5500 ? true : undefined;
  });
}

describe("links of rooms over loopback", () => {
  test("two telephones of two processes hear each other, whether the link or the telephones come first", async () => {
    const processes = await linked();
    const [one, other] = [processes[0].call(500), processes[1].call(900)];
    await hears(processes, one, 900);
    await hears(processes, other, 500);
    expect(one.loudness(500)[0]).toBeLessThan(60);
    expect(await processes[0].ignored()).toBe(0);
  });

  test("packets without the link's token are not heard, and counted", async () => {
    const processes = await linked();
    const [one] = [processes[0].call(500), processes[1].call(900)];
    await hears(processes, one, 900);
    const lonely = new Process();
    const call = lonely.call(700);
    const port = await lonely.open();
    const stranger = createSocket("udp4");
    onTestFinished(() => void stranger.close());
    stranger.bind(0, "127.0.0.1");
    await once(stranger, "listening");
    const shout = Buffer.alloc(linkPacketBytes, 0x55);
    call.takeHeard();
    for (let n = 0; n < 20; n++) {
      stranger.send(shout, port, "127.0.0.1");
      await run([lonely], 1);
    }
    await eventually("all are counted", async () => ((await lonely.ignored()) === 20 ? true : undefined));
    expect(Math.max(0, ...call.takeHeard())).toBe(0);
  });

  test("a stranger's packets with the right token do not get past the connection", async () => {
    const processes = await linked();
    const [one] = [processes[0].call(500), processes[1].call(900)];
    await hears(processes, one, 900);
    const opened = processes[0].events.find((event) => event.type === "link-opened");
    const stranger = createSocket("udp4");
    onTestFinished(() => void stranger.close());
    const shout = Buffer.alloc(linkPacketBytes, 0x55);
    shout.set(Buffer.from(token, "hex"));
    // Far ahead of the sequence: taken, it would push everything else out.
    shout.writeUInt32BE(0x4000_0000, 16);
    for (let n = 0; n < 5; n++) stranger.send(shout, opened?.type === "link-opened" ? opened.port : 0, "127.0.0.1");
    await run(processes, 10);
    await hears(processes, one, 900);
  });

  test("the room's last telephone closes its side, which is told; the other side hears silence and lives on", async () => {
    const processes = await linked();
    const [one, other] = [processes[0].call(500), processes[1].call(900)];
    await hears(processes, other, 500);
    one.session.end("caller-hung-up", "");
    expect(processes[0].events.at(-1)).toEqual({ type: "link-closed", linkId: "link_1", reason: "empty" });
    await run(processes, 10);
    other.takeHeard();
    await run(processes, 10);
    expect(other.loudness(500)).toEqual([0]);
    expect(processes[1].events.map(({ type }) => type)).toEqual(["link-opened"]);
  });

  test("closed on order nothing is told; links that are not there are nobody's business", async () => {
    const processes = await linked();
    const [one] = [processes[0].call(500), processes[1].call(900)];
    await hears(processes, one, 900);
    for (const { links } of processes) {
      links.close("link_1");
      links.close("link_1");
      links.connect({ type: "connect-link", linkId: "link_1", port: 9 });
    }
    await run(processes, 10);
    one.takeHeard();
    await run(processes, 10);
    expect(one.loudness(900)).toEqual([0]);
    expect(processes[0].events.map(({ type }) => type)).toEqual(["link-opened"]);
  });
});

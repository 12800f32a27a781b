import { expect, test } from "vitest";
import { pcmu8k } from "../../../src/codecs/format.ts";
import type { CallLeg } from "../../../src/media/leg.ts";
import { CallLine } from "../../../src/media/talk/call-line.ts";
import { Rooms } from "../../../src/media/talk/rooms.ts";

test("call line: an agent alone is brought all there is at once; a room, an echo and nobody get an even pace", () => {
  const wishes: boolean[] = [];
  const silence = { at: () => new Int16Array(160) };
  const leg: CallLeg = {
    inbound: pcmu8k,
    outbound: pcmu8k,
    capabilities: { clear: true, marks: false, dtmfOut: true },
    sendAudio: () => true,
    sendMark: () => {},
    clear: () => {},
    bringAll: (wanted) => void wishes.push(wanted),
    sendDtmf: () => true,
    close: () => {},
  };
  const line = new CallLine({
    leg,
    rooms: new Rooms({ music: silence, ringback: silence }),
    recording: undefined,
    echo: true,
    stats: { framesIn: 0, framesOut: 0, underruns: 0, ignoredMessages: 0, faults: 0 },
    now: () => 0,
    begun: () => {},
    failed: () => {},
  });
  expect(wishes).toEqual([]);
  line.agent = { audio: () => {}, mark: () => {}, reroute: (change) => change() };
  line.enter("room_1");
  line.leaveRoom();
  line.agentLeaves();
  expect(wishes).toEqual([true, false, true, false]);
});

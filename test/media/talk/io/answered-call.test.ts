import { setImmediate as turn } from "node:timers/promises";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { encodeG711, pcmuLaw } from "../../../../src/codecs/g711.ts";
import { createLogger } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import type { AnsweringMachinePlan, MediaEvent } from "../../../../src/media/protocol.ts";
import { CallSession } from "../../../../src/media/talk/io/call-session.ts";
import { CallerEars } from "../../../../src/media/talk/io/caller-ears.ts";
import { builtInMusic, ringback } from "../../../../src/media/talk/room-sounds.ts";
import { Rooms } from "../../../../src/media/talk/rooms.ts";
import { HeldClock } from "../../../control/gateway.ts";
import { joined, onLine, tone, trimmed } from "../../../kit/answer-corpus.ts";
import { quietAgent } from "../../../kit/conversation-call.ts";
import { FakeLeg } from "../../../kit/fake-leg.ts";
import { ScriptedAi } from "../../../kit/scripted-ai.ts";
import { SeededRandom } from "../../../kit/seeded-random.ts";
import { speech } from "../../../kit/speech.ts";

const log = createLogger("silent", "test");
const line = { leadMs: 500, levelDbov: -20, noiseDbov: -60 };

let ears: CallerEars;
beforeAll(async () => {
  ears = await CallerEars.open(log, createMetrics());
  return () => ears.close();
});

/** Calls somebody who answers with this, with real ears on a held clock; what happened, and when the agent spoke first. */
async function callSomebody(answeringMachine: AnsweringMachinePlan, pcm: Int16Array) {
  const clock = new HeldClock();
  const metrics = createMetrics();
  const ai = new ScriptedAi();
  const events: MediaEvent[] = [];
  let ids = 0;
  const session = new CallSession({
    plan: {
      callId: "call_1",
      carrier: "sip",
      direction: "outbound",
      from: "+15550111",
      to: "+15550122",
      metadata: {},
      agent: { ...quietAgent, firstMessage: "Good morning to you." },
      recordingPath: undefined,
      answeringMachine,
    },
    clock,
    log,
    metrics,
    openedAt: 0,
    ears,
    rooms: new Rooms({ music: builtInMusic, ringback }),
    allowPrivateTargets: false,
    makeId: (kind) => `${kind}_${++ids}`,
    report: (event) => events.push(event),
    finished: () => {},
  });
  ai.attach(session.aiSink);
  onTestFinished(() => session.end("gateway-stopped", ""));
  const startedAt = clock.ms;
  session.start(new FakeLeg({ marks: false }), ai);
  const wire = new Uint8Array(160);
  for (let at = 0; at + 160 <= pcm.length; at += 160) {
    clock.ms += 20;
    ai.now = clock.ms;
    encodeG711(pcmuLaw, pcm.subarray(at, at + 160), wire);
    session.legEvents.audio(wire);
    ears.tick();
    // The neural detector's run comes back.
    do await turn();
    while (ears.busy);
    ai.advance();
    session.tick(clock.ms);
  }
  const said = ai.log.filter((order) => order.endsWith("say greeting"));
  const saidAt = said.map((order) => Number.parseInt(order, 10) - startedAt);
  const answered = events.flatMap((event) => (event.type === "answered-by" ? [event] : []));
  return { saidAt, answered, ended: ai.closed, events, ai };
}

test("an outgoing call: the person who says hello is heard by real ears, told of, and greeted after it", async () => {
  const hello = trimmed(speech("hello"));
  const pcm = onLine(hello, line, new SeededRandom(1), 4000);
  const plan = { onMachine: "hang-up", message: undefined, decideWithinMs: 4000 } as const;
  const { saidAt, answered, ended } = await callSomebody(plan, pcm);
  expect(answered.at(-1)).toMatchObject({ callId: "call_1", kind: "human", isFinal: true });
  expect(answered[0]?.atMs).toBeLessThanOrEqual(800);
  expect(saidAt).toHaveLength(1);
  expect(saidAt[0]).toBeGreaterThan(line.leadMs + hello.length / 8);
  expect(saidAt[0]).toBeLessThanOrEqual(line.leadMs + hello.length / 8 + 100);
  expect(ended).toBe(false);
});

test("an outgoing call: a machine is hung up on with its cause, or left the message after its beep", async () => {
  const greeting = joined([speech("vm-theperson"), speech("digits/5"), speech("vm-isunavail"), speech("vm-intro")]);
  const beepEnd = line.leadMs + greeting.length / 8 + 500 + 400;
  const pcm = onLine(joined([greeting, 500, tone(1000, 400, -18)]), line, new SeededRandom(2), 9000);
  const hungUp = await callSomebody({ onMachine: "hang-up", message: undefined, decideWithinMs: 4000 }, pcm);
  expect(hungUp.answered.at(-1)).toMatchObject({ kind: "machine", isFinal: true });
  expect(hungUp.events.at(-1)).toMatchObject({ type: "call-ended", cause: "machine-answered" });
  expect(hungUp.events.some((event) => event.type === "utterance")).toBe(false);

  const message = "Please call Harbour Marine.";
  const left = await callSomebody({ onMachine: "leave-message", message, decideWithinMs: 4000 }, pcm);
  expect(left.saidAt.at(-1)! - beepEnd).toBeGreaterThan(0);
  expect(left.saidAt.at(-1)! - beepEnd).toBeLessThanOrEqual(100);
  const said = left.events.flatMap((event) => (event.type === "utterance" ? [event.utterance] : []));
  expect(said.map(({ role, text, interrupted }) => [role, text, interrupted])).toEqual([["agent", message, false]]);
  expect(left.events.at(-1)).toMatchObject({ type: "call-ended", cause: "machine-answered" });
});

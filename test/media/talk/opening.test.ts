import { describe, expect, test } from "vitest";
import { Opening } from "../../../src/media/talk/opening.ts";
import { ConversationCall } from "../../kit/conversation-call.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";

describe("opening", () => {
  test("greets once, when the model is there, and not after a reconnect", () => {
    const opening = new Opening();
    expect(opening.modelReady()).toBe("greeting");
    expect(opening.modelReady()).toBe("nothing");
    expect(opening.reply()).toBe("reply");
  });

  test("held back, nobody is greeted or answered; then the greeting is the reply to what was said, once", () => {
    const opening = new Opening();
    expect(opening.holdBack()).toBe(false);
    expect([opening.modelReady(), opening.reply()]).toEqual(["nothing", "none"]);
    expect(opening.begin()).toBe(true);
    expect([opening.reply(), opening.takeDue(), opening.reply()]).toEqual(["greeting", false, "reply"]);
  });

  test("held back and let go before the model is there: it greets when it is", () => {
    const opening = new Opening();
    opening.holdBack();
    expect(opening.begin()).toBe(false);
    expect(opening.modelReady()).toBe("greeting");
  });

  test("a greeting that is held back again is to be called off, and said later", () => {
    const opening = new Opening();
    opening.modelReady();
    expect(opening.holdBack()).toBe(true);
    expect(opening.begin()).toBe(true);
    expect(opening.takeDue()).toBe(true);
  });

  test("a message takes the place of everything else; it waits for the model, and is not said again after a reconnect", () => {
    const opening = new Opening();
    opening.holdBack();
    expect(opening.leaveMessage()).toBe("nothing");
    expect(opening.leavingMessage).toBe(false);
    expect(opening.modelReady()).toBe("message");
    expect(opening.leavingMessage).toBe(true);
    expect([opening.modelReady(), opening.reply()]).toEqual(["nothing", "message"]);
  });

  test("who was given something else to say first does not greet", () => {
    const opening = new Opening();
    opening.holdBack();
    opening.skip();
    opening.modelReady();
    expect(opening.begin()).toBe(false);
    expect(opening.reply()).toBe("reply");
  });
});

test("an outgoing conversation: held back, let go and made to leave a message at any moment, it comes to an end", () => {
  const causes = new Set<string>();
  for (let seed = 1; seed <= 30; seed++) {
    const random = new SeededRandom(seed);
    const call = new ConversationCall({
      firstMessage: random.pick(["Good morning.", "", "A long good morning to everybody in this house."]),
      turn: { nudgeAfterMs: 3000, maxNudges: 1, greetingInterruptible: random.chance(0.5) },
    });
    call.stepMs = 5;
    call.ai.latencyMs = random.pick([50, 300, 900]);
    call.conversation.holdBack(false, 0);
    for (let at = 200; at < 15_000; at += random.int(200, 2500)) {
      const length = random.int(100, 2000);
      if (random.chance(0.5)) call.speech(at, at + length);
      const what = random.int(0, 3);
      if (what === 0) call.at(at, () => call.conversation.begin(at, call.now));
      else if (what === 1) call.at(at, () => call.conversation.holdBack(random.chance(0.5), call.now));
      else if (what === 2 && random.chance(0.3)) {
        call.at(at, () => call.conversation.leaveMessage(random.chance(0.5) ? "Call us back." : undefined, call.now));
      }
      at += length;
    }
    call.at(16_000, () => call.conversation.begin(16_000, call.now));
    call.until(120_000);
    expect(call.ending, `seed ${seed}: no end\n${call.ai.log.slice(-12).join("\n")}`).toBeDefined();
    causes.add(call.ending?.cause ?? "");
    const sent = [...call.ai.audio.values()].reduce((sum, audio) => sum + audio.length, 0);
    expect(call.carrier.playedAll.filter((byte) => byte !== 0xff).length, `seed ${seed}`).toBeLessThanOrEqual(sent);
    expect(
      call.counts.filter((kind) => kind === "reply-timeout"),
      `seed ${seed}`,
    ).toEqual([]);
  }
  expect([...causes].sort()).toEqual(["caller-silent", "machine-answered"]);
}, 60_000);

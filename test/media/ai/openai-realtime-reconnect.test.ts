import { describe, expect, test } from "vitest";
import { RealtimeDriver, wallStartMs } from "./openai-realtime-driver.ts";

/** A short talk: the caller asked, the agent answered and was cut off. */
function afterATalk(): RealtimeDriver {
  const driver = RealtimeDriver.ready();
  driver.order({ type: "say", text: "Hello, Joe's Pizza.", reason: "greeting" });
  driver.speak("r1", "a1", 1000);
  driver.done("r1");
  driver.order({ type: "heard", itemId: "a1", heardText: "Hello, Joe's Pizza." });
  driver.frames(50, 0x00);
  driver.order({ type: "commit-turn" });
  driver.server({ type: "input_audio_buffer.committed", item_id: "u1" });
  driver.order({ type: "respond", reason: "caller-turn" });
  driver.speak("r2", "a2", 3000);
  const transcript = "What is on it?";
  driver.server({ type: "conversation.item.input_audio_transcription.completed", item_id: "u1", transcript });
  driver.done("r2");
  driver.order({ type: "truncate", itemId: "a2", heardMs: 800, receivedMs: 3000, heardText: "Cheese, and" });
  driver.server({ type: "conversation.item.truncated", item_id: "a2" });
  driver.forget();
  return driver;
}

const talk = ["assistant: Hello, Joe's Pizza.", "user: What is on it?", "assistant: Cheese, and"];

describe("realtime session: a lost socket", () => {
  test.each([1001, 1006, 1008, 1011])(
    "close %i: a new session gets what was heard, as text, and nobody speaks unasked",
    (code) => {
      const driver = afterATalk();
      driver.input({ type: "socket-closed", code });
      expect(driver.reported("error")).toMatchObject([{ kind: "socket-closed", fatal: false }]);
      driver.pass(249);
      expect(driver.log).toEqual(["disconnect"]);
      driver.pass(1);
      driver.accept();
      expect(driver.items()).toEqual(talk);
      expect(driver.sent("response.create")).toEqual([]);
      expect(driver.reported("ready")).toHaveLength(1);
    },
  );

  test("caller audio meanwhile is kept and sent once the new session is ready", () => {
    const driver = afterATalk();
    driver.input({ type: "socket-closed", code: 1006 });
    expect(driver.frames(20)).toBe(false);
    driver.accept();
    // 500 ms before the loss, cut where the last turn ended, and 400 ms since.
    expect(driver.appended).toEqual([{ from: 8000, to: 11200 }]);
    expect(driver.frames(1)).toBe(true);
  });

  test("a turn in progress is replayed from its beginning", () => {
    const driver = afterATalk();
    driver.frames(50);
    driver.order({ type: "caller-speech-started" });
    driver.frames(50, 0x00);
    driver.input({ type: "socket-closed", code: 1006 });
    driver.frames(20, 0x00);
    driver.accept();
    driver.order({ type: "commit-turn" });
    expect(driver.appended).toEqual([{ from: 8000, to: 8000 + 120 * 160 }]);
    expect(driver.log.slice(-1)).toEqual(["input_audio_buffer.commit"]);
  });

  test("a turn left without a reply is said again and its reply asked for again", () => {
    const driver = afterATalk();
    driver.frames(50, 0x00);
    driver.order({ type: "commit-turn" });
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.input({ type: "socket-closed", code: 1011 });
    driver.forget();
    driver.frames(20);
    driver.accept();
    expect(driver.log).toEqual([
      "connect",
      "session.update",
      ...talk.map(() => "conversation.item.create"),
      "append",
      "input_audio_buffer.commit",
      "append",
      "response.create",
    ]);
    expect(driver.appended[0]).toEqual({ from: 8000, to: 16000 });
  });

  test("a turn whose words are known is not said again, only its reply is asked for", () => {
    const driver = afterATalk();
    driver.frames(50, 0x00);
    driver.order({ type: "commit-turn" });
    driver.server({ type: "input_audio_buffer.committed", item_id: "u2" });
    const transcript = "And the price?";
    driver.server({ type: "conversation.item.input_audio_transcription.completed", item_id: "u2", transcript });
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.input({ type: "socket-closed", code: 1011 });
    driver.forget();
    driver.pass(250);
    driver.accept();
    expect(driver.items()).toEqual([...talk, "user: And the price?"]);
    expect(driver.sent("input_audio_buffer.commit")).toEqual([]);
    expect(driver.sent("response.create")).toHaveLength(1);
  });

  test("a reply that was being heard when the socket broke is ended as failed and not begun again", () => {
    const driver = afterATalk();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r3", "a3", 600);
    driver.input({ type: "socket-closed", code: 1006 });
    expect(driver.reported("response-done")).toMatchObject([{ responseId: "r3", status: "failed" }]);
    expect(driver.reported("item-done")).toMatchObject([{ itemId: "a3" }]);
    driver.pass(250);
    driver.accept();
    expect(driver.sent("response.create")).toHaveLength(1);
    // What of it was heard becomes known later, and the new session is told.
    driver.forget();
    driver.order({ type: "heard", itemId: "a3", heardText: "It costs ten" });
    expect(driver.items()).toEqual(["assistant: It costs ten"]);
  });

  test("tool calls are restored as pairs; one still running is added with its call when it ends", () => {
    const driver = RealtimeDriver.ready();
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r1", "a1", 100);
    driver.call("r1", "c1", "weather");
    driver.call("r1", "c2", "menu");
    driver.done("r1");
    driver.order({ type: "tool-result", toolCallId: "c1", output: "rain", respond: true });
    driver.input({ type: "socket-closed", code: 1001 });
    driver.forget();
    driver.pass(250);
    driver.accept();
    expect(driver.items()).toEqual(["call weather", "output rain"]);
    expect(driver.sent("response.create")).toEqual([]);
    driver.order({ type: "tool-result", toolCallId: "c2", output: "pizza", respond: true });
    expect(driver.items().slice(2)).toEqual(["call menu", "output pizza"]);
    expect(driver.sent("response.create")).toHaveLength(1);
  });

  test("the waits between attempts double from 250 ms to 4 s, and after five the session is over", () => {
    const driver = afterATalk();
    const waits: number[] = [];
    driver.input({ type: "socket-closed", code: 1006 });
    for (let i = 0; i < 5; i++) {
      const before = driver.now;
      while (driver.log.at(-1) !== "connect") driver.pass(10);
      waits.push(driver.now - before);
      driver.input({ type: "socket-refused", httpStatus: undefined });
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000]);
    expect(driver.reported("error").at(-1)).toMatchObject({ kind: "socket-closed", fatal: true });
    const { length } = driver.log;
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.pass(60_000);
    expect(driver.log).toHaveLength(length);
  });

  test("a session that drops each time it is ready does not start the count of attempts over", () => {
    const driver = afterATalk();
    for (let i = 0; i < 6; i++) {
      driver.input({ type: "socket-closed", code: 1011 });
      driver.pass(4_000);
      driver.accept();
    }
    expect(driver.reported("error").at(-1)).toMatchObject({ fatal: true });
  });

  test.each([
    { httpStatus: 401, kind: "rejected", fatal: true },
    { httpStatus: 404, kind: "rejected", fatal: true },
    { httpStatus: 429, kind: "rate-limited", fatal: false },
    { httpStatus: 503, kind: "connect-failed", fatal: false },
    { httpStatus: undefined, kind: "connect-failed", fatal: false },
  ])("an upgrade answered with HTTP $httpStatus is $kind, fatal: $fatal", ({ httpStatus, kind, fatal }) => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.input({ type: "socket-refused", httpStatus });
    expect(driver.reported("error")).toMatchObject([{ kind, fatal }]);
  });

  test("a server that stops reading is left for a new session", () => {
    const driver = afterATalk();
    driver.input({ type: "socket-overflow" });
    expect(driver.reported("error")).toMatchObject([{ kind: "overflow", fatal: false }]);
    driver.pass(250);
    expect(driver.log).toEqual(["disconnect", "connect"]);
  });
});

describe("realtime session: its end by age", () => {
  test("session_expired leads to a new session", () => {
    const driver = afterATalk();
    driver.error("session_expired");
    expect(driver.reported("error")).toMatchObject([{ kind: "session-expired", fatal: false }]);
    driver.pass(250);
    driver.accept();
    expect(driver.items()).toEqual(talk);
  });

  test("it is renewed in a silence 2 minutes before it expires, without an error", () => {
    const driver = RealtimeDriver.ready({ tuning: { maxAgeMs: 10 * 60 * 60_000 } });
    driver.pass(58 * 60_000 - 1_000);
    expect(driver.log.filter((entry) => entry === "connect")).toEqual([]);
    driver.pass(3_000);
    expect(driver.log.filter((entry) => entry !== "input_audio_buffer.clear" && entry !== "append")).toEqual([
      "disconnect",
      "connect",
    ]);
    expect(driver.reported("error")).toEqual([]);
  });

  test("it is renewed at 55 minutes when the server names a later end or none", () => {
    const driver = RealtimeDriver.ready();
    driver.pass(55 * 60_000 - 1_000);
    expect(driver.log).not.toContain("connect");
    driver.pass(2_000);
    expect(driver.log).toContain("connect");
  });

  test("the renewal waits while the agent speaks, a tool runs or the caller talks", () => {
    const driver = RealtimeDriver.ready({ tuning: { maxAgeMs: 60_000, idleClearMs: 1_000_000 } });
    driver.pass(50_000);
    driver.order({ type: "respond", reason: "caller-turn" });
    driver.speak("r1", "a1", 20_000);
    driver.call("r1", "c1", "weather");
    driver.done("r1");
    driver.pass(15_000);
    expect(driver.log).not.toContain("connect");
    driver.order({ type: "tool-result", toolCallId: "c1", output: "rain", respond: false });
    driver.pass(5_000);
    expect(driver.log).not.toContain("connect");
    driver.order({ type: "caller-speech-started" });
    driver.order({ type: "truncate", itemId: "a1", heardMs: 15_000, receivedMs: 20_000, heardText: "so much" });
    driver.pass(5_000);
    expect(driver.log).not.toContain("connect");
    driver.order({ type: "discard-turn" });
    driver.pass(3_000);
    expect(driver.log).toContain("connect");
  });

  test("an expiry that lies in the past tells of clocks that disagree, and is not believed", () => {
    const driver = new RealtimeDriver();
    driver.input({ type: "start", wallMs: wallStartMs });
    driver.accept(-5_000);
    driver.pass(60_000);
    expect(driver.log.filter((entry) => entry === "connect")).toHaveLength(1);
  });
});

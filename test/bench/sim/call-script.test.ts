import { describe, expect, test } from "vitest";
import { type CallScript, parseScript, prepareScript } from "../../../bench/sim/call-script.ts";
import { maxAgentWaitMs, ScriptPlayer } from "../../../bench/sim/script-player.ts";

describe("call script", () => {
  test("call script: the text form and the JSON form say the same", () => {
    const text = `# a caller
      wait-for-agent
      wait-for-agent 1500
      play question.wav
      say What are your   opening hours?
      dtmf 42#

      wait 500
      barge-in 1200 play stop it.wav
      barge-in 0 say Stop, please.
      hang-up`;
    const json = JSON.stringify([
      "wait-for-agent",
      { "wait-for-agent": 1500 },
      { play: "question.wav" },
      { say: "What are your   opening hours?" },
      { dtmf: "42#" },
      { wait: 500 },
      { "barge-in": { after: 1200, play: "stop it.wav" } },
      { "barge-in": { after: 0, say: "Stop, please." } },
      "hang-up",
    ]);
    const steps = parseScript(text);
    expect(steps.map((step) => step.type)).toEqual([
      "wait-for-agent",
      "wait-for-agent",
      "play",
      "play",
      "dtmf",
      "wait",
      "barge-in",
      "barge-in",
      "hang-up",
    ]);
    expect(steps[6]).toEqual({ type: "barge-in", afterMs: 1200, source: { type: "wav", path: "stop it.wav" } });
    expect(steps[0]).toEqual({ type: "wait-for-agent", quietMs: 1000 });
    expect(parseScript(json).filter((_, index) => index !== 3)).toEqual(steps.filter((_, index) => index !== 3));
  });

  test.each([
    ["wait-for-agent\npaly x.wav", /line 2: unknown step "paly"; known are: wait-for-agent/],
    ["wait soon", /line 1: wait needs whole milliseconds.*not "soon"/],
    ["wait 99999999", /whole milliseconds/],
    ["play", /line 1: play needs a WAV file/],
    ["say", /line 1: say needs a text/],
    ["dtmf 12x", /line 1: dtmf needs 1 to 64 of .*not "12x"/],
    ["barge-in play x.wav", /line 1: barge-in needs whole milliseconds/],
    ["barge-in 100 x.wav", /line 1: barge-in: expected "play FILE" or "say TEXT"/],
    ["hang-up now", /hang-up takes nothing/],
    ["# nothing\n", /the script has no steps/],
    ["[1,", /looks like JSON and is none/],
    ['{"wait": 5}', /array of steps/],
    ['["wait-for-agent", 5]', /step 2: expected a word or an object/],
    ['[{"wait": 5, "play": "x"}]', /step 1: expected a word or an object with one key/],
    ['[{"wait": true}]', /step 1: wait needs a number or a text/],
    ['[{"barge-in": 5}]', /step 1: barge-in needs \{ "after"/],
    ['[{"barge-in": {"after": 5}}]', /barge-in\.say needs a number or a text/],
    [Array(1001).fill("hang-up").join("\n"), /1001 steps; at most 1000/],
  ])("call script: %j is refused with what is wrong and where", (text, message) => {
    expect(() => parseScript(text)).toThrow(message);
  });

  test("call script: speech is loaded once before the call, and what cannot be loaded stops it", async () => {
    const steps = parseScript("say Hello\nbarge-in 10 play a.wav\nhang-up");
    const script = await prepareScript(steps, async (source) => new Int16Array(source.type === "text" ? 3 : 5));
    expect(script).toEqual([
      { type: "play", clip: { label: "Hello", samples: new Int16Array(3) } },
      { type: "barge-in", afterMs: 10, clip: { label: "a.wav", samples: new Int16Array(5) } },
      { type: "hang-up" },
    ]);
    await expect(prepareScript(steps, () => Promise.reject(new Error("a.wav is missing")))).rejects.toThrow("missing");
  });
});

describe("script player", () => {
  const clip = { label: "hello", samples: new Int16Array(400).fill(1000) };
  const silent = { speakingSinceMs: undefined, voicedUntilMs: undefined };

  /** Runs a script until the given time; what the agent does comes from `agent`. Gives acts by slot. */
  function run(script: CallScript, untilMs: number, agent = (_: number): typeof silent | object => silent) {
    const player = new ScriptPlayer(script);
    const out = new Int16Array(160);
    const acts: string[] = [];
    for (let nowMs = 0; nowMs < untilMs; nowMs += 20) {
      const act = player.slot(nowMs, { ...silent, ...agent(nowMs) }, out);
      if (act.began) acts.push(`${nowMs} began ${act.began.clip.label}${act.began.bargeIn ? " over the agent" : ""}`);
      if (act.ended) acts.push(`${nowMs} ended`);
      if (act.digit) acts.push(`${nowMs} key ${act.digit}`);
      if (act.hangUp) acts.push(`${nowMs} hang-up`);
      if (act.fault) acts.push(`${nowMs} ${act.fault}`);
    }
    return acts;
  }

  test("script player: plays a clip in 20 ms slots, presses keys one after the other, waits, hangs up", () => {
    const script: CallScript = [
      { type: "play", clip },
      { type: "dtmf", digits: "1#" },
      { type: "wait", ms: 100 },
      { type: "hang-up" },
    ];
    expect(run(script, 1000)).toEqual(["0 began hello", "40 ended", "60 key 1", "260 key #", "400 hang-up"]);
  });

  test("script player: the agent has finished when he spoke and was silent long enough", () => {
    const script: CallScript = [{ type: "wait-for-agent", quietMs: 300 }, { type: "hang-up" }];
    const speaks = (nowMs: number) => (nowMs < 200 ? {} : { voicedUntilMs: Math.min(nowMs, 500) });
    expect(run(script, 2000, speaks)).toEqual(["820 hang-up"]);
  });

  test("script player: what the agent said before the caller's last words is no answer to them", () => {
    const script: CallScript = [
      { type: "wait", ms: 500 },
      { type: "play", clip },
      { type: "wait-for-agent", quietMs: 100 },
      { type: "hang-up" },
    ];
    expect(run(script, 3000, () => ({ voicedUntilMs: 300 }))).toEqual(["520 began hello", "560 ended"]);
  });

  test("script player: barges in once the agent has spoken long enough", () => {
    const script: CallScript = [{ type: "barge-in", afterMs: 300, clip }];
    const speaks = (nowMs: number) => (nowMs < 200 ? {} : { speakingSinceMs: 200, voicedUntilMs: nowMs });
    expect(run(script, 1000, speaks)).toEqual(["500 began hello over the agent", "540 ended"]);
  });

  test("script player: an agent who never speaks is a fault, and the script goes on", () => {
    const script: CallScript = [{ type: "wait-for-agent", quietMs: 100 }, { type: "hang-up" }];
    const acts = run(script, maxAgentWaitMs + 100);
    expect(acts[0]).toContain("step 1: the agent did not speak");
    expect(acts[1]).toContain("hang-up");
  });
});

import { beforeAll, describe, expect, test } from "vitest";
import {
  type AnswerInput,
  AnsweringMachine,
  type AnswerOrder,
  type AnswerVerdict,
} from "../../../src/media/talk/answering-machine.ts";
import type { AnsweringMachineOptions } from "../../../src/media/talk/answering-machine-options.ts";
import { type Answerer, answerers, businessPeople, joined, onLine, tone } from "../../kit/answer-corpus.ts";
import { SeededRandom } from "../../kit/seeded-random.ts";
import { speech } from "../../kit/speech.ts";

/** What our voice activity detector lags behind the first word, and behind the last. */
const vadLagMs = 180;
const vadStopLagMs = 220;

interface Heard {
  readonly verdicts: AnswerVerdict[];
  readonly orders: { readonly at: number; readonly order: AnswerOrder }[];
  readonly last: AnswerVerdict;
  readonly messageAt: number | undefined;
}

interface Play {
  readonly speechFromMs?: number;
  readonly speechToMs?: number;
  readonly options?: Partial<AnsweringMachineOptions>;
  /** Words recognised, by when. */
  readonly words?: readonly (readonly [number, string])[];
  readonly agentFromMs?: number;
}

/** Plays a line to a detector, frame by frame, until it has nothing more to tell. */
function play(pcm: Int16Array, { speechFromMs, speechToMs, options, words = [], agentFromMs }: Play = {}): Heard {
  const machine = new AnsweringMachine(0, options);
  const inputs: { at: number; input: AnswerInput }[] = words.map(([at, text]) => ({
    at,
    input: { type: "words", text },
  }));
  if (speechFromMs !== undefined) inputs.push({ at: speechFromMs + vadLagMs, input: { type: "speech-started" } });
  if (speechToMs !== undefined) inputs.push({ at: speechToMs + vadStopLagMs, input: { type: "speech-stopped" } });
  const orders: { at: number; order: AnswerOrder }[] = [];
  for (let from = 0, now = 20; from + 160 <= pcm.length; from += 160, now += 20) {
    for (const { at, input } of inputs) {
      if (at <= now - 20 || at > now) continue;
      for (const order of machine.handle(input, now)) orders.push({ at: now, order });
    }
    const agentAudible = agentFromMs !== undefined && now >= agentFromMs;
    for (const order of machine.frame(pcm.subarray(from, from + 160), agentAudible)) orders.push({ at: now, order });
  }
  const verdicts = orders.flatMap(({ order }) => (order.type === "verdict" ? [order.verdict] : []));
  const last = verdicts.at(-1);
  if (!last) throw new Error("no verdict at all");
  const messageAt = orders.findLast(({ order }) => order.type === "message-now")?.at;
  return { verdicts, orders, last, messageAt };
}

const line = { leadMs: 400, levelDbov: -22, noiseDbov: -62 };
const clean = (pcm: Int16Array, tailMs: number, seed = 1) => onLine(pcm, line, new SeededRandom(seed), tailMs);
const silence = (ms: number) => new Int16Array(ms * 8);

let everybody: readonly Answerer[] = [];
let business: readonly Answerer[] = [];
beforeAll(async () => {
  everybody = await answerers();
  business = await businessPeople();
}, 60_000);

describe("answering machine detection, on recorded and synthetic voices over G.711", () => {
  test("tells people from machines, first verdict within 800 ms, message after the beep", () => {
    const random = new SeededRandom(2026);
    const table = { human: { human: 0, machine: 0, unknown: 0 }, machine: { human: 0, machine: 0, unknown: 0 } };
    const firstAt: number[] = [];
    const wrong: string[] = [];
    const greetDelays: number[] = [];
    const messages = { afterBeep: 0, tooEarly: 0, later: 0, none: 0 };
    for (let round = 0; round < 3; round++) {
      for (const { name, kind, pieces } of everybody) {
        const levelDbov = random.int(-38, -14);
        const noiseDbov = Math.min(levelDbov - 15, random.int(-75, -50));
        const leadMs = random.int(0, 1200);
        const body = joined(pieces);
        const isMachine = kind === "machine";
        const spoken = onLine(body, { leadMs, levelDbov, noiseDbov }, random, isMachine ? random.int(200, 1500) : 4500);
        const beepDbov = random.int(Math.max(-33, noiseDbov + 20), -9);
        const beep = tone(random.int(400, 1900), random.int(120, 900), beepDbov);
        const beepOnLine = { leadMs: 0, levelDbov: beepDbov, noiseDbov };
        const pcm = isMachine ? joined([spoken, onLine(beep, beepOnLine, random, 3000)]) : spoken;
        const beepEndsAt = (spoken.length + beep.length) / 8;
        const { verdicts, last, orders, messageAt } = play(pcm, { speechFromMs: leadMs });
        firstAt.push(verdicts[0]!.atMs);
        table[kind][last.kind]++;
        if (!last.isFinal) wrong.push(`${name}: never decided`);
        if (last.kind !== kind) wrong.push(`${kind} ${name} (lead ${leadMs}, ${levelDbov} over ${noiseDbov} dBov)`);
        const greetedAt = orders.find(({ order }) => order.type === "verdict" && order.verdict.kind === "human")?.at;
        if (kind === "human" && pieces.length === 1) greetDelays.push(greetedAt! - leadMs - body.length / 8);
        if (kind === "machine" && last.kind === "machine") {
          if (messageAt === undefined) messages.none++;
          else if (messageAt < beepEndsAt - 20) messages.tooEarly++;
          else if (messageAt <= beepEndsAt + 100) messages.afterBeep++;
          else messages.later++;
        }
      }
    }
    const right = table.human.human + table.machine.machine;
    const share = right / firstAt.length;
    greetDelays.sort((a, b) => a - b);
    const percentile = (p: number) => Math.round(greetDelays[Math.floor((greetDelays.length - 1) * p)]!);
    const report = [
      JSON.stringify(table),
      `${(share * 100).toFixed(1)} % right of ${firstAt.length}`,
      `greeting after the last sound: ${percentile(0.5)} ms (median), ${percentile(0.9)} ms (p90)`,
      `messages: ${JSON.stringify(messages)}`,
      ...wrong,
    ].join("\n");
    if (process.env.SHOW) console.log(report);
    expect(Math.max(...firstAt), report).toBeLessThanOrEqual(800);
    expect(share, report).toBeGreaterThanOrEqual(0.95);
    // A person who is hung up on is worse than a machine that is talked to.
    expect(table.human.machine, report).toBe(0);
    expect(percentile(0.5), report).toBeLessThanOrEqual(100);
    expect(messages.afterBeep / table.machine.machine, report).toBeGreaterThanOrEqual(0.95);
  }, 60_000);

  test("a person with a machine's long greeting is taken for one, unless his words come in time", () => {
    const wanted = business.map(({ pieces }) => {
      const body = joined(pieces);
      const pcm = clean(body, 4500);
      const spokenBy = line.leadMs + body.length / 8;
      const bySound = play(pcm, { speechFromMs: line.leadMs }).last.kind;
      const options = { surelyMachineMs: 6000, decideWithinMs: 8000 };
      const words = [[spokenBy + 300, "how can i help you"]] as const;
      return [bySound, play(pcm, { speechFromMs: line.leadMs, options, words }).last.kind];
    });
    expect(wanted.filter(([bySound]) => bySound === "machine").length / wanted.length).toBeGreaterThan(0.5);
    expect(wanted.map(([, withWords]) => withWords)).toEqual(wanted.map(() => "human"));
  });
});

describe("answering machine detection", () => {
  test("nobody says anything: unknown at once, and in the end", () => {
    const { verdicts } = play(onLine(silence(5000), { ...line, leadMs: 0 }, new SeededRandom(4)), {});
    expect(verdicts.map(({ kind, isFinal }) => [kind, isFinal])).toEqual([
      ["unknown", false],
      ["unknown", true],
    ]);
    expect(verdicts[0]?.atMs).toBeLessThanOrEqual(800);
    expect(verdicts[1]?.atMs).toBe(4000);
  });

  test("a line that sends nothing at all is judged by the wall's clock", () => {
    const machine = new AnsweringMachine(1000);
    const orders: AnswerOrder[] = [];
    const at: number[] = [];
    for (let now = 1000; machine.deadline !== undefined && now < 10_000; now += 20) {
      if (machine.deadline > now) continue;
      for (const order of machine.handle({ type: "timeout" }, now)) {
        orders.push(order);
        at.push(now - 1000);
      }
    }
    expect(orders.map((order) => order.type === "verdict" && order.verdict.kind)).toEqual(["unknown", "unknown"]);
    expect(at[0]).toBeLessThanOrEqual(800);
    expect(at[1]).toBeLessThanOrEqual(4120);
    expect(machine.deadline).toBeUndefined();
  });

  test("a steady hiss, a click and a hum are nobody", () => {
    const random = new SeededRandom(5);
    const hiss = onLine(silence(5000), { leadMs: 0, levelDbov: -20, noiseDbov: -42 }, random);
    const click = onLine(joined([1000, tone(3000, 40, -12), 4000]), { ...line, leadMs: 0 }, random);
    const hum = onLine(tone(100, 5000, -40), { leadMs: 0, levelDbov: -40, noiseDbov: -60 }, random);
    for (const [name, pcm] of Object.entries({ hiss, click, hum })) expect(play(pcm).last.kind, name).toBe("unknown");
  });

  test("ringback that goes on after the answer is nobody; the hello after it is somebody", () => {
    const american = joined([tone(440, 1200, -22, 480), 800]);
    const european = joined([tone(425, 1000, -20), 900]);
    for (const ringback of [american, european]) {
      const pcm = onLine(joined([ringback, speech("hello")]), { ...line, leadMs: 0 }, new SeededRandom(6), 3000);
      const { last, orders } = play(pcm, { speechFromMs: 2000 });
      expect(last.kind).toBe("human");
      expect(orders.some(({ order }) => order.type === "beep")).toBe(false);
    }
  });

  test("special information tones and fax machines are machines that take no message", () => {
    const information = joined([
      tone(950, 330, -20),
      tone(1400, 330, -20),
      tone(1800, 330, -20),
      500,
      speech("ss-noservice"),
    ]);
    const called = tone(2100, 3000, -20);
    const calling = joined([tone(1100, 500, -20), 3000]);
    for (const [reason, pcm] of [
      ["network-tones", information],
      ["fax", called],
      ["fax", calling],
    ] as const) {
      const { last, messageAt } = play(clean(pcm, 3000));
      expect([last.kind, last.reason, last.isFinal]).toEqual(["machine", reason, true]);
      expect(messageAt).toBeUndefined();
    }
  });

  test("a machine without a greeting is known by its beep", () => {
    const { last, messageAt } = play(clean(joined([600, tone(1000, 500, -18)]), 2000));
    expect([last.kind, last.reason]).toEqual(["machine", "beep"]);
    expect(messageAt).toBe(last.atMs);
  });

  test("a key that is pressed is no beep", () => {
    const pcm = clean(joined([speech("hello"), 300, tone(770, 150, -18, 1336)]), 3000);
    expect(play(pcm, { speechFromMs: line.leadMs }).last.kind).toBe("human");
  });

  test.each([
    "Please leave a message after the tone.",
    "you've reached the voicemail of",
    "hinterlassen Sie eine Nachricht",
    "Laissez un message après le bip",
    "Deje su mensaje después del tono",
  ])("words of a machine settle it at once: %s", (text) => {
    const { last } = play(clean(speech("vm-intro"), 1000), { speechFromMs: line.leadMs, words: [[900, text]] });
    expect(last).toMatchObject({ kind: "machine", reason: "words", atMs: 880, isFinal: true });
  });

  test("a pause in a machine's greeting is not its end, two seconds of silence are", () => {
    const greeting = joined([
      speech("vm-theperson"),
      speech("digits/5"),
      1400,
      speech("vm-isunavail"),
      speech("vm-intro"),
    ]);
    const { messageAt, orders } = play(clean(greeting, 4000), { speechFromMs: line.leadMs });
    const end = line.leadMs + greeting.length / 8;
    expect(messageAt! - end).toBeGreaterThan(1400);
    expect(messageAt! - end).toBeLessThan(2200);
    expect(orders.filter(({ order }) => order.type === "message-now")).toHaveLength(1);
  });

  test("a beep that comes after the silence has the message begin again", () => {
    const pcm = clean(joined([speech("vm-intro"), 3500, tone(1400, 400, -18)]), 2000);
    const reasons = play(pcm, { speechFromMs: line.leadMs }).orders.flatMap(({ order }) =>
      order.type === "message-now" ? [order.reason] : [],
    );
    expect(reasons).toEqual(["silence", "beep"]);
  });

  test("a machine that never ends is spoken to after 40 s", () => {
    const pcm = clean(joined([speech("demo-instruct")]), 0);
    const told = play(pcm, { speechFromMs: line.leadMs, options: { messageByMs: 20_000 } }).orders.at(-1);
    expect(told).toMatchObject({ at: 20_000, order: { type: "message-now", reason: "limit" } });
  });

  test("what comes back while we speak ourselves changes nothing", () => {
    const echo = speech("vm-intro").map((sample) => sample >> 3);
    const pcm = clean(joined([speech("hello"), 400, echo]), 2000);
    const times = { speechFromMs: line.leadMs, speechToMs: line.leadMs + 700, agentFromMs: line.leadMs + 1100 };
    const { verdicts, last } = play(pcm, times);
    expect(last).toMatchObject({ kind: "human", isFinal: true });
    expect(verdicts.some(({ kind }) => kind === "machine")).toBe(false);
  });

  test("a line that alternates is not reported for ever", () => {
    const stutter = joined(Array.from({ length: 16 }, () => [speech("digits/2").slice(800, 2400), 140]).flat());
    const { verdicts } = play(clean(stutter, 500), {
      speechFromMs: line.leadMs,
      options: { machineMs: 90_000, surelyMachineMs: 99_000 },
    });
    expect(verdicts.length).toBeGreaterThan(4);
    expect(verdicts.length).toBeLessThanOrEqual(9);
  });

  test("tells nothing after it is done", () => {
    const machine = new AnsweringMachine(0);
    machine.handle({ type: "words", text: "how can I help you" }, 100);
    expect(machine.done).toBe(true);
    expect([...machine.frame(silence(20), false), ...machine.handle({ type: "timeout" }, 99_000)]).toEqual([]);
  });
});

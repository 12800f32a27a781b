import { decodeG711, encodeG711, pcmuLaw } from "../../src/codecs/g711.ts";
import { Resampler } from "../../src/codecs/resampler.ts";
import { type FliteVoiceName, sharedFlite } from "../../src/media/ai/io/flite-voice.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { speech } from "./speech.ts";

/** Something that answers a telephone: pieces of 8 kHz speech, and pauses in ms between them. */
export interface Answerer {
  readonly name: string;
  readonly kind: "human" | "machine";
  readonly pieces: readonly (Int16Array | number)[];
}

/** How it reaches us. */
export interface Line {
  /** Silence before the first word. */
  readonly leadMs: number;
  /** RMS of the speech while it sounds, and of the white noise under it, in dBov. */
  readonly levelDbov: number;
  readonly noiseDbov: number;
}

/** A tone of one or two pitches: Int16Array, 8 kHz; `levelDbov` is its RMS. */
export function tone(hz: number, lengthMs: number, levelDbov: number, otherHz = 0, rampMs = 2): Int16Array {
  const pcm = new Int16Array(Math.round(lengthMs * 8));
  const amplitude = 32768 * 10 ** (levelDbov / 20) * (otherHz > 0 ? 1 : Math.SQRT2);
  for (let i = 0; i < pcm.length; i++) {
    const gain = Math.min(1, (i + 1) / (rampMs * 8), (pcm.length - i) / (rampMs * 8));
    const other = otherHz > 0 ? Math.sin((2 * Math.PI * otherHz * i) / 8000) : 0;
    pcm[i] = Math.round(gain * amplitude * (Math.sin((2 * Math.PI * hz * i) / 8000) + other));
  }
  return pcm;
}

/** Puts pieces (8 kHz samples, or pauses in ms) one after the other. */
export function joined(pieces: readonly (Int16Array | number)[]): Int16Array {
  const parts = pieces.map((piece) => (typeof piece === "number" ? new Int16Array(Math.round(piece * 8)) : piece));
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Speech without the silence around it; what is 35 dB under its loudest 20 ms is silence. */
export function trimmed(pcm: Int16Array): Int16Array {
  const energies = Array.from({ length: Math.floor(pcm.length / 160) }, (_, n) => energy(pcm, n * 160, 160));
  const gate = Math.max(...energies) / 10 ** 3.5;
  const first = energies.findIndex((one) => one > gate);
  const last = energies.findLastIndex((one) => one > gate);
  return pcm.slice(first * 160, (last + 1) * 160);
}

function energy(pcm: Int16Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i++) sum += (pcm[i] ?? 0) ** 2;
  return sum / length;
}

/** RMS of what sounds, in dBov: the mean over the frames that are within 25 dB of the loudest. */
function activeLevelDbov(pcm: Int16Array): number {
  const energies = Array.from({ length: Math.floor(pcm.length / 160) }, (_, n) => energy(pcm, n * 160, 160));
  const gate = Math.max(...energies) / 10 ** 2.5;
  const active = energies.filter((one) => one > gate);
  return 10 * Math.log10(active.reduce((sum, one) => sum + one, 0) / active.length / 32768 ** 2);
}

/** What the answerer sounds like at our end of a G.711 line: level, noise and μ-law, with a tail of silence. */
export function onLine(
  pcm: Int16Array,
  { leadMs, levelDbov, noiseDbov }: Line,
  random: SeededRandom,
  tailMs = 0,
): Int16Array {
  const lead = Math.round(leadMs * 8);
  const out = new Int16Array(lead + pcm.length + Math.round(tailMs * 8));
  const gain = 10 ** ((levelDbov - activeLevelDbov(pcm)) / 20);
  const noise = 32768 * 10 ** (noiseDbov / 20) * Math.sqrt(3);
  for (let i = 0; i < out.length; i++) {
    const spoken = i >= lead ? (pcm[i - lead] ?? 0) * gain : 0;
    out[i] = Math.max(-32768, Math.min(32767, Math.round(spoken + noise * (2 * random.next() - 1))));
  }
  const wire = new Uint8Array(out.length);
  encodeG711(pcmuLaw, out, wire);
  decodeG711(pcmuLaw, wire, out);
  return out;
}

const never = new AbortController().signal;

/** A sentence in one of flite's voices, without the silence around it; 8 kHz. */
async function spoken(text: string, voice: FliteVoiceName): Promise<Int16Array> {
  const { audio } = await sharedFlite().speak(text, voice, never);
  const wide = new Int16Array(audio.buffer, audio.byteOffset, audio.byteLength >> 1);
  const narrow = new Int16Array(Math.ceil(wide.length / 2) + 16);
  return trimmed(narrow.slice(0, new Resampler(16000, 8000).process(wide, narrow)));
}

const voices = ["rms", "slt", "kal16", "awb"] as const;

/** How people answer. */
const humanLines = [
  ["Hello?"],
  ["Hello."],
  ["Hi."],
  ["Yes?"],
  ["Yeah."],
  ["Hello, this is John."],
  ["John Smith."],
  ["Anna speaking."],
  ["Hello?", 1700, "Hello?"],
  ["Good morning."],
  ["Hey, what's up?"],
  ["Hello, who is this?"],
] as const;

/** How people answer whose greeting is as long as a machine's. */
const businessLines = [
  ["Good afternoon, Harbour Marine, this is Jane speaking, how can I help you?"],
  ["Thank you for calling the harbour office.", 200, "Who is this?"],
  ["Doctor Miller's practice, Susan speaking, can I help you?"],
] as const;

/** How machines do, sentence by sentence. */
const machineLines = [
  [
    "Hi, you've reached John Smith.",
    300,
    "I can't come to the phone right now.",
    350,
    "Please leave a message after the tone.",
  ],
  [
    "Hello.",
    450,
    "You have reached the voice mail of five five five, oh one two two.",
    400,
    "At the tone, please record your message.",
  ],
  ["Please leave your message after the beep."],
  ["The person you are calling is not available.", 500, "Please try again later."],
  ["Hi, this is Anna.", 400, "Sorry I missed your call.", 300, "Leave your name and number and I will call you back."],
  [
    "Your call has been forwarded to an automatic voice message system.",
    300,
    "Five five five oh one two two is not available.",
  ],
  [
    "Thank you for calling Harbour Marine.",
    350,
    "Our office is closed.",
    300,
    "Our hours are nine to five.",
    300,
    "Please leave a message.",
  ],
  ["You've reached the Smith family.", 500, "We are not at home.", 400, "You know what to do."],
] as const;

async function said(
  lines: readonly (readonly (string | number)[])[],
  kind: Answerer["kind"],
  by: readonly FliteVoiceName[] = voices,
): Promise<Answerer[]> {
  const all: Answerer[] = [];
  for (const line of lines) {
    for (const voice of by) {
      const pieces: (Int16Array | number)[] = [];
      for (const part of line) pieces.push(typeof part === "number" ? part : await spoken(part, voice));
      all.push({ name: `${voice}: ${line[0]}`, kind, pieces });
    }
  }
  return all;
}

/** Single words and short sayings of a recorded person. */
const recordedShort = [
  ["hello"],
  ["vm-no"],
  ["hello", 1500, "hello"],
  ["digits/today"],
  ["calling"],
  ["sorry"],
  ["goodbye"],
  ["letters/k"],
  ["phonetic/j_p"],
  ["phonetic/v_p"],
  ["hello", 150, "digits/day-3"],
  ["hello", 250, "phonetic/o_p"],
  ["letters/j", 60, "letters/d"],
  ["phonetic/c_p"],
  ["im-sorry"],
  ["hello-world"],
] as const;

/** Announcements and greetings put together from recorded prompts, as machines do it. */
const recordedLong = [
  ["vm-theperson", "digits/5", "digits/5", "digits/0", "digits/1", "vm-isunavail", "vm-intro"],
  ["vm-theperson", "digits/4", "digits/2", "vm-isonphone", "vm-leavemsg"],
  ["vm-intro"],
  ["vm-nobodyavail", "vm-leavemsg"],
  ["tt-allbusy"],
  ["queue-youarenext"],
  ["cannot-complete-as-dialed", "check-number-dial-again"],
  ["ss-noservice"],
  ["number-not-answering", "please-try-call-later"],
  ["demo-congrats"],
  ["demo-thanks"],
  ["hello", 500, "vm-theperson", "digits/6", "vm-isunavail", "vm-leavemsg"],
  ["dir-intro"],
  ["vm-rec-unv"],
  ["feature-not-avail-line"],
  ["im-sorry", 200, "number-not-answering", "vm-leavemsg"],
  ["pbx-invalid"],
  ["basic-pbx-ivr-main"],
  ["privacy-prompt"],
  ["followme/sorry", "vm-leavemsg"],
] as const;

function recorded(lines: readonly (readonly (string | number)[])[], kind: Answerer["kind"]): Answerer[] {
  return lines.map((line) => ({
    name: `recorded: ${line.filter((part) => typeof part === "string").join(" ")}`,
    kind,
    // Prompts carry some silence of their own, which is what machines play.
    pieces: line.map((part) =>
      typeof part === "number" ? part : kind === "human" ? trimmed(speech(part)) : speech(part),
    ),
  }));
}

/** Everybody who answers in the tests: recorded prompts of one person, sentences by four synthetic voices. */
export async function answerers(): Promise<Answerer[]> {
  return [
    ...recorded(recordedShort, "human"),
    ...(await said(humanLines, "human")),
    ...recorded(recordedLong, "machine"),
    ...(await said(machineLines, "machine", ["kal16", "slt"])),
  ];
}

/** People with long greetings, apart from the others: by sound alone they are machines. */
export function businessPeople(): Promise<Answerer[]> {
  return said(businessLines, "human", ["kal16", "slt"]);
}

/** Telephones of a gateway under test: entered through its API, held by baresip, judged by their tones. */
import { onTestFinished } from "vitest";
import { tone } from "../codecs/tone.ts";
import { isHeard, type Recognition, recognise } from "./audio-judge.ts";
import { type Baresip, startBaresip } from "./baresip.ts";
import { eventually, type Json } from "./gateway.ts";
import { toneAmplitude } from "./room-party.ts";
import type { SpeakingGateway } from "./trunks.ts";

/** How loud a telephone says its tone. */
const amplitude = 6000;
/** What must be left of it at the far end; anything else that is said stays far below. */
const audible = 2500;
const inaudible = 400;
const lookMs = 600;
const patienceMs = 15_000;

/** A telephone that says its tone in every call. */
export interface ToneParty {
  readonly number: string;
  /** What it says. */
  readonly hz: number;
  /** What it has heard, Int16Array, mono, 8 kHz. */
  heard(): Int16Array;
}

export interface TonePhone extends ToneParty {
  readonly phone: Baresip;
  /**
   * Resolves when baresip has printed this. One that was hung up shows "session closed"; one that hung up itself or passed its
   * call on shows "terminated", but not of a call of less than a second.
   */
  shows(text: string): Promise<void>;
}

/** A tone of half a minute, Int16Array, mono, 8 kHz. */
export function toneOf(hz: number): Int16Array {
  return tone(hz, 8000, 30 * 8000, amplitude);
}

/** Enters a telephone whose user name is its number, and starts baresip for it. `hz`: 0 for one that is silent. */
export async function pickUpPhone(
  { gateway, sipPort }: SpeakingGateway,
  number: string,
  hz: number,
  settings = "",
): Promise<TonePhone> {
  const entered = { username: number, number, password: `${number}-secret`, may_call: "any" };
  const { status, body } = await gateway.api("POST", "/phones", entered);
  if (status !== 201) throw new Error(`phone refused: ${JSON.stringify(body)}`);
  onTestFinished(async () => void (await gateway.api("DELETE", `/phones/${body.id}`)));
  const account = `<sip:${number}@127.0.0.1:${sipPort};transport=udp>;auth_pass=${number}-secret;regint=120${settings}`;
  const phone = await startBaresip(account, [], hz === 0 ? new Int16Array(8000) : toneOf(hz));
  onTestFinished(() => phone.quit());
  await eventually(`${number} has registered`, async () => {
    const found: Json = (await gateway.api("GET", `/phones/${body.id}`)).body;
    return found.registrations.length > 0 ? true : undefined;
  });
  return {
    number,
    hz,
    phone,
    heard: () => phone.heard(),
    shows: async (text) => {
      await eventually(
        `${number} shows "${text}"`,
        () => (phone.output().includes(text) ? true : undefined),
        patienceMs,
      );
    },
  };
}

/** Resolves when a party has heard a sentence; how well is for tests of the codecs, and not of a busy machine. `fromMs`: of what it has heard. */
export async function hearsSpeech(party: Pick<ToneParty, "heard">, sentence: Int16Array, fromMs = 0): Promise<void> {
  let found: Recognition | undefined;
  let judgedMs = 0;
  await eventually("the sentence is heard", () => {
    const heard = party.heard().subarray(fromMs * 8);
    // The model is in this process too: it must not stand still all the time.
    if (heard.length / 8 < judgedMs + 1000) return undefined;
    judgedMs = heard.length / 8;
    found = recognise(sentence, heard);
    return isHeard(found) ? true : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; found ${JSON.stringify(found)}`);
  });
}

/** How loud some tones are in what a telephone has heard just now. */
export function loudness(party: ToneParty, ...tonesHz: readonly number[]): number[] {
  const last = party.heard().subarray(-lookMs * 8);
  return tonesHz.map((hz) => (last.length < lookMs * 8 ? 0 : Math.round(toneAmplitude(last, hz, 8000))));
}

/** Resolves when a telephone hears these tones, at a good level, and none of the others. */
export async function hearsTones(
  party: ToneParty,
  tonesHz: readonly number[],
  others: readonly number[] = [],
  least = audible,
): Promise<void> {
  let found: number[] = [];
  await eventually(
    `${party.number} hears ${tonesHz.join(" and ")} Hz and nothing else`,
    () => {
      found = loudness(party, ...tonesHz, ...others);
      const hears = found.slice(0, tonesHz.length).every((one) => one > least);
      return hears && found.slice(tonesHz.length).every((one) => one < inaudible) ? true : undefined;
    },
    patienceMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; levels: ${found.join(", ")}`);
  });
}

/** Resolves when two telephones hear each other, and not themselves. */
export async function talkTogether(one: ToneParty, other: ToneParty): Promise<void> {
  await Promise.all([hearsTones(one, [other.hz], [one.hz]), hearsTones(other, [one.hz], [other.hz])]);
}

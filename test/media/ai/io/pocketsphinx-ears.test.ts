import { existsSync, readdirSync, statSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pcmu8k } from "../../../../src/codecs/format.ts";
import { encodeG711, pcmuLaw } from "../../../../src/codecs/g711.ts";
import { openEarsFolder } from "../../../../src/media/ai/io/ears-folder.ts";
import { PocketSphinx } from "../../../../src/media/ai/io/pocketsphinx.ts";
import { createPocketSphinxEars, prepareUtterance } from "../../../../src/media/ai/io/pocketsphinx-ears.ts";
import {
  findPocketSphinx,
  type PocketSphinxInstallation,
  readPronunciations,
} from "../../../../src/media/ai/io/pocketsphinx-files.ts";
import { speech } from "../../../kit/speech.ts";

const never = new AbortController().signal;

function mulaw(name: string): Uint8Array {
  const samples = speech(name);
  const bytes = new Uint8Array(samples.length);
  encodeG711(pcmuLaw, samples, bytes);
  return bytes;
}

function earsFolders(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("tandem-ears-"));
}

async function installed(): Promise<PocketSphinxInstallation> {
  const found = await findPocketSphinx();
  if (!found) throw new Error('PocketSphinx is missing: "apt-get install pocketsphinx pocketsphinx-en-us"');
  return found;
}

const menu = {
  grammar: [
    "one",
    "two",
    "three",
    "four",
    "hear about Tandem",
    "read back digits",
    "leave a message",
    "message",
    "goodbye",
  ],
};

describe("pocketsphinx ears", { timeout: 30_000 }, () => {
  let recogniser: PocketSphinx;
  beforeAll(async () => {
    recogniser = new PocketSphinx(await installed());
  });
  afterAll(() => recogniser.close());

  test.each([
    ["digits/1", "one"],
    ["digits/2", "two"],
    ["digits/3", "three"],
    ["digits/4", "four"],
    ["vm-goodbye", "goodbye"],
    ["vm-message", "message"],
  ])("pocketsphinx ears: understand the recorded human prompt %s as a menu entry", async (prompt, words) => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    expect(await ears.transcribe(mulaw(prompt), { hint: menu, signal: never })).toEqual({ text: words });
  });

  test("pocketsphinx ears: speech that is not on the menu is heard as open speech, not bent to an entry", async () => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    const { text } = await ears.transcribe(mulaw("one-moment-please"), { hint: menu, signal: never });
    expect(text).toBe("one moment please");
  });

  test("pocketsphinx ears: understand open speech of a recorded prompt", async () => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    expect(await ears.transcribe(mulaw("please-try-again"), { signal: never })).toEqual({ text: "please try again" });
  });

  test("pocketsphinx ears: understand spoken digits", async () => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    const pieces = ["digits/9", "digits/1", "digits/0"].map(mulaw);
    const utterance = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    expect(await ears.transcribe(utterance, { hint: { digits: true }, signal: never })).toEqual({
      text: "nine one zero",
    });
  });

  test("pocketsphinx ears: a sound too short for a word is nothing", async () => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    expect(await ears.transcribe(mulaw("digits/1").subarray(0, 800), { signal: never })).toEqual({ text: "" });
  });

  test("pocketsphinx ears: a cancelled utterance is rejected and the next one is understood", async () => {
    const ears = createPocketSphinxEars(recogniser, pcmu8k);
    const controller = new AbortController();
    const cancelled = ears.transcribe(mulaw("digits/4"), { hint: menu, signal: controller.signal });
    const next = ears.transcribe(mulaw("digits/3"), { hint: menu, signal: never });
    controller.abort();
    await expect(cancelled).rejects.toThrow("aborted");
    expect(await next).toEqual({ text: "three" });
    ears.close();
    ears.close();
    await expect(ears.transcribe(mulaw("digits/3"), { hint: menu, signal: never })).rejects.toThrow("aborted");
  });
});

describe("pocketsphinx", { timeout: 30_000 }, () => {
  test("pocketsphinx: utterances lie in a folder of our own and are gone once decoded; close removes the folder", async () => {
    const before = earsFolders();
    const recogniser = new PocketSphinx(await installed());
    await recogniser.recognise(await prepareUtterance(mulaw("digits/1"), pcmu8k), menu, never);
    const [name] = earsFolders().filter((folder) => !before.includes(folder));
    const folder = join(tmpdir(), name!);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).filter((file) => file.endsWith(".raw"))).toEqual([]);
    recogniser.close();
    recogniser.close();
    expect(existsSync(folder)).toBe(false);
    expect(recogniser.children).toBe(0);
  });

  test("pocketsphinx: keeps a few grammars, the last used ones, and ends idle processes", async () => {
    const recogniser = new PocketSphinx(await installed(), { maxGrammars: 2, idleMs: 150 });
    const audio = await prepareUtterance(mulaw("digits/1"), pcmu8k);
    for (const word of ["monday", "tuesday", "wednesday"]) {
      await recogniser.recognise(audio, { grammar: [word] }, never);
      expect(recogniser.children).toBeLessThanOrEqual(2);
    }
    expect(recogniser.children).toBeGreaterThan(0);
    await expect.poll(() => recogniser.children, { timeout: 5_000 }).toBe(0);
    recogniser.close();
  });

  test("pocketsphinx: a menu of words nobody can pronounce is heard as open speech", async () => {
    const recogniser = new PocketSphinx(await installed());
    const audio = await prepareUtterance(mulaw("please-try-again"), pcmu8k);
    expect(await recogniser.recognise(audio, { grammar: ["\u4e00", "  "] }, never)).toBe("please try again");
    recogniser.close();
  });

  test("pocketsphinx: the dictionary gives all pronunciations of the words it has", async () => {
    const { lines, known } = await readPronunciations((await installed()).dict, ["a", "tandem", "qwertzuiop"]);
    expect([...known].sort()).toEqual(["a", "tandem"]);
    expect(lines.match(/^a(\(2\))? /gm)).toHaveLength(2);
  });
});

describe("pocketsphinx in trouble", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tandem-test-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A stand-in for the program that runs the given shell script. */
  async function fake(script: string): Promise<PocketSphinxInstallation> {
    const program = join(folder, `fake-${Math.abs(hash(script))}`);
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    return { program, hmm: "-", lm: "-", dict: "-" };
  }

  const hash = (text: string) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7);
  const audio = new Uint8Array(3200);

  test("pocketsphinx: a silent process is ended, and a new one answers the next utterance", async () => {
    const marker = join(folder, "ran-before");
    const script = `if [ -e ${marker} ]; then read id; echo "good again ($id -100)"; read id; fi; : > ${marker}; sleep 20`;
    const recogniser = new PocketSphinx(await fake(script), { silenceMs: 150 });
    await expect(recogniser.recognise(audio, undefined, never)).rejects.toMatchObject({ kind: "timeout" });
    expect(await recogniser.recognise(audio, undefined, never)).toBe("good again");
    recogniser.close();
  });

  test("pocketsphinx: a process that dies rejects its utterance only", async () => {
    const script = `read id; echo "first ($id -100)"; read id; exit 3`;
    const recogniser = new PocketSphinx(await fake(script));
    expect(await recogniser.recognise(audio, undefined, never)).toBe("first");
    await expect(recogniser.recognise(audio, undefined, never)).rejects.toMatchObject({ kind: "provider" });
    expect(await recogniser.recognise(audio, undefined, never)).toBe("first");
    recogniser.close();
  });

  test("pocketsphinx: a program that can not be started is a failure, not a crash", async () => {
    const recogniser = new PocketSphinx({ program: join(folder, "nothing"), hmm: "-", lm: "-", dict: "-" });
    await expect(recogniser.recognise(audio, undefined, never)).rejects.toMatchObject({ kind: "provider" });
    recogniser.close();
  });

  test("pocketsphinx: refuses when too many utterances wait", async () => {
    const recogniser = new PocketSphinx(await fake("sleep 20"), { maxPending: 1 });
    const waiting = recogniser.recognise(audio, undefined, never);
    await expect(recogniser.recognise(audio, undefined, never)).rejects.toMatchObject({ kind: "overflow" });
    recogniser.close();
    await expect(waiting).rejects.toThrow("closed");
  });

  test("ears folder: those of killed processes are removed, those of living ones stay", async () => {
    const dead = join(folder, "tandem-ears-999999999-abc");
    const alive = join(folder, `tandem-ears-${process.pid}-abc`);
    await mkdir(dead);
    await writeFile(join(dead, "u1.raw"), "words");
    await mkdir(alive);
    const opened = await openEarsFolder(folder);
    expect([existsSync(dead), existsSync(alive), existsSync(opened.path)]).toEqual([false, true, true]);
    opened.remove();
    opened.remove();
    expect(existsSync(opened.path)).toBe(false);
  });

  test("pocketsphinx: is not found where program or model are missing", async () => {
    expect(await findPocketSphinx(folder)).toBeUndefined();
    expect(await findPocketSphinx(process.env.PATH, folder)).toBeUndefined();
  });
});

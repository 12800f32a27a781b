import { constants, createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Where PocketSphinx and its US English model lie. */
export interface PocketSphinxInstallation {
  readonly program: string;
  /** Folder of the acoustic model. */
  readonly hmm: string;
  /** Language model. */
  readonly lm: string;
  /** Pronunciation dictionary. */
  readonly dict: string;
}

/** What brings the local ears on Debian. */
export const pocketSphinxPackages = "pocketsphinx pocketsphinx-en-us";

const debianModelFolder = "/usr/share/pocketsphinx/model/en-us";

/** Looks for the program on the path and for the model where Debian puts it; undefined when a piece is missing. */
export async function findPocketSphinx(
  searchPath: string = process.env.PATH ?? "",
  modelFolder: string = debianModelFolder,
): Promise<PocketSphinxInstallation | undefined> {
  const candidates = searchPath.split(delimiter).map((folder) => join(folder, "pocketsphinx_batch"));
  for (const program of candidates) {
    if (!(await isAccessible(program, constants.X_OK))) continue;
    const installation = {
      program,
      hmm: join(modelFolder, "en-us"),
      lm: join(modelFolder, "en-us.lm.bin"),
      dict: join(modelFolder, "cmudict-en-us.dict"),
    };
    const files = [join(installation.hmm, "mdef"), installation.lm, installation.dict];
    const found = await Promise.all(files.map((file) => isAccessible(file, constants.R_OK)));
    return found.every(Boolean) ? installation : undefined;
  }
  return undefined;
}

async function isAccessible(path: string, mode: number): Promise<boolean> {
  try {
    await access(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** The dictionary's lines for the given words, all pronunciations (`word`, `word(2)` …), and which words it has. */
export async function readPronunciations(
  dict: string,
  words: readonly string[],
): Promise<{ readonly lines: string; readonly known: ReadonlySet<string> }> {
  const wanted = new Set(words);
  const known = new Set<string>();
  let lines = "";
  let rest = "";
  // Read in chunks, so that audio gets its turn between them.
  for await (const chunk of createReadStream(dict, "utf8")) {
    const complete = (rest + chunk).split("\n");
    rest = complete.pop() ?? "";
    for (const line of complete) {
      const end = line.search(/[ (]/);
      const word = end < 0 ? line : line.slice(0, end);
      if (!wanted.has(word)) continue;
      known.add(word);
      lines += `${line}\n`;
    }
  }
  return { lines, known };
}

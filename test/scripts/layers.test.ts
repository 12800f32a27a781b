import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";

const script = join(import.meta.dirname, "..", "..", "scripts", "layers.mjs");

/** Runs the check on a made-up tree of files, or on our own. */
function check(files?: Readonly<Record<string, string>>): { status: number | null; breaches: string; summary: string } {
  const folder = files && mkdtempSync(join(tmpdir(), "tandem-layers-"));
  for (const [file, text] of Object.entries(files ?? {})) {
    const path = join(String(folder), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  if (folder) onTestFinished(() => rmSync(folder, { recursive: true }));
  const run = spawnSync(process.execPath, [script, ...(folder ? [folder] : [])], { encoding: "utf8" });
  return { status: run.status, breaches: run.stderr.trim(), summary: run.stdout.trim() };
}

describe("layer check", () => {
  test("layers: our own tree has no breach", () => {
    const { status, breaches, summary } = check();
    expect(breaches).toBe("");
    expect(summary).toMatch(/^layers: [0-9]{3,} files, 0 breaches$/);
    expect(status).toBe(0);
  });

  test.each([
    ["kit imports nothing above it", "kit/a.ts", 'import { b } from "../codecs/b.ts";', "kit may import nothing"],
    ["codecs know no media", "codecs/a.ts", 'import { b } from "../media/b.ts";', "codecs may import kit"],
    ["media does not know control", "media/a.ts", 'import { b } from "../control/b.ts";', "media may import"],
    ["media does not know SIP", "media/talk/a.ts", 'import { b } from "../../sip/b.ts";', "media may import"],
    ["SIP does not know media", "sip/a.ts", 'import { b } from "../media/b.ts";', "sip may import kit"],
    [
      "control takes only types of the protocol",
      "control/calls/a.ts",
      'import { b } from "../../media/protocol.ts";',
      "control may import",
    ],
    [
      "control takes no types of the media plane's inside",
      "control/calls/a.ts",
      'import type { B } from "../../media/talk/b.ts";',
      "control may import",
    ],
    [
      "streams and AI providers never meet",
      "media/streams/a.ts",
      'import type { B } from "../ai/b.ts";',
      "meet in media/talk only",
    ],
    [
      "a dialect does not reach the store",
      "control/dialects/native/a.ts",
      'import { b } from "../../store/b.ts";',
      "control/dialects may import",
    ],
    [
      "the store knows nobody",
      "control/store/a.ts",
      'import { b } from "../service/b.ts";',
      "control/store may import",
    ],
    ["nothing is imported from outside", "kit/a.ts", 'import { b } from "../../bench/b.ts";', "outside src"],
    ["a folder without a layer", "stuff/a.ts", 'import { b } from "../kit/b.ts";', "in no layer"],
    ["a re-export counts", "kit/a.ts", 'export { b } from "../codecs/b.ts";', "kit may import nothing"],
    ["a lazy import counts", "kit/a.ts", 'const b = await import("../codecs/b.ts");', "kit may import nothing"],
    [
      "an import over several lines counts",
      "kit/a.ts",
      'import {\n  b,\n  c,\n} from "../codecs/b.ts";',
      "kit may import nothing",
    ],
    ["an import for its effect counts", "kit/a.ts", 'import "../codecs/b.ts";', "kit may import nothing"],
  ])("layers: %s", (_what, file, text, complaint) => {
    const { status, breaches } = check({ [file]: text });
    expect(breaches).toContain(`${file} imports`);
    expect(breaches).toContain(complaint);
    expect(status).toBe(1);
  });

  test.each([
    ["timers", "setTimeout(() => {}, 5);"],
    ["the clock", "const now = Date.now();"],
    ["the other clock", "const now = performance.now();"],
    ["today's date", "const now = new Date();"],
    ["dice", "const dice = Math.random();"],
    ["random bytes", 'import { randomBytes } from "node:crypto";'],
    ["sockets", 'import { connect } from "node:net";'],
    ["files", 'import { readFile } from "node:fs/promises";'],
    ["processes", 'import { fork } from "node:child_process";'],
    ["a library's sockets", 'import { WebSocket } from "ws";'],
    ["requests", 'const answer = await fetch("http://a.example");'],
  ])("layers: a core must not have %s, an io folder may", (_what, text) => {
    const core = check({ "media/talk/a.ts": text });
    expect(core.breaches).toContain("media/talk/a.ts:1 is a core");
    expect(core.status).toBe(1);
    expect(check({ "media/talk/io/a.ts": text })).toMatchObject({ status: 0, breaches: "" });
  });

  test("layers: what is allowed passes: types of the protocol, talk between the sides, entries, words in comments", () => {
    expect(
      check({
        "control/calls/a.ts": 'import type { B } from "../../media/protocol.ts";',
        "media/talk/a.ts": 'import { b } from "../streams/b.ts";\nimport { c } from "../ai/c.ts";',
        "main.ts": 'import { b } from "./media/talk/io/b.ts";\nsetTimeout(() => {}, 5);',
        "codecs/a.ts": '// Date.now() is for others\n/* Math.random() too */\nimport { b } from "../kit/b.ts";',
      }),
    ).toEqual({ status: 0, breaches: "", summary: "layers: 4 files, 0 breaches" });
  });
});

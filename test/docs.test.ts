import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { settings } from "../src/config.ts";

const root = join(import.meta.dirname, "..");

function markdownUnder(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => join(folder, name));
}

const pages = ["README.md", ...markdownUnder("docs")];
const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** What a heading is called in a link, as GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll("`", "")
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => anchor(heading));
}

/** Links and mentions of a page, each once. */
function found(page: string, pattern: RegExp): string[] {
  return [...new Set([...textOf(page).matchAll(pattern)].map((match) => match[1] ?? ""))];
}

describe.each(pages)("%s", (page) => {
  test("every link within the project leads to a file, and to a heading in it", () => {
    for (const link of found(page, /\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = "", heading] = link.split("#", 2);
      const target = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(root, target)), `${link} is not there`).toBe(true);
      if (heading !== undefined) expect(anchorsOf(target), `${link} has no such heading`).toContain(heading);
    }
  });

  test("every file named is there", () => {
    for (const path of found(page, /`((?:src|bench|test|docs|scripts)\/[\w./-]+)`/g)) {
      expect(existsSync(join(root, path)), `${path} is not there`).toBe(true);
    }
    // What is run from `dist` is built of a source at the same place.
    for (const path of found(page, /\bdist\/([\w./-]+)\.js\b/g)) {
      expect(existsSync(join(root, `${path}.ts`)), `dist/${path}.js has no source`).toBe(true);
    }
  });

  test("every setting named is one", () => {
    const variables = Object.values(settings).map(({ env }) => env as string);
    for (const name of found(page, /\b((?:TANDEM|OPENAI|TWILIO)_[A-Z0-9_]+)\b/g)) expect(variables).toContain(name);
  });

  test("every npm script named is one", () => {
    for (const name of found(page, /\bnpm run ([\w:-]+)/g)) expect(Object.keys(packageJson.scripts)).toContain(name);
  });
});

test("README: the table has every setting with its default, and no other", () => {
  const rows = [...textOf("README.md").matchAll(/^\| `([A-Z0-9_]+)` \| (.*?) \|/gm)];
  const told = Object.fromEntries(rows.map(([, name = "", value = ""]) => [name, value.replaceAll("`", "").trim()]));
  // The one that depends on the machine.
  const fallbackOf = ({ env, fallback }: { env: string; fallback: string }) =>
    env === "TANDEM_MEDIA_PROCESSES" ? "cores − 1" : fallback;
  const real = Object.values(settings).map((setting) => [setting.env, fallbackOf(setting)]);
  expect(told).toEqual(Object.fromEntries(real));
});

test("documentation: every page can be reached from the README", () => {
  const reached = new Set<string>();
  const visit = (page: string): void => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const link of found(page, /\]\((?!https?:)([^)\s#]+\.md)(?:#[^)\s]*)?\)/g)) {
      visit(relative(root, join(root, dirname(page), link)));
    }
  };
  visit("README.md");
  expect([...reached].sort()).toEqual([...pages].sort());
});

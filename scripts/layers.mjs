// Checks that imports follow the arrows of the architecture, and that sockets, timers, files, the clock and randomness
// stay in the folders that may have them. Prints each breach; exits 1 when there is one.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "src");

/** What each layer may import, besides itself. Longest prefix wins. `types`: only with `import type`. */
const arrows = [
  { from: "kit", to: [] },
  // What customers import: it knows nothing of us but the wire.
  { from: "client", to: [] },
  { from: "codecs", to: ["kit"] },
  { from: "sip", to: ["kit"] },
  { from: "media", to: ["codecs", "kit"] },
  { from: "control", to: ["sip", "kit"], types: ["media/protocol.ts", "media/ai/session.ts"] },
];
/** Folders that must not import each other. */
const strangers = ["media/rtp", "media/streams", "media/webrtc", "media/ai"];
/** Inside `control`. */
const controlArrows = {
  dialects: ["http", "service", "calls/call-control.ts"],
  http: ["service", "calls/call-control.ts", "dialects", "carriers", "webhooks"],
  service: ["calls", "exchange", "store", "carriers", "webhooks"],
  carriers: ["calls/call-control.ts", "http", "service"],
  webhooks: ["store"],
  calls: ["exchange"],
  exchange: [],
  store: [],
};
/** Files that may do anything: entries and settings. */
const entry = (file) => !file.includes("/") || file === "media/worker.ts" || file.startsWith("cli/");
const shell = (file) =>
  entry(file) || /(^|\/)io\//.test(file) || file.startsWith("control/http/") || file.startsWith("control/store/");
const impure = new RegExp(
  [
    String.raw`from "node:(net|dgram|tls|http|https|http2|fs|fs\/promises|child_process|worker_threads|timers|timers\/promises|perf_hooks|dns|dns\/promises)"`,
    String.raw`^\s*import\s+(?!type\b).*from "(ws|undici)"`,
    String.raw`\b(setTimeout|setInterval|setImmediate)\(`,
    String.raw`(^|[^\w.#])fetch\(`,
    String.raw`\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(`,
    String.raw`\bMath\.random\(|\b(randomBytes|randomUUID|randomInt|randomFillSync)\b.*from "node:crypto"|\bcrypto\.(random|getRandom)`,
  ].join("|"),
);

const breaches = [];
function* files(folder) {
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (item.isDirectory()) yield* files(path);
    else if (/\.(ts|js|mjs)$/.test(item.name)) yield path;
  }
}
const inside = (file, prefix) => file === prefix || file.startsWith(`${prefix}/`);

let count = 0;
for (const path of files(root)) {
  count++;
  const file = relative(root, path).split(sep).join("/");
  const text = readFileSync(path, "utf8");
  if (!shell(file)) {
    for (const [index, line] of text.split("\n").entries()) {
      if (!/^\s*(\*|\/\/|\/\*)/.test(line) && impure.test(line))
        breaches.push(`${file}:${index + 1} is a core and must not do: ${line.trim()}`);
    }
  }
  for (const match of text.matchAll(
    /^\s*(import|export)\b([^;"]*?)(?:from\s+)?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm,
  )) {
    const target = normalize(join(dirname(file), match[3] ?? match[4]))
      .split(sep)
      .join("/");
    const typesOnly = /^\s*type\b/.test(match[2] ?? "");
    const say = (why) => breaches.push(`${file} imports ${target}: ${why}`);
    if (entry(file)) continue;
    if (target.startsWith("..")) say("outside src");
    const arrow = arrows.find(({ from }) => inside(file, from));
    if (!arrow) {
      say("its folder is in no layer");
      continue;
    }
    const allowed = inside(target, arrow.from) || arrow.to.some((to) => inside(target, to));
    const asTypes = typesOnly && (arrow.types ?? []).some((to) => inside(target, to));
    if (!allowed && !asTypes) say(`${arrow.from} may import ${arrow.to.join(", ") || "nothing"}`);
    const side = strangers.find((folder) => inside(file, folder));
    const otherSide = strangers.find((folder) => inside(target, folder));
    if (side && otherSide && side !== otherSide) say(`${side} and ${otherSide} meet in media/talk only`);
    if (inside(file, "control") && inside(target, "control")) {
      const [, here] = file.split("/");
      const rest = target.slice("control/".length);
      const to = controlArrows[here] ?? [];
      if (!inside(rest, here) && !to.some((prefix) => inside(rest, prefix)))
        say(`control/${here} may import ${to.join(", ") || "nothing"}`);
    }
  }
}
for (const breach of breaches) console.error(breach);
console.log(`layers: ${count} files, ${breaches.length} breaches`);
process.exit(breaches.length > 0 ? 1 : 0);

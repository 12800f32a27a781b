// Keeps only this platform's binaries in node_modules, for an image that carries nothing it cannot run.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const modules = join(import.meta.dirname, "..", "node_modules");
const { platform, arch } = process;
const abi = process.versions.modules;

/** Removes what `keep` refuses in a folder; nothing happens when the folder is not there. */
function prune(folder, keep) {
  const path = join(modules, folder);
  if (!existsSync(path)) return;
  for (const name of readdirSync(path)) if (!keep(name)) rmSync(join(path, name), { recursive: true });
}

const uws = (name) => !name.endsWith(".node") || name === `uws_${platform}_${arch}_${abi}.node`;
prune("uWebSockets.js/binaries", uws);
prune("uWebSockets.js/dist", uws);
prune("onnxruntime-node/bin/napi-v6", (name) => name === platform);
prune(`onnxruntime-node/bin/napi-v6/${platform}`, (name) => name === arch);
for (const folder of ["bufferutil", "utf-8-validate"]) {
  prune(`${folder}/prebuilds`, (name) => name === `${platform}-${arch}`);
}
for (const folder of [
  "better-sqlite3/deps",
  "better-sqlite3/src",
  "better-sqlite3/build/Release/obj",
  "@discordjs/opus/deps",
  "@discordjs/opus/build-tmp-napi-v3",
]) {
  rmSync(join(modules, folder), { recursive: true, force: true });
}

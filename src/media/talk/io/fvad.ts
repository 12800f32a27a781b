import { Fvad } from "../vad-cheap.ts";

let loading: Promise<Fvad> | undefined;

/** Loads the WebRTC VAD's wasm module, once for the process. */
export function loadFvad(): Promise<Fvad> {
  loading ??= import("@echogarden/fvad-wasm").then(async ({ default: instantiate }) => new Fvad(await instantiate()));
  return loading;
}

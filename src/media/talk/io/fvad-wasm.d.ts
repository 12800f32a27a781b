/** The package ships no types; this is what we use of it. */
declare module "@echogarden/fvad-wasm" {
  import type { FvadModule } from "../vad-cheap.ts";

  const instantiate: () => Promise<FvadModule>;
  export default instantiate;
}

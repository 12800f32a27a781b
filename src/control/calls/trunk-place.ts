import type { TrunkBook } from "../exchange/trunk.ts";

/** Gives back the place that a call has taken on a trunk, once however often it is called. */
export function trunkPlace(trunks: Pick<TrunkBook, "release">, trunkId: string): () => void {
  let isHeld = true;
  return () => {
    if (isHeld) trunks.release(trunkId);
    isHeld = false;
  };
}

/** Several gateways on one database: which are alive, and who looks after what one leaves that is gone. */
import type { Clock } from "../../kit/clock.ts";
import type { Db } from "../store/database.ts";
import { deleteNode, nodesSeen, touchNode } from "../store/nodes.ts";

/** How often a gateway says that it is alive. */
export const beatEveryMs = 5_000;
/** A gateway that was silent for so long is gone. The clocks of all must agree within a part of it. */
export const silenceMs = 30_000;

/** This gateway among those on its database. */
export interface Nodes {
  /** Its name on what is under way in it; undefined: it is the only one. */
  readonly id: string | undefined;
  /** The others that are alive. */
  others(): Promise<ReadonlySet<string>>;
  /** Says that this one is alive, and has what those that are gone left open brought to its end. */
  beat(bury: (nodeId: string) => Promise<void>): Promise<void>;
  /** This one stops, and has left nothing open. */
  leave(): Promise<void>;
}

export function createNodes(db: Db, clock: Pick<Clock, "wall">, id: string): Nodes {
  return {
    id,
    others: async () => {
      const seen = await nodesSeen(db, "since", clock.wall() - silenceMs);
      return new Set(seen.filter((other) => other !== id));
    },
    beat: async (bury) => {
      await touchNode(db, id, clock.wall());
      const silentSince = clock.wall() - silenceMs;
      for (const gone of await nodesSeen(db, "before", silentSince)) {
        // Two may do this at once: everything has one ending, whoever writes it.
        await bury(gone);
        await deleteNode(db, gone, silentSince);
      }
    },
    leave: () => deleteNode(db, id),
  };
}

/** A gateway that has its database for itself: whatever is left open there is of a former life. */
export const alone: Nodes = {
  id: undefined,
  others: async () => new Set(),
  beat: async () => undefined,
  leave: async () => undefined,
};

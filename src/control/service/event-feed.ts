import type { OrgId } from "../../kit/ids.ts";
import type { Db } from "../store/database.ts";
import { readEvents, type StoredEvent } from "../store/events.ts";
import type { CallEvent } from "./calls/call-events.ts";

export interface EventFeedOptions {
  /** Live events kept for one follower that is slower than they come; past it, the follower reads the database again. */
  readonly maxWaiting: number;
  /** Events read from the database at a time. */
  readonly pageSize: number;
}

export const defaultEventFeedOptions = { maxWaiting: 1000, pageSize: 200 } as const satisfies EventFeedOptions;

/** What a follower wants. */
export interface FollowRequest {
  readonly orgId: OrgId;
  /** Only this call's events; undefined: all calls'. */
  readonly callId: string | undefined;
  /** Begin after this event, from the database; undefined: with what happens from now on. */
  readonly afterId: number | undefined;
  readonly signal: AbortSignal;
}

interface Follower {
  readonly orgId: OrgId;
  readonly callId: string | undefined;
  waiting: CallEvent[];
  /** Something may be in the database that is not in `waiting`. */
  behind: boolean;
  lastId: number;
  wake: () => void;
}

/**
 * Live events for those who follow, with no gap and no double: what is past comes from the database, what is new from
 * the writer, and the id joins the two. Memory per follower is bounded; nothing is lost by being slow.
 */
export class EventFeed {
  readonly #db: Db;
  readonly #options: EventFeedOptions;
  readonly #followers = new Set<Follower>();

  constructor(db: Db, options: EventFeedOptions = defaultEventFeedOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Tells what was committed, in the order of the ids; called by the writer alone. */
  publish(events: readonly StoredEvent[]): void {
    for (const follower of this.#followers) {
      for (const event of events as readonly CallEvent[]) {
        if (event.orgId !== follower.orgId) continue;
        if (follower.callId !== undefined && follower.callId !== event.callId) continue;
        if (follower.behind) break; // the database has it
        follower.waiting.push(event);
        if (follower.waiting.length > this.#options.maxWaiting) {
          follower.lastId = Math.max(follower.lastId, follower.waiting[0]!.id - 1);
          follower.waiting = [];
          follower.behind = true;
        }
      }
      follower.wake();
    }
  }

  /** Events in order, some at a time, until the signal aborts. */
  async *follow({ orgId, callId, afterId, signal }: FollowRequest): AsyncGenerator<readonly CallEvent[], void> {
    const follower: Follower = {
      orgId,
      callId,
      waiting: [],
      behind: afterId !== undefined,
      lastId: afterId ?? 0,
      wake: () => {},
    };
    const abort = () => follower.wake();
    signal.addEventListener("abort", abort);
    this.#followers.add(follower);
    try {
      while (!signal.aborted) {
        const events = follower.behind ? await this.#catchUp(follower) : takeWaiting(follower);
        if (events.length > 0) {
          follower.lastId = events[events.length - 1]!.id;
          yield events;
        } else if (!follower.behind && follower.waiting.length === 0) {
          await new Promise<void>((resolve) => {
            follower.wake = resolve;
          });
        }
      }
    } finally {
      this.#followers.delete(follower);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Whether a call has events after an id. */
  async hasAfter(orgId: OrgId, id: number, callId: string): Promise<boolean> {
    return (await readEvents(this.#db, orgId, id, 1, callId)).length > 0;
  }

  async #catchUp(follower: Follower): Promise<readonly CallEvent[]> {
    // Before the query starts: what commits from here on is in the page, in `waiting`, or in both.
    follower.behind = false;
    follower.waiting = [];
    const page = await readEvents(this.#db, follower.orgId, follower.lastId, this.#options.pageSize, follower.callId);
    if (page.length === this.#options.pageSize) follower.behind = true;
    return page as readonly StoredEvent[] as readonly CallEvent[];
  }
}

function takeWaiting(follower: Follower): readonly CallEvent[] {
  const events = follower.waiting.filter((event) => event.id > follower.lastId);
  follower.waiting = [];
  return events;
}

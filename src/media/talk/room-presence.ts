import type { RoomAgent } from "../protocol.ts";
import type { AgentPresence } from "./conversation-ports.ts";
import type { AgentPlace } from "./rooms.ts";

const presences = {
  speaks: "talks",
  listens: "listens",
  suspended: "away",
  leaves: undefined,
  none: undefined,
} as const satisfies Record<RoomAgent, AgentPresence | undefined>;

const places = {
  talks: "speaks",
  listens: "listens",
  away: "absent",
} as const satisfies Record<AgentPresence, AgentPlace>;

/** What a conversation does whose agent does this in a room; undefined: what it did before. */
export function presenceIn(agent: RoomAgent): AgentPresence | undefined {
  return presences[agent];
}

/** Where in a room an agent is who does this. */
export function placeOf(presence: AgentPresence): AgentPlace {
  return places[presence];
}

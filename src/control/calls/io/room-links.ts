import { type CallId, makeId, type RandomBytes } from "../../../kit/ids.ts";
import type { Logger } from "../../../kit/log.ts";
import type { MediaCommand, MediaEvent } from "../../../media/protocol.ts";
import { RoomStar } from "../room-star.ts";
import type { MediaProcesses } from "./media-processes.ts";

export interface RoomLinksOptions {
  readonly processes: Pick<MediaProcesses, "get">;
  readonly randomBytes: RandomBytes;
  readonly log: Logger;
}

/** Bytes of a link's secret. */
const tokenBytes = 16;

interface Room {
  readonly roomId: string;
  readonly star: RoomStar;
  /** The home of the links that are there. */
  home: number | undefined;
  /** The link with each other process. */
  readonly links: Map<number, Link>;
}

interface Link {
  readonly linkId: string;
  readonly room: Room;
  /** Home and other process. */
  readonly sides: readonly [Side, Side];
}

interface Side {
  readonly processId: number;
  /** Undefined: not known yet. */
  port: number | undefined;
}

/** Joins the rooms of one name in several media processes, so that their calls hear each other as in one. */
export class RoomLinks {
  readonly #options: RoomLinksOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #roomOf = new Map<CallId, Room>();
  readonly #links = new Map<string, Link>();

  constructor(options: RoomLinksOptions) {
    this.#options = options;
  }

  /** A call of this process goes to a room, or is there already. */
  joined(roomId: string, callId: CallId, processId: number): void {
    if (this.#roomOf.get(callId)?.roomId !== roomId) this.left(callId);
    const room = this.#rooms.get(roomId) ?? { roomId, star: new RoomStar(), home: undefined, links: new Map() };
    this.#rooms.set(roomId, room);
    this.#roomOf.set(callId, room);
    room.star.enter(callId, processId);
    this.#arrange(room);
  }

  /** A call is in no room any more. Twice is fine. */
  left(callId: CallId): void {
    const room = this.#roomOf.get(callId);
    if (!room) return;
    this.#roomOf.delete(callId);
    room.star.leave(callId);
    this.#arrange(room);
    if (room.star.isEmpty) this.#rooms.delete(room.roomId);
  }

  /** A media process reports of its side of a link. */
  mediaEvent(processId: number, event: Extract<MediaEvent, { readonly linkId: string }>): void {
    const link = this.#links.get(event.linkId);
    const side = link?.sides.find((one) => one.processId === processId);
    if (!link || !side) return;
    if (event.type === "link-opened") this.#opened(link, side, event.port);
    else this.#closed(link, event.reason);
  }

  /** Drops the links that nobody needs, and opens those that are missing. */
  #arrange(room: Room): void {
    const { star, links } = room;
    const { home, others } = star;
    for (const [other, link] of links) if (home !== room.home || !others.has(other)) this.#drop(link);
    room.home = home;
    if (home !== undefined) for (const other of others) if (!links.has(other)) this.#open(room, home, other);
  }

  #open(room: Room, home: number, other: number): void {
    const { randomBytes } = this.#options;
    const { roomId } = room;
    const linkId = makeId("link", randomBytes);
    const token = Buffer.from(randomBytes(tokenBytes)).toString("hex");
    const side = (processId: number): Side => ({ processId, port: undefined });
    const link: Link = { linkId, room, sides: [side(home), side(other)] };
    this.#links.set(linkId, link);
    room.links.set(other, link);
    this.#tellBoth(link, { type: "open-link", linkId, roomId, token });
  }

  /** Each side is told of the other's port when both are known. */
  #opened({ linkId, sides: [home, other] }: Link, side: Side, port: number): void {
    side.port = port;
    if (home.port === undefined || other.port === undefined) return;
    this.#tell(home, { type: "connect-link", linkId, port: other.port });
    this.#tell(other, { type: "connect-link", linkId, port: home.port });
  }

  #closed(link: Link, reason: "empty" | "failed"): void {
    const { linkId, room } = link;
    this.#drop(link);
    // Empty as that process sees it: another call may be on its way there.
    if (reason === "empty") this.#arrange(room);
    else this.#options.log.error({ linkId, roomId: room.roomId }, "two media processes of a room are not linked");
  }

  #drop(link: Link): void {
    const { linkId, room, sides } = link;
    this.#links.delete(linkId);
    const other = sides[1].processId;
    if (room.links.get(other) === link) room.links.delete(other);
    this.#tellBoth(link, { type: "close-link", linkId });
  }

  #tellBoth({ sides }: Link, command: MediaCommand): void {
    for (const side of sides) this.#tell(side, command);
  }

  #tell({ processId }: Side, command: MediaCommand): void {
    this.#options.processes.get(processId)?.send(command);
  }
}

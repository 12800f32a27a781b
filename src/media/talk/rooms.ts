import type { CallLeg } from "../leg.ts";
import type { RoomHearing } from "../protocol.ts";
import { AgentSeat } from "./agent-seat.ts";
import { LegSeat } from "./leg-seat.ts";
import { Room, type RoomMember, type RoomParty, roomVoices } from "./room.ts";
import { type RoomSounds, SoundParty } from "./room-sounds.ts";

/** Telephones of this process in one room; agents, music and links come on top. */
export const maxTelephones = 8;

/** What an agent does in a room; `absent`: neither hears nor speaks. */
export type AgentPlace = "speaks" | "listens" | "absent";

/** What a call brings into a room. */
export interface RoomGuest {
  /** The telephone's leg. */
  readonly leg: CallLeg;
  /** What the agent hears and speaks, whatever the leg does in a room. */
  readonly agentLeg: Pick<CallLeg, "inbound" | "outbound">;
  /** Bytes went out to the leg. */
  sent(payload: Uint8Array): void;
  /** What the agent hears, in its leg's format. */
  agentHears(payload: Uint8Array): void;
  /** A mark of the agent's playout came back. */
  mark(name: string): void;
  /** A broken rule in what was done for this call. */
  failed(error: unknown): void;
}

/** Who hears and is heard, by what a telephone hears. */
const places = {
  room: { voice: roomVoices.talk, hears: roomVoices.talk },
  music: { voice: 0, hears: roomVoices.music },
  ringback: { voice: 0, hears: roomVoices.ringback },
  nothing: { voice: 0, hears: 0 },
} as const satisfies Record<RoomHearing, { voice: number; hears: number }>;

/** What a room has elsewhere, in other media processes. */
export interface RoomLink {
  readonly party: RoomParty;
  /** A broken rule in what was done for it. */
  failed(error: unknown): void;
  /** No telephone is left here, so the link is over; `unlink` need not follow. */
  closed(): void;
}

interface OpenRoom {
  readonly room: Room;
  telephones: number;
  /** Sounds somebody has asked for. */
  readonly playing: Set<keyof RoomSounds>;
}

/** The rooms of a media process: made with their first call, gone with their last. One may be linked with its like elsewhere. */
export class Rooms {
  readonly #sounds: RoomSounds;
  readonly #rooms = new Map<string, OpenRoom>();
  /** Links by room, with their places where the room is there. */
  readonly #links = new Map<string, Map<RoomLink, RoomMember | undefined>>();

  constructor(sounds: RoomSounds) {
    this.#sounds = sounds;
  }

  /** No further telephone has a place there. */
  isFull(roomId: string): boolean {
    return (this.#rooms.get(roomId)?.telephones ?? 0) >= maxTelephones;
  }

  /** Gives a call a place in a room, which must not be full. */
  enter(roomId: string, guest: RoomGuest): RoomPlace {
    if (this.isFull(roomId)) throw new Error("Rooms: entered a full room");
    const open = this.#rooms.get(roomId) ?? this.#open(roomId);
    open.telephones++;
    return new RoomPlace(roomId, open.room, guest, {
      play: (sound) => this.#play(open, sound),
      left: () => {
        open.telephones--;
        if (open.telephones === 0) this.#close(roomId);
      },
    });
  }

  /** Links a room with the one of the same name elsewhere, from the first telephone on that is in it here. */
  link(roomId: string, link: RoomLink): void {
    const links = this.#links.get(roomId) ?? new Map<RoomLink, RoomMember | undefined>();
    this.#links.set(roomId, links);
    const open = this.#rooms.get(roomId);
    links.set(link, open && joinLink(open.room, link));
  }

  /** The link is over. Twice is fine. */
  unlink(roomId: string, link: RoomLink): void {
    const links = this.#links.get(roomId);
    const member = links?.get(link);
    if (member) this.#rooms.get(roomId)?.room.leave(member);
    links?.delete(link);
    if (links?.size === 0) this.#links.delete(roomId);
  }

  /** Once every 20 ms, when the legs have brought their frames. */
  tick(): void {
    for (const { room } of this.#rooms.values()) room.tick();
  }

  #open(roomId: string): OpenRoom {
    const open: OpenRoom = { room: new Room(), telephones: 0, playing: new Set() };
    this.#rooms.set(roomId, open);
    const links = this.#links.get(roomId);
    links?.forEach((_, link) => {
      links.set(link, joinLink(open.room, link));
    });
    return open;
  }

  #close(roomId: string): void {
    this.#rooms.delete(roomId);
    const links = this.#links.get(roomId);
    this.#links.delete(roomId);
    for (const link of links?.keys() ?? []) link.closed();
  }

  #play(open: OpenRoom, sound: keyof RoomSounds): void {
    if (open.playing.has(sound)) return;
    open.playing.add(sound);
    open.room.join(new SoundParty(this.#sounds[sound]), false, () => {}).voice = roomVoices[sound];
  }
}

/** A link says here what is said there, and hears all that is said here. */
function joinLink(room: Room, link: RoomLink): RoomMember {
  const member = room.join(link.party, true, (error) => link.failed(error));
  return Object.assign(member, places.room);
}

/** A call's place in a room: its telephone's seat, and its agent's while that is not absent. */
export class RoomPlace {
  readonly roomId: string;
  /** For the agent's side of the call. */
  readonly agentSeat: AgentSeat;
  readonly #room: Room;
  readonly #guest: RoomGuest;
  readonly #wideband: boolean;
  readonly #telephone: LegSeat;
  #telephoneMember: RoomMember | undefined;
  readonly #house: { play(sound: keyof RoomSounds): void; left(): void };
  #agentMember: RoomMember | undefined;
  #left = false;

  constructor(
    roomId: string,
    room: Room,
    guest: RoomGuest,
    house: { play(sound: keyof RoomSounds): void; left(): void },
  ) {
    this.roomId = roomId;
    this.#room = room;
    this.#guest = guest;
    this.#house = house;
    const { leg, agentLeg } = guest;
    this.#wideband = agentLeg.inbound.sampleRateHz > 8000;
    this.#telephone = new LegSeat(leg, (payload) => guest.sent(payload));
    this.agentSeat = new AgentSeat(agentLeg, {
      audio: (payload) => guest.agentHears(payload),
      mark: (name) => guest.mark(name),
    });
  }

  /** Audio from the telephone. */
  audio(payload: Uint8Array): void {
    this.#telephone.audio(payload);
  }

  /** Says what the telephone hears, and what the agent does; the first time they go in. */
  arrange(hears: RoomHearing, agent: AgentPlace): void {
    this.#telephoneMember ??= this.#join(this.#telephone);
    if (hears === "music" || hears === "ringback") this.#house.play(hears);
    Object.assign(this.#telephoneMember, places[hears]);
    if (agent === "absent") {
      this.agentLeaves();
      return;
    }
    this.#agentMember ??= this.#join(this.agentSeat);
    this.#agentMember.hears = roomVoices.talk;
    this.#agentMember.voice = agent === "speaks" ? roomVoices.talk : 0;
  }

  #join(party: RoomParty): RoomMember {
    return this.#room.join(party, this.#wideband, (error) => this.#guest.failed(error));
  }

  /** The call leaves; what its agent had not said is dropped. Twice is fine. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#telephoneMember) this.#room.leave(this.#telephoneMember);
    this.agentLeaves();
    this.#house.left();
  }

  /** The agent takes no part; what it had not said is dropped. */
  agentLeaves(): void {
    if (this.#agentMember) this.#room.leave(this.#agentMember);
    this.#agentMember = undefined;
    this.agentSeat.close();
  }
}

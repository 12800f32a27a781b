import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, makeId, type RandomBytes } from "../../../kit/ids.ts";
import { refuseBound } from "../call-bond.ts";
import type { Conference, ConferenceControl, ConferenceMember } from "../call-control.ts";
import type { CallBridges } from "./call-bridges.ts";
import type { CallWatcher, LiveCall } from "./live-call.ts";
import type { LiveCalls } from "./live-calls.ts";

/** Telephones that talk together; mixing more is nobody's conversation. */
const maxMembers = 8;

interface Place {
  readonly conferenceId: string;
  readonly call: LiveCall;
  readonly watcher: CallWatcher;
  member: ConferenceMember;
}

/** Conferences: calls in one room, each hearing all the others. */
export class ConferenceDesk implements ConferenceControl {
  readonly #live: LiveCalls;
  readonly #bridges: CallBridges;
  readonly #randomBytes: RandomBytes;
  readonly #conferences = new Map<string, Set<Place>>();
  /** The place of each call that is in one. */
  readonly #places = new Map<CallId, Place>();

  constructor(live: LiveCalls, bridges: CallBridges, randomBytes: RandomBytes) {
    this.#live = live;
    this.#bridges = bridges;
    this.#randomBytes = randomBytes;
  }

  /** Makes one of calls that talk; refuses all of it when one of them cannot join. */
  open(members: readonly ConferenceMember[]): Conference {
    const names = new Set(members.map(({ callId }) => callId));
    if (names.size < members.length) throw new GatewayError("invalid-request", "names a call twice", "members");
    const id = makeId("room", this.#randomBytes);
    const entrants = this.#entrants(id, members);
    if (entrants.size > maxMembers) throw full();
    this.#conferences.set(id, new Set());
    for (const [call, member] of entrants) this.#enter(id, call, member);
    return this.get(id);
  }

  get(id: string): Conference {
    return { id, members: [...this.#of(id)].map(({ member }) => member) };
  }

  list(): readonly Conference[] {
    return [...this.#conferences.keys()].map((id) => this.get(id));
  }

  /** Adds a call, or changes what the agent of one that is there does. */
  join(id: string, member: ConferenceMember): Conference {
    const places = this.#of(id);
    const isThere = this.#places.get(member.callId)?.conferenceId === id;
    const entrants = this.#entrants(id, [member]);
    if (!isThere && places.size + entrants.size > maxMembers) throw full();
    for (const [call, one] of entrants) this.#enter(id, call, one);
    return this.get(id);
  }

  /** Lets a call go; a conference that nobody is in any more is over. */
  leave(id: string, callId: CallId): Conference {
    const { members } = this.get(id);
    const place = this.#places.get(callId);
    if (place?.conferenceId !== id) throw new GatewayError("not-found", "the call is not in this conference");
    this.#forget(place);
    this.#live.send(callId, { type: "leave-room", callId });
    return { id, members: members.filter((member) => member.callId !== callId) };
  }

  #of(id: string): ReadonlySet<Place> {
    const places = this.#conferences.get(id);
    if (!places) throw new GatewayError("not-found", "there is no such conference");
    return places;
  }

  /** Who comes in: the calls that are named, and those they talk with, whom nobody is to lose by it. */
  #entrants(id: string, members: readonly ConferenceMember[]): Map<LiveCall, ConferenceMember> {
    const entrants = new Map(members.map((member) => [this.#checked(id, member.callId), member]));
    for (const { callId } of members) {
      const partner = this.#bridges.of(callId)?.partner;
      if (!partner || entrants.has(partner)) continue;
      const agent = partner.hasAgent ? "listens" : "none";
      entrants.set(this.#checked(id, partner.callId), { callId: partner.callId, agent });
    }
    return entrants;
  }

  /** The call of somebody who may be in the conference. */
  #checked(id: string, callId: CallId): LiveCall {
    const call = this.#live.inProgress(callId);
    const isThere = this.#places.get(callId)?.conferenceId === id;
    refuseBound(call, isThere ? "conference" : this.#bridges.of(callId) && "bridge");
    return call;
  }

  #enter(id: string, call: LiveCall, member: ConferenceMember): void {
    const { callId } = call;
    const there = this.#places.get(callId);
    if (there) there.member = member;
    else this.#take(id, call, member);
    const agent = call.hasAgent ? member.agent : "none";
    this.#live.send(callId, { type: "join-room", callId, roomId: id, hears: "room", agent });
  }

  #take(conferenceId: string, call: LiveCall, member: ConferenceMember): void {
    this.#bridges.part(call);
    const watcher: CallWatcher = { ended: () => this.#forget(place) };
    const place: Place = { conferenceId, call, member, watcher };
    call.bond = "conference";
    call.watchers.add(watcher);
    this.#places.set(call.callId, place);
    this.#conferences.get(conferenceId)?.add(place);
  }

  #forget(place: Place): void {
    const { call, conferenceId, watcher } = place;
    call.bond = undefined;
    call.watchers.delete(watcher);
    this.#places.delete(call.callId);
    const places = this.#conferences.get(conferenceId);
    places?.delete(place);
    if (places?.size === 0) this.#conferences.delete(conferenceId);
  }
}

function full(): GatewayError {
  return new GatewayError("conflict", `a conference has at most ${maxMembers} members`);
}

import { GatewayError } from "../../../kit/errors.ts";
import { type CallId, makeId, type RandomBytes } from "../../../kit/ids.ts";
import type { Conference, ConferenceControl, ConferenceMember } from "../call-control.ts";
import type { LiveCall, LiveCalls } from "./live-calls.ts";

/** Telephones that talk together; mixing more is nobody's conversation. */
const maxMembers = 8;

/** Conferences: calls of one media process in one room, each hearing all the others. */
export class ConferenceDesk implements ConferenceControl {
  readonly #live: LiveCalls;
  readonly #randomBytes: RandomBytes;
  readonly #conferences = new Map<string, Map<CallId, ConferenceMember>>();
  /** The conference a call is in. */
  readonly #places = new Map<CallId, string>();

  constructor(live: LiveCalls, randomBytes: RandomBytes) {
    this.#live = live;
    this.#randomBytes = randomBytes;
  }

  /** Makes one of calls that talk; refuses all of it when one of them cannot join. */
  open(members: readonly ConferenceMember[]): Conference {
    const names = new Set(members.map(({ callId }) => callId));
    if (names.size < members.length) throw new GatewayError("invalid-request", "names a call twice", "members");
    const id = makeId("room", this.#randomBytes);
    for (const member of members) this.#check(id, member, members[0]?.callId);
    this.#conferences.set(id, new Map());
    for (const member of members) this.#enter(id, member);
    return this.get(id);
  }

  get(id: string): Conference {
    const members = this.#conferences.get(id);
    if (!members) throw new GatewayError("not-found", "there is no such conference");
    return { id, members: [...members.values()] };
  }

  list(): readonly Conference[] {
    return [...this.#conferences.keys()].map((id) => this.get(id));
  }

  /** Adds a call, or changes what the agent of one that is there does. */
  join(id: string, member: ConferenceMember): Conference {
    const { members } = this.get(id);
    const isThere = members.some(({ callId }) => callId === member.callId);
    if (!isThere && members.length >= maxMembers) {
      throw new GatewayError("conflict", `a conference has at most ${maxMembers} members`);
    }
    this.#check(id, member, members[0]?.callId);
    this.#enter(id, member);
    return this.get(id);
  }

  /** Lets a call go; a conference that nobody is in any more is over. */
  leave(id: string, callId: CallId): Conference {
    const conference = this.get(id);
    if (this.#places.get(callId) !== id) throw new GatewayError("not-found", "the call is not in this conference");
    this.#forget(callId);
    this.#live.send(callId, { type: "leave-room", callId });
    return { id, members: conference.members.filter((member) => member.callId !== callId) };
  }

  #check(id: string, { callId }: ConferenceMember, near: CallId | undefined): void {
    const call = this.#live.inProgress(callId);
    const place = this.#places.get(callId);
    if (place !== undefined && place !== id) throw new GatewayError("conflict", "the call is in another conference");
    if (near !== undefined && this.#live.get(near)?.machine.processId !== call.machine.processId) {
      throw new GatewayError(
        "conflict",
        "the calls are in different media processes; set TANDEM_MEDIA_PROCESSES=1 to join any two",
      );
    }
  }

  #enter(id: string, member: ConferenceMember): void {
    const { callId } = member;
    const call = this.#live.get(callId);
    const members = this.#conferences.get(id);
    if (!call || !members) return;
    if (!members.has(callId)) this.#watch(call);
    members.set(callId, member);
    this.#places.set(callId, id);
    const agent = call.plan.agent ? member.agent : "none";
    this.#live.send(callId, { type: "join-room", callId, roomId: id, hears: "room", agent });
  }

  #watch(call: LiveCall): void {
    call.watchers.add({ ended: () => this.#forget(call.callId) });
  }

  #forget(callId: CallId): void {
    const id = this.#places.get(callId);
    if (id === undefined) return;
    this.#places.delete(callId);
    const members = this.#conferences.get(id);
    members?.delete(callId);
    if (members?.size === 0) this.#conferences.delete(id);
  }
}

import { frameMs } from "../../codecs/format.ts";
import { addFrame, addTail, fadeIn, fadeOut, keepEnd, mixMinus, seamSamples, spliceAfter } from "./room-mix.ts";

/** What a room works at. */
export type RoomRateHz = 8000 | 16000;

/** Groups of voices, one bit each: a member speaks in at most one and hears any of them. */
export const roomVoices = { talk: 1, music: 2, ringback: 4 } as const;
const groups = 3;

/** Somebody in a room. All frames are Int16Array, mono, 20 ms at the room's rate. */
export interface RoomParty {
  /** The room works at this rate from the next frame on. */
  setRate(rateHz: RoomRateHz): void;
  /** Fills the frame with what the party says now; false: it says nothing. Once a tick. */
  speak(frame: Int16Array): boolean;
  /** What the party hears now, a view valid only during the call; undefined: nothing. Once a tick. */
  hear(frame: Int16Array | undefined): void;
}

/** A party's place in a room. `voice` and `hears` may be changed at any time. */
export interface RoomMember {
  /** The group it speaks in; 0: nobody hears it. */
  voice: number;
  /** The groups it hears, or-ed; 0: none. */
  hears: number;
}

class Member implements RoomMember {
  readonly party: RoomParty;
  readonly wideband: boolean;
  readonly failed: (error: unknown) => void;
  voice = 0;
  hears = 0;
  gone = false;
  /** What it says in this tick and said in the one before; they change places. */
  frame = new Int16Array(0);
  before = new Int16Array(0);
  /** What it hears where that is not one other's frame as it is. */
  mix = new Int16Array(0);
  /** The group it is heard in now, 0 while it says nothing; and in the tick before. */
  sounds = 0;
  sounded = 0;
  /** The groups it heard in the tick before, and what that was. */
  heardGroups = 0;
  heard: Int16Array | undefined;

  constructor(party: RoomParty, wideband: boolean, failed: (error: unknown) => void) {
    this.party = party;
    this.wideband = wideband;
    this.failed = failed;
  }

  setRate(rateHz: RoomRateHz): void {
    const samples = (rateHz / 1000) * frameMs;
    this.frame = new Int16Array(samples);
    this.before = new Int16Array(samples);
    this.mix = new Int16Array(samples);
    this.heard = undefined;
    this.party.setRate(rateHz);
  }
}

/**
 * A room where the media of several parties meet: each hears the sum of those it may hear, never itself. Whoever begins or
 * ceases to be heard is faded over 5 ms, so that no change of the room clicks. It works at 16 kHz while two of its
 * members are wideband, else at 8 kHz. A core: `tick` every 20 ms; allocates nothing while nobody comes or goes.
 */
export class Room {
  /** Made anew when somebody comes or goes, so that a tick under way is not disturbed. */
  #members: readonly Member[] = [];
  #rateHz: RoomRateHz = 8000;
  /** Int32Array a group: what is said in it, all together. */
  #sums: readonly Int32Array[] = [];
  /** How many are in each sum; and the only one, where it is one. */
  readonly #voices = new Int32Array(groups);
  readonly #onlyVoice: (Member | undefined)[] = new Array(groups).fill(undefined);
  /** Float64Array a group: the fading ends of voices that have just ceased. */
  #tails: readonly Float64Array[] = [];
  readonly #hasTail: boolean[] = new Array(groups).fill(false);
  /** The sums of this tick hold a tail. */
  readonly #tailIn: boolean[] = new Array(groups).fill(false);
  /** Float64Array: the mirrored end of what a member heard, while its next frame is made. */
  readonly #end = new Float64Array(seamSamples(16_000));
  /** The last frame at the old rate fades out, the first at the new one in. */
  #edge: "none" | "closing" | "opening" = "none";

  constructor() {
    this.#setRate(8000);
  }

  get rateHz(): RoomRateHz {
    return this.#rateHz;
  }

  /** How many parties are there. */
  get size(): number {
    return this.#members.length;
  }

  /**
   * Takes a party in, which neither speaks nor hears until it is told. `wideband`: it has, and can play, more than 4 kHz.
   * `failed` hears what the party threw; it is silent or deaf for that tick.
   */
  join(party: RoomParty, wideband: boolean, failed: (error: unknown) => void): RoomMember {
    const member = new Member(party, wideband, failed);
    member.setRate(this.#rateHz);
    this.#members = [...this.#members, member];
    // Nobody to hear a change of rate yet.
    if (this.#members.length === 1 || this.#members.every(({ heard, sounded }) => !heard && sounded === 0)) {
      this.#setRate(this.#wantedRate());
    }
    return member;
  }

  /** A party is gone. Twice is fine. */
  leave(left: RoomMember): void {
    const member = this.#members.find((one) => one === left);
    if (!member) return;
    member.gone = true;
    // What it said last is still in its frame.
    if (member.sounds !== 0) this.#endVoice(member.sounds, member.frame);
    this.#members = this.#members.filter((one) => one !== member);
  }

  /** Once every 20 ms, when what the parties say is there. */
  tick(): void {
    const members = this.#members;
    if (this.#edge === "none" && this.#wantedRate() !== this.#rateHz) this.#edge = "closing";
    let wanted = 0;
    for (let i = 0; i < members.length; i++) wanted |= members[i]!.hears;
    for (let i = 0; i < members.length; i++) this.#listenTo(members[i]!);
    for (let group = 0; group < groups; group++) this.#sum(group, members, (wanted & (1 << group)) !== 0);
    for (let i = 0; i < members.length; i++) this.#tell(members[i]!);
    if (this.#edge === "closing") {
      this.#setRate(this.#wantedRate());
      this.#edge = "opening";
    } else this.#edge = "none";
  }

  #wantedRate(): RoomRateHz {
    let wideband = 0;
    for (let i = 0; i < this.#members.length; i++) if (this.#members[i]!.wideband) wideband++;
    return wideband >= 2 ? 16000 : 8000;
  }

  #setRate(rateHz: RoomRateHz): void {
    if (this.#sums.length > 0 && rateHz === this.#rateHz) return;
    this.#rateHz = rateHz;
    const samples = (rateHz / 1000) * frameMs;
    this.#sums = Array.from({ length: groups }, () => new Int32Array(samples));
    this.#tails = Array.from({ length: groups }, () => new Float64Array(seamSamples(rateHz)));
    for (const member of this.#members) member.setRate(rateHz);
  }

  /** Gets what a member says, and softens where its voice begins and ends. */
  #listenTo(member: Member): void {
    const { frame } = member;
    member.frame = member.before;
    member.before = frame;
    member.sounded = member.sounds;
    member.sounds = 0;
    if (member.gone) return;
    try {
      if (member.party.speak(member.frame)) member.sounds = member.voice;
    } catch (error) {
      member.failed(error);
    }
    if (member.sounds === member.sounded) return;
    if (member.sounded !== 0) this.#endVoice(member.sounded, member.before);
    if (member.sounds !== 0) fadeIn(member.frame, seamSamples(this.#rateHz));
  }

  /** A voice was heard up to the end of `last` and is not any more. */
  #endVoice(voice: number, last: Int16Array): void {
    // Of the old rate; all of it fades anyway.
    if (this.#edge === "opening" || last.length !== this.#sums[0]!.length) return;
    const group = 31 - Math.clz32(voice);
    addTail(this.#tails[group]!, last, !this.#hasTail[group]);
    this.#hasTail[group] = true;
  }

  #sum(group: number, members: readonly Member[], wanted: boolean): void {
    const sum = this.#sums[group]!;
    let voices = 0;
    for (let i = 0; wanted && i < members.length; i++) {
      const member = members[i]!;
      if (member.sounds !== 1 << group) continue;
      addFrame(sum, member.frame, voices === 0);
      this.#onlyVoice[group] = member;
      voices++;
    }
    this.#voices[group] = voices;
    this.#tailIn[group] = wanted && this.#hasTail[group]!;
    this.#hasTail[group] = false;
    if (!this.#tailIn[group]) return;
    if (voices === 0) sum.fill(0);
    const tail = this.#tails[group]!;
    for (let i = 0; i < tail.length; i++) sum[i] = sum[i]! + tail[i]!;
  }

  /** Gives a member what it hears. */
  #tell(member: Member): void {
    if (member.gone) return;
    const changed = member.heardGroups !== member.hears;
    // What it heard may stand in the buffer that is about to be written.
    if (changed) keepEnd(member.heard, this.#end);
    let frame = this.#audible(member);
    if (changed && (member.heard || frame))
      frame = spliceAfter(this.#end, frame, member.mix, seamSamples(this.#rateHz));
    if (this.#edge !== "none" && frame) frame = this.#fade(member, frame);
    member.heardGroups = member.hears;
    member.heard = frame;
    try {
      member.party.hear(frame);
    } catch (error) {
      member.failed(error);
    }
  }

  /** The sum of what a member hears without itself: another's frame as it is, the member's own buffer, or nothing. */
  #audible(member: Member): Int16Array | undefined {
    let only: Member | undefined;
    let voices = 0;
    let tails = false;
    for (let group = 0; group < groups; group++) {
      if ((member.hears & (1 << group)) === 0) continue;
      const own = member.sounds === 1 << group ? 1 : 0;
      const others = this.#voices[group]! - own;
      voices += others;
      tails ||= this.#tailIn[group]!;
      if (others === 1) only = own === 0 ? this.#onlyVoice[group] : this.#otherVoice(group, member);
    }
    if (voices === 0 && !tails) return undefined;
    if (voices === 1 && !tails && only) return only.frame;
    let first = true;
    for (let group = 0; group < groups; group++) {
      if ((member.hears & (1 << group)) === 0) continue;
      const own = member.sounds === 1 << group;
      if (this.#voices[group] === 0 && !this.#tailIn[group]) continue;
      mixMinus(member.mix, this.#sums[group]!, own ? member.frame : undefined, first);
      first = false;
    }
    return member.mix;
  }

  #otherVoice(group: number, member: Member): Member | undefined {
    for (let i = 0; i < this.#members.length; i++) {
      const other = this.#members[i]!;
      if (other !== member && other.sounds === 1 << group) return other;
    }
    return undefined;
  }

  /** The last frame at the old rate, or the first at the new one, in a buffer of its own. */
  #fade(member: Member, frame: Int16Array): Int16Array {
    const { mix } = member;
    const samples = seamSamples(this.#rateHz);
    if (frame !== mix) mix.set(frame);
    if (this.#edge === "opening") fadeIn(mix, samples);
    else fadeOut(mix, samples);
    return mix;
  }
}

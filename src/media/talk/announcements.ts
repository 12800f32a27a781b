import type { RespondReason } from "../ai/session.ts";

/** How long and how many announcements wait. */
export interface AnnouncementsOptions {
  /** The floor is waited for so long; after that it is said whoever speaks, and cannot be called off. */
  readonly patienceMs: number;
  readonly maxWaiting: number;
  /** How often one that was called off before its first sound is asked for in all. */
  readonly maxAttempts: number;
}

export const defaultAnnouncementsOptions = {
  patienceMs: 10_000,
  maxWaiting: 8,
  maxAttempts: 3,
} as const satisfies AnnouncementsOptions;

/** A text to be spoken now. `pressing`: it has waited long enough, so nobody may stop it. Private, as words are. */
export interface DueAnnouncement {
  readonly text: string;
  readonly reason: RespondReason;
  readonly pressing: boolean;
}

interface Announcement {
  readonly text: string;
  readonly reason: RespondReason;
  readonly addedAt: number;
  attempts: number;
  /** The reply that speaks it, once it has begun. */
  responseId: string | undefined;
}

/**
 * What the agent is to say unasked: the operator's words, the warning before the end. One after the other, when nobody
 * has the floor; and again when it was called off before it made a sound, so that none of it is lost to a caller who speaks.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #waiting: Announcement[] = [];
  #underway: Announcement | undefined;

  constructor(options: AnnouncementsOptions = defaultAnnouncementsOptions) {
    this.#options = options;
  }

  /** Something waits to be said or to be heard. */
  get pending(): boolean {
    return this.#underway !== undefined || this.#waiting.length > 0;
  }

  /** Takes a text; false when too many wait. */
  add(text: string, reason: RespondReason, now: number): boolean {
    if (this.#waiting.length >= this.#options.maxWaiting) return false;
    this.#waiting.push({ text, reason, addedAt: now, attempts: 0, responseId: undefined });
    return true;
  }

  /** The one to be asked for now. `free`: nobody has the floor. */
  take(free: boolean, now: number): DueAnnouncement | undefined {
    const next = this.#waiting[0];
    if (!next || this.#underway) return undefined;
    const pressing = now - next.addedAt >= this.#options.patienceMs;
    if (!free && !pressing) return undefined;
    this.#waiting.shift();
    this.#underway = next;
    next.attempts += 1;
    next.responseId = undefined;
    return { text: next.text, reason: next.reason, pressing };
  }

  /** A reply began. */
  replyStarted(responseId: string, reason: RespondReason): void {
    if (this.#underway?.reason === reason) this.#underway.responseId ??= responseId;
  }

  /** A reply began to be heard: an announcement in it has done its work. */
  replyHeard(responseId: string): void {
    if (this.#underway?.responseId === responseId) this.#underway = undefined;
    // It was called off and came back after all.
    const again = this.#waiting.findIndex((announcement) => announcement.responseId === responseId);
    if (again >= 0) this.#waiting.splice(again, 1);
  }

  /** A reply came to its end without a sound: the provider will not say it. */
  replyFailed(responseId: string): void {
    if (this.#underway?.responseId === responseId) this.#underway = undefined;
  }

  /** Nobody is to speak any more: what waits is forgotten. */
  forget(): void {
    this.#waiting.length = 0;
    this.#underway = undefined;
  }

  /** All replies were called off. */
  calledOff(): void {
    const cut = this.#underway;
    this.#underway = undefined;
    if (cut && cut.attempts < this.#options.maxAttempts) this.#waiting.unshift(cut);
  }
}

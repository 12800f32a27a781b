import type { E164, OrgId } from "../../../kit/ids.ts";
import { newestCode, takeCode } from "../../store/texts.ts";
import type { TextDeps } from "./deps.ts";
import { type Text, toText } from "./text.ts";

/** Longest wait for a code. */
export const maxOtpWaitMs = 60_000;
/** A code that came so shortly before somebody asks for it counts: texts are often faster than the request. */
const recentMs = 60_000;
/** A code that was given to somebody counts for others so long: who asks at the same time, or again after a lost answer. */
const sharedMs = 5_000;
/** Codes that came to another node of the gateway are found this often. */
const lookAgainMs = 2_000;

/** A one-time code and the text it came in. */
export interface OtpArrival {
  readonly otp: string;
  readonly text: Text;
}

/** How long to wait for a code. */
export interface OtpWait {
  /** At most a minute. */
  readonly timeoutMs: number;
  /** Codes that came at this instant (wall ms) or later count; undefined: those of the last minute that nobody was given. */
  readonly since?: number | undefined;
  /** Aborts when the one who asked has gone. */
  readonly signal: AbortSignal;
}

/** The newest code that came to a number lately, or the next one that comes; undefined: none in time. */
export async function waitForOtp(
  { database: { db }, clock, money, otpWaiters }: TextDeps,
  place: { readonly orgId: OrgId; readonly number: E164 },
  { timeoutMs, since, signal }: OtpWait,
): Promise<OtpArrival | undefined> {
  const { orgId, number } = place;
  const began = clock.wall();
  const look = async () => {
    const givenBefore = since === undefined ? clock.wall() - sharedMs : 0;
    const row = await newestCode(db, orgId, number, { since: since ?? began - recentMs, givenBefore });
    return row && toText(row);
  };
  // Listening begins before the first look, so that a code between the two is not missed.
  const waiter = otpWaiters.open(place);
  try {
    let text = await look();
    // Nothing is there, and nothing would be read: better said now than in a minute.
    if (!text) await money.checkPlan(db, orgId, "otp");
    for (let leftMs = Math.min(timeoutMs, maxOtpWaitMs); !text && leftMs > 0; leftMs -= lookAgainMs) {
      text = await waiter.next(Math.min(leftMs, lookAgainMs), signal);
      if (signal.aborted || otpWaiters.isClosed) break;
      text ??= await look();
    }
    if (!text || text.otp === null) return undefined;
    await takeCode(db, orgId, text.id, clock.wall());
    return { otp: text.otp, text };
  } finally {
    waiter.close();
  }
}
